/// The first 24 bytes of a name or value in lower case, as three words: what comparing with a known word costs is then an instruction
/// or two.
///
/// Longer text keeps its count, so it equals nothing that is shorter.
struct FoldedText: Equatable {
    let count: Int
    let first: UInt64
    let second: UInt64
    let third: UInt64

    /// The bytes hold no control characters (see `ByteScan.folded`).
    init(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) {
        self.count = count
        let rest = bytes.extracting(droppingFirst: start)
        if rest.count >= 24 {
            // As a rule more of the head follows, and whole words can be loaded and cut.
            first = Self.cut(ByteScan.load(rest, at: 0) ?? 0, to: count)
            second = count > 8 ? Self.cut(ByteScan.load(rest, at: 8) ?? 0, to: count &- 8) : 0
            third = count > 16 ? Self.cut(ByteScan.load(rest, at: 16) ?? 0, to: count &- 16) : 0
        } else {
            first = count > 0 ? Self.cut(ByteScan.load(rest, at: 0, count: min(count, 8)), to: count) : 0
            second = count > 8 ? Self.cut(ByteScan.load(rest, at: 8, count: min(count &- 8, 8)), to: count &- 8) : 0
            third = count > 16 ? Self.cut(ByteScan.load(rest, at: 16, count: min(count &- 16, 8)), to: count &- 16) : 0
        }
    }

    @inline(always)
    init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        self.init(bytes, Int(range.start), Int(range.count))
    }

    /// Whether the text is this word in lower case, written in pieces of eight characters (`"content-", "length"`): a piece that fits
    /// a machine word is folded to a constant, a longer literal isn't.
    @inline(always)
    func equals(_ first: String, _ second: String = "", _ third: String = "") -> Bool {
        let wrong = (self.first ^ ByteScan.word(first)) | (self.second ^ ByteScan.word(second)) | (self.third ^ ByteScan.word(third))
        return wrong == 0 && count <= 24
    }

    @inline(always)
    static func == (a: FoldedText, b: FoldedText) -> Bool {
        (a.first ^ b.first) | (a.second ^ b.second) | (a.third ^ b.third) | UInt64(truncatingIfNeeded: a.count ^ b.count) == 0
    }

    /// The same with `-` in place of each `_`, as CGI reads a field's name.
    var dashed: FoldedText {
        FoldedText(count: count, first: Self.dashed(first), second: Self.dashed(second), third: Self.dashed(third))
    }

    private init(count: Int, first: UInt64, second: UInt64, third: UInt64) {
        self.count = count
        self.first = first
        self.second = second
        self.third = third
    }

    private static func dashed(_ word: UInt64) -> UInt64 {
        var word = word
        for shift in stride(from: UInt64(0), to: 64, by: 8) where word >> shift & 0xff == Self.underscore {
            word ^= (Self.underscore ^ UInt64(UInt8(ascii: "-"))) << shift
        }
        return word
    }

    /// What folding makes of `_`, and of nothing else that a name may hold.
    private static let underscore = UInt64(UInt8(ascii: "_") | 0x20)

    /// The first `count` bytes of the word in lower case, zeroes above.
    @inline(always)
    private static func cut(_ word: UInt64, to count: Int) -> UInt64 {
        let mask = count >= 8 ? UInt64.max : (1 &<< UInt64(truncatingIfNeeded: 8 &* count)) &- 1
        return ByteScan.folded(word) & mask
    }
}
