/// A set of byte values: 256 bits, one load and one bit test to ask.
///
/// The words are written out because a constant needs no initialisation at run time; `ByteClassTests` derives each from its grammar.
struct ByteClass: Sendable {
    private let words: InlineArray<4, UInt64>

    init(_ bits0: UInt64, _ bits64: UInt64, _ bits128: UInt64, _ bits192: UInt64) {
        words = [bits0, bits64, bits128, bits192]
    }

    @inline(always)
    func contains(_ byte: UInt8) -> Bool {
        words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1
    }

    /// The first offset in `start..<end` whose byte is outside the class, or `end`.
    @inline(always)
    func end(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while end &- index >= 8, var word = ByteScan.load(bytes, at: index) {
            for offset in 0..<8 {
                guard contains(UInt8(truncatingIfNeeded: word)) else { return index &+ offset }
                word >>= 8
            }
            index &+= 8
        }
        while index < end, contains(bytes[index]) { index &+= 1 }
        return index
    }

    // MARK: The classes

    /// `tchar` (RFC 9110 §5.6.2): what methods and field names are made of.
    static let token = ByteClass(0x03ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe, 0, 0)

    /// Letters, digits and `-`: what every reader of a field name takes for the same name.
    static let regularName = ByteClass(0x03ff_2000_0000_0000, 0x07ff_fffe_07ff_fffe, 0, 0)

    /// The bytes of a path: `pchar` and `/` (RFC 3986 §3.3), and of those beyond it that clients send unescaped only `[`, `]` and `|`.
    /// A backslash isn't one of them: some applications read it as a slash.
    static let path = ByteClass(0x2fff_fff2_0000_0000, 0x57ff_fffe_afff_ffff, 0, 0)

    /// The bytes of a query: printable ASCII but `"`, `#`, `<`, `>`, as browsers send it (they leave `[ ] | \ ^ { }` and the backquote
    /// as they are).
    static let query = ByteClass(0xafff_fff2_0000_0000, 0x7fff_ffff_ffff_ffff, 0, 0)

    /// The bytes of a registered name (RFC 3986 §3.2.2) but `%`, which some parsers decode and others don't, and `,`, which joins two
    /// names where a list is read.
    static let host = ByteClass(0x2bff_6fd2_0000_0000, 0x47ff_fffe_87ff_fffe, 0, 0)

    /// Between the brackets of an IPv6 literal: hexadecimal digits, `:` and `.`.
    static let ipv6 = ByteClass(0x07ff_4000_0000_0000, 0x0000_007e_0000_007e, 0, 0)

    /// Letters, digits, `.`, `_`, `-`: what an identifier of ours or of a client's may hold.
    static let identifier = ByteClass(0x03ff_6000_0000_0000, 0x07ff_fffe_87ff_fffe, 0, 0)
}
