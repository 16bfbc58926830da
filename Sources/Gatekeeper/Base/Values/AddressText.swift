/// An address as text, in memory of its own: what the log appends without allocating. Without its zone, which means nothing to others.
struct AddressText {
    /// Eight groups of four digits and seven colons.
    static let bytesMax = 39

    private var storage: InlineArray<39, UInt8> = .init(repeating: 0)
    private var count = 0

    init(_ address: PeerAddress) {
        if address.isIPv4 {
            writeIPv4(UInt32(truncatingIfNeeded: address.low))
        } else {
            writeIPv6(address.withoutZone)
        }
    }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(0..<count) }
    }

    var string: String {
        var text = ""
        for index in 0..<count {
            text.unicodeScalars.append(Unicode.Scalar(storage[index]))
        }
        return text
    }

    private mutating func writeIPv4(_ address: UInt32) {
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            if shift < 24 { put(UInt8(ascii: ".")) }
            let part = UInt8(truncatingIfNeeded: address >> shift)
            if part >= 100 { put(UInt8(ascii: "0") + part / 100) }
            if part >= 10 { put(UInt8(ascii: "0") + part / 10 % 10) }
            put(UInt8(ascii: "0") + part % 10)
        }
    }

    /// RFC 5952 §4: lower case, no leading zeros, `::` for the longest run of at least two zero groups, the first of equals.
    private mutating func writeIPv6(_ address: PeerAddress) {
        let run = Self.longestZeroRun(address)
        var index = 0
        while index < 8 {
            if index == run.lowerBound, run.count >= 2 {
                put(UInt8(ascii: ":"))
                put(UInt8(ascii: ":"))
                index = run.upperBound
                continue
            }
            if index > 0, !(run.count >= 2 && index == run.upperBound) { put(UInt8(ascii: ":")) }
            writeGroup(Self.group(index, of: address))
            index += 1
        }
    }

    private mutating func writeGroup(_ group: UInt16) {
        var started = false
        for shift in stride(from: UInt16(12), through: 0, by: -4) {
            let nibble = UInt8(truncatingIfNeeded: group >> shift & 15)
            started = started || nibble != 0 || shift == 0
            if started { put(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10) }
        }
    }

    private mutating func put(_ byte: UInt8) {
        storage[count] = byte
        count += 1
    }

    private static func group(_ index: Int, of address: PeerAddress) -> UInt16 {
        let half = index < 4 ? address.high : address.low
        return UInt16(truncatingIfNeeded: half >> UInt64(48 - index % 4 * 16))
    }

    private static func longestZeroRun(_ address: PeerAddress) -> Range<Int> {
        var longest = 0..<0
        var index = 0
        while index < 8 {
            let start = index
            while index < 8, group(index, of: address) == 0 { index += 1 }
            if index - start > longest.count { longest = start..<index }
            index += 1
        }
        return longest
    }
}
