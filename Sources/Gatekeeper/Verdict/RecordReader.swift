/// Takes a record's content apart, front to back, in the order in which it was put together.
///
/// Traps beyond the end: both sides are ours, and a disagreement is a bug that must not reach the log as nonsense.
struct RecordReader: ~Escapable {
    private let content: Span<UInt8>
    private var offset = 0

    @_lifetime(copy content)
    init(_ content: Span<UInt8>) {
        self.content = content
    }

    // Inlined: a record has two dozen.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number {
        // One check of the bounds; the compiler merges the loads.
        let bytes = content.extracting(offset..<offset + Number.bitWidth / 8)
        var number: Number = 0
        for index in 0..<Number.bitWidth / 8 {
            number |= Number(truncatingIfNeeded: bytes[index]) &<< Number(truncatingIfNeeded: index &* 8)
        }
        offset += Number.bitWidth / 8
        return Number(littleEndian: number)
    }

    @_lifetime(self: copy self)
    mutating func peer() -> PeerAddress {
        PeerAddress(high: number(), low: number())
    }

    /// Nil where none was put.
    @_lifetime(self: copy self)
    mutating func optionalPeer() -> PeerAddress? {
        let peer = peer()
        return peer == JournalRecord.noAddress ? nil : peer
    }

    @_lifetime(self: copy self)
    mutating func text() -> RecordText {
        let length = number(UInt16.self)
        let count = Int(length & ~JournalRecord.cutFlag)
        let text = RecordText(range: ByteRange(start: offset, count: count), isCut: length & JournalRecord.cutFlag != 0)
        offset += count
        return text
    }
}

/// A text by its offsets in the record.
struct RecordText {
    var range: ByteRange
    /// There was more of it.
    var isCut: Bool

    var isEmpty: Bool { range.isEmpty }
}
