/// A path as the learner sees it: segment by segment whether it could be kept as text, and a keyed hash of each that could. Reused for the
/// next path, so that reading one allocates nothing.
struct LearnedPath: Sendable {
    enum Kind: Sendable {
        /// Might be kept.
        case name
        /// Never is.
        case unkept
        /// Nothing behind the last slash.
        case end
    }

    /// By its offsets in the path.
    struct Segment: Sendable {
        var kind: Kind
        var hash: UInt64 = 0
        var start = 0
        var end = 0
    }

    private(set) var segments: [Segment] = []

    /// Deeper paths end with `/**`.
    static let depthMax = 12
    private static let nameBytesMax = 32
    /// Numbers, dates, keys and tokens have more; names of an API's versions don't.
    private static let digitsMax = 4

    /// False for a path that can be read in more than one way, as routes see it. What stands behind a `?` isn't looked at.
    mutating func read(_ target: Span<UInt8>, key: LearnerKey) -> Bool {
        segments.removeAll(keepingCapacity: true)
        var end = 0
        while end < target.count, target[end] != UInt8(ascii: "?") { end += 1 }
        guard PathNormalForm.isUnambiguous(target.extracting(first: end)) else { return false }
        var start = min(1, end)
        while segments.count <= Self.depthMax {
            var index = start
            var isEscaped = false
            while index < end, target[index] != UInt8(ascii: "/") {
                if target[index] == UInt8(ascii: "%") { isEscaped = true }
                index += 1
            }
            segments.append(Self.segment(target, start, index, isEscaped, key))
            guard index < end else { break }
            start = index + 1
        }
        return true
    }

    private static func segment(_ target: Span<UInt8>, _ start: Int, _ end: Int, _ isEscaped: Bool, _ key: LearnerKey) -> Segment {
        guard start < end else { return Segment(kind: .end) }
        guard isEscaped else { return segment(target.extracting(start..<end), start, end, key) }
        return segment(decoded(target, start, end).span, start, end, key)
    }

    private static func segment(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ key: LearnerKey) -> Segment {
        guard mayBeKept(bytes) else { return Segment(kind: .unkept) }
        return Segment(kind: .name, hash: key.hash(bytes), start: start, end: end)
    }

    /// A segment of the path that was read last.
    static func text(of segment: Segment, in target: Span<UInt8>) -> String {
        String(decoding: decoded(target, segment.start, segment.end), as: UTF8.self)
    }

    private static func decoded(_ target: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = start
        while index < end, let byte = PathNormalForm.decoded(target, at: &index) { bytes.append(byte) }
        return bytes
    }

    // MARK: What may be kept

    /// Whether a segment may ever be kept as text: at most 32 of `[A-Za-z0-9._-]`, no more than four of them digits, and nothing that is
    /// counted (`17`, `17.json`, `issue17`, `ABC-17`).
    static func mayBeKept(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0, bytes.count <= nameBytesMax else { return false }
        var digits = 0
        var stemCount = bytes.count
        for index in bytes.indices {
            let byte = bytes[index]
            guard ByteClass.identifier.contains(byte) else { return false }
            if isDigit(byte) { digits += 1 }
            if byte == UInt8(ascii: "."), stemCount == bytes.count { stemCount = index }
        }
        guard digits > 0 else { return true }
        guard digits <= digitsMax, digits < bytes.count else { return false }
        var wordCount = stemCount
        while wordCount > 0, isDigit(bytes[wordCount - 1]) { wordCount -= 1 }
        guard wordCount < stemCount else { return true }
        // `2.0` is a version.
        if wordCount == 0 { return bytes.count > stemCount + 1 && isDigit(bytes[stemCount + 1]) }
        return isNumberedName(bytes.extracting(first: wordCount))
    }

    /// Names that end with a number and are one API's all the same.
    private static func isNumberedName(_ word: Span<UInt8>) -> Bool {
        for name: StaticString in ["v", "api", "rest", "oauth"] where name.utf8CodeUnitCount == word.count {
            if "\(name)".utf8.elementsEqual(word.indices.map { word[$0] | 0x20 }) { return true }
        }
        return false
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// The key under which names are counted before they may be kept. Random, of one process and day, and written nowhere.
struct LearnerKey: Sendable {
    private let first = UInt64.random(in: .min ... .max)
    private let second = UInt64.random(in: .min ... .max) | 1

    func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash = first ^ UInt64(bytes.count)
        var (word, shift): (UInt64, UInt64) = (0, 0)
        for index in bytes.indices {
            word |= UInt64(bytes[index]) &<< shift
            shift &+= 8
            guard shift == 64 else { continue }
            hash = Self.fold(hash ^ word, second)
            (word, shift) = (0, 0)
        }
        return Self.fold(Self.fold(hash ^ word, second) ^ first, second)
    }

    func hash(_ one: UInt64, _ other: UInt64) -> UInt64 { Self.fold(Self.fold(one ^ first, second) ^ other, second) }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
