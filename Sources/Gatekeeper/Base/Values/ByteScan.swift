/// Looking at bytes eight at a time, and the few comparisons that parsing needs.
///
/// Everything here is bounds-checked; the checks cost two comparisons per eight bytes (the compiler proves the rest and merges the
/// loads into one).
enum ByteScan {
    static let tab = UInt8(ascii: "\t")
    static let lf = UInt8(ascii: "\n")
    static let cr = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")

    /// The eight bytes at `index` as a little-endian word, or nil when fewer are there.
    @inline(always)
    static func load(_ bytes: Span<UInt8>, at index: Int) -> UInt64? {
        guard index >= 0, index <= bytes.count else { return nil }
        let rest = bytes.extracting(droppingFirst: index)
        guard rest.count >= 8 else { return nil }
        let low = UInt64(rest[0]) | UInt64(rest[1]) << 8 | UInt64(rest[2]) << 16 | UInt64(rest[3]) << 24
        return low | UInt64(rest[4]) << 32 | UInt64(rest[5]) << 40 | UInt64(rest[6]) << 48 | UInt64(rest[7]) << 56
    }

    /// The `count` (1 to 8) bytes at `index` as a little-endian word with zeroes above.
    static func load(_ bytes: Span<UInt8>, at index: Int, count: Int) -> UInt64 {
        if let word = load(bytes, at: index) {
            return word & (UInt64.max >> UInt64(64 &- 8 &* count))
        }
        var word: UInt64 = 0
        for offset in 0..<count { word |= UInt64(bytes[index &+ offset]) << UInt64(8 &* offset) }
        return word
    }

    /// A literal of at most eight characters as the word that `load` gives for it; folded to a constant.
    @inline(always)
    static func word(_ literal: String) -> UInt64 {
        var word: UInt64 = 0
        var shift: UInt64 = 0
        for byte in literal.utf8 {
            word |= UInt64(byte) << shift
            shift &+= 8
        }
        return word
    }

    /// Sets the bit that tells lower case from upper in every byte. Exact for comparing with letters, digits above `0x30` and `-` as long
    /// as the bytes hold no control characters, which no line that is parsed does.
    @inline(always)
    static func folded(_ word: UInt64) -> UInt64 {
        word | 0x2020_2020_2020_2020
    }

    /// The first offset from `start` on that holds a control character (below `0x20`, tab included, or `0x7f`), or the count.
    ///
    /// A byte is below `0x20` when subtracting `0x20` borrows into its top bit and the bit wasn't set, and is `0x7f` when the same
    /// trick finds zero after an exclusive or; the borrow can mislead only above the first hit, so the first hit is exact.
    static func firstControl(in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while let word = load(bytes, at: index) {
            let delete = word ^ 0x7f7f_7f7f_7f7f_7f7f
            let below = (word &- 0x2020_2020_2020_2020) & ~word
            let equal = (delete &- 0x0101_0101_0101_0101) & ~delete
            let hits = (below | equal) & 0x8080_8080_8080_8080
            if hits != 0 { return index &+ hits.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < bytes.count, bytes[index] >= 0x20, bytes[index] != 0x7f { index &+= 1 }
        return index
    }

    /// The first offset in `start..<end` that holds something other than a letter, a digit or `-`, or `end`; field names as a rule go by
    /// in two steps.
    ///
    /// With the top bits clear, adding `0x80 − c` to a byte sets its top bit when the byte is at least `c`, and nothing carries over.
    static func endOfName(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while let word = load(bytes, at: index) {
            let low = word & (ones &* 0x7f)
            let folded = low | ones &* 0x20
            let letter = (folded &+ ones &* 0x1f) & ~(folded &+ ones &* 0x05)
            let digit = (low &+ ones &* 0x50) & ~(low &+ ones &* 0x46)
            let hyphen = ~((low ^ ones &* 0x2d) &+ ones &* 0x7f)
            let others = ~((letter | digit | hyphen) & ~word) & (ones &* 0x80)
            if others != 0 { return min(index &+ others.trailingZeroBitCount >> 3, end) }
            index &+= 8
            if index >= end { return end }
        }
        while index < end {
            let byte = bytes[index]
            guard isDigit(byte) || lowercased(byte) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "-") else { break }
            index &+= 1
        }
        return index
    }

    @inline(always)
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == space || byte == tab
    }

    @inline(always)
    static func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10
    }

    /// The value of a hexadecimal digit, nil for any other byte.
    @inline(always)
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- UInt8(ascii: "0") }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter &+ 10 : nil
    }

    /// An ASCII letter in lower case; other bytes unchanged.
    @inline(always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// ASCII equality without regard to case.
    static func equalIgnoringCase(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        for index in a.indices where lowercased(a[index]) != lowercased(b[index]) { return false }
        return true
    }
}
