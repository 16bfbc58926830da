/// A run of bytes by its offset in the buffer that holds it.
///
/// What a parser hands out instead of a string or a pointer: eight bytes, trivially copied, meaningless without the buffer and
/// therefore unable to keep it alive or outlive it. Heads are far below 4 GiB, so 32 bits do.
package struct ByteRange: Equatable, Sendable {
    package var start: UInt32
    package var count: UInt32

    package init(start: Int, count: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    package init(_ range: Range<Int>) {
        self.init(start: range.lowerBound, count: range.count)
    }

    package static var empty: ByteRange { ByteRange(start: 0, count: 0) }

    package var isEmpty: Bool { count == 0 }
    package var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

extension Span where Element == UInt8 {
    /// The bytes of `range`, borrowed. Traps when the range is not inside: ranges come from our parsers, never from a peer.
    @_lifetime(copy self)
    package func bytes(_ range: ByteRange) -> Span<UInt8> {
        extracting(range.range)
    }
}
