/// A fixed piece of memory that bytes are read into at one end and taken from at the other.
///
/// ```
///   0 ········ start ▓▓▓▓▓▓▓▓▓ end ········ capacity
///     consumed        readable       room
/// ```
///
/// `0 ≤ start ≤ end ≤ capacity`, always. Never grows: an append that doesn't fit writes nothing and sets `overflowed`, so a writer
/// appends a whole head and asks once. Offsets (`ByteRange`) count from the beginning of the memory and stay valid until
/// `compact` or `clear`.
@safe package final class Buffer {
    // Private, behind accessors: for a stored property that another module can name, the compiler can't prove that accesses don't
    // overlap, and checks each at run time (4 % of a request).
    private var startOffset = 0
    private var endOffset = 0
    private var hasOverflowed = false
    private var memory: Memory
    /// The next one in the pool's chain, while it lies there.
    var below: Buffer?

    package init(capacity: Int) {
        memory = Memory(capacity: capacity)
    }

    deinit {
        memory.free()
    }

    package var capacity: Int { memory.capacity }
    private var base: UnsafeMutablePointer<UInt8> { unsafe memory.base }

    package var start: Int { startOffset }
    package var end: Int { endOffset }
    /// An append didn't fit since the last `clear`; what is in the buffer is then incomplete and must not be sent.
    package var overflowed: Bool { hasOverflowed }

    package var isEmpty: Bool { startOffset == endOffset }
    package var count: Int { endOffset - startOffset }
    package var room: Int { capacity - endOffset }

    /// Everything from the beginning of the memory to `end`, so that a `ByteRange` indexes it directly.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: `end` bytes have been initialised by reads and appends; the span borrows the buffer, which owns the memory.
            let span = unsafe Span<UInt8>(_unsafeStart: UnsafePointer(base), count: endOffset)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes not yet consumed.
    package var readable: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.extracting(startOffset..<endOffset) }
    }

    /// Marks `count` readable bytes as consumed; an emptied buffer does not rewind by itself (`rewind(to:)` does).
    package func consume(_ count: Int) {
        precondition(count >= 0 && count <= endOffset - startOffset)
        startOffset += count
    }

    /// Makes everything up to `end` readable again.
    package func restart() {
        startOffset = 0
    }

    /// Forgets everything.
    package func clear() {
        startOffset = 0
        endOffset = 0
        hasOverflowed = false
    }

    /// Forgets consumed and readable bytes beyond `mark`, keeping those before it (a head that is still needed).
    package func rewind(to mark: Int) {
        precondition(mark >= 0 && mark <= endOffset)
        startOffset = mark
        endOffset = mark
    }

    /// Moves the readable bytes to the beginning of the memory; offsets taken before are void.
    package func compact() {
        guard startOffset > 0 else { return }
        // SAFETY: both ranges lie inside the allocation; `update` allows them to overlap.
        unsafe base.update(from: base + startOffset, count: endOffset - startOffset)
        endOffset -= startOffset
        startOffset = 0
    }

    // MARK: Appending

    @inline(__always)
    package func append(_ byte: UInt8) {
        guard room >= 1 else { return hasOverflowed = true }
        unsafe base[endOffset] = byte
        endOffset += 1
    }

    package func append(_ span: Span<UInt8>) {
        guard room >= span.count else { return hasOverflowed = true }
        // SAFETY: the room was checked, and a span of another buffer, or of the part before `end`, never overlaps the room.
        unsafe span.withUnsafeBufferPointer { source in
            guard let address = source.baseAddress else { return }
            unsafe (base + endOffset).update(from: address, count: source.count)
        }
        endOffset += span.count
    }

    /// Inlined, so that a literal becomes a few stores.
    @inline(__always)
    package func append(_ text: StaticString) {
        guard room >= text.utf8CodeUnitCount else { return hasOverflowed = true }
        // SAFETY: a static string's UTF-8 is constant memory of that many bytes.
        unsafe (base + endOffset).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        endOffset += text.utf8CodeUnitCount
    }

    /// Three in one piece: what stands around a name costs one look at the room.
    @inline(__always)
    package func append(_ before: StaticString, _ text: StaticString, _ after: StaticString) {
        let count = before.utf8CodeUnitCount + text.utf8CodeUnitCount + after.utf8CodeUnitCount
        guard room >= count else { return hasOverflowed = true }
        // SAFETY: as above, one behind the other, and the room is enough for all three.
        var end = unsafe base + endOffset
        unsafe end.update(from: before.utf8Start, count: before.utf8CodeUnitCount)
        unsafe end += before.utf8CodeUnitCount
        unsafe end.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        unsafe end += text.utf8CodeUnitCount
        unsafe end.update(from: after.utf8Start, count: after.utf8CodeUnitCount)
        endOffset += count
    }

    /// Disfavoured so that a literal is taken for constant memory, and not made a `String` first.
    @_disfavoredOverload
    package func append(_ text: String) {
        append(text.utf8.span)
    }

    package func append(decimal value: UInt64) {
        var count = 1
        var power: UInt64 = 10
        while count < 20, value >= power {
            count += 1
            power &*= 10
        }
        guard room >= count else { return hasOverflowed = true }
        var rest = value
        for index in stride(from: endOffset + count - 1, through: endOffset, by: -1) {
            // SAFETY: inside the room that was checked.
            unsafe base[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        endOffset += count
    }

    /// With three decimals behind a point.
    package func append(thousandths value: UInt64) {
        append(decimal: value / 1000)
        guard room >= 4 else { return hasOverflowed = true }
        let fraction = value % 1000
        append(UInt8(ascii: "."))
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / 100))
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / 10 % 10))
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction % 10))
    }

    package func append(hexadecimal value: UInt64) {
        var digits: InlineArray<16, UInt8> = .init(repeating: 0)
        var first = 16
        var rest = value
        repeat {
            first -= 1
            let nibble = UInt8(rest & 15)
            digits[first] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
            rest >>= 4
        } while rest > 0
        append(digits.span.extracting(first..<16))
    }

    // MARK: Waiting long

    /// More than this isn't moved: it would cost more than it saves.
    private static let parkedBytesMax = 64 << 10

    /// Moves what is in it to memory of just that size and lends the rest of its own to `pool`, while whoever it is for takes his time. Offsets
    /// stay valid; there is no room until `unpark`.
    func park(in pool: BufferPool) {
        guard capacity == BufferPool.bufferBytes, endOffset <= Self.parkedBytesMax else { return }
        let spare = Buffer(capacity: max(1, endOffset))
        trade(with: spare)
        pool.give(spare)
    }

    /// Takes memory of the common size again.
    func unpark(from pool: BufferPool) {
        guard capacity < BufferPool.bufferBytes else { return }
        trade(with: pool.take())
    }

    func park(_ isParked: Bool, in pool: BufferPool) {
        if isParked { park(in: pool) } else { unpark(from: pool) }
    }

    private func trade(with other: Buffer) {
        // SAFETY: the other's memory holds `endOffset` bytes at least, and is another one's.
        unsafe other.base.update(from: base, count: endOffset)
        let own = memory
        memory = other.memory
        other.memory = own
    }

    /// Large pieces are mapped, so that giving one up gives it back to the system whatever lies around it.
    @safe private struct Memory {
        let base: UnsafeMutablePointer<UInt8>
        let capacity: Int
        private let isMapped: Bool

        private static let mappedBytesMin = 64 << 10

        init(capacity: Int) {
            self.capacity = capacity
            if capacity >= Self.mappedBytesMin, let mapped = unsafe System.mapMemory(capacity) {
                unsafe base = mapped
                isMapped = true
            } else {
                unsafe base = .allocate(capacity: capacity)
                isMapped = false
            }
        }

        func free() {
            if isMapped { unsafe System.unmapMemory(base, capacity) } else { unsafe base.deallocate() }
        }
    }

    // MARK: For those who read into the memory and send from it

    /// The room after `end`, for a read; `commit` what arrived.
    @unsafe package var uninitialised: UnsafeMutableBufferPointer<UInt8> {
        unsafe UnsafeMutableBufferPointer(start: base + endOffset, count: capacity - endOffset)
    }

    @unsafe package var readablePointer: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(start: base + startOffset, count: endOffset - startOffset)
    }

    @unsafe package func commit(_ count: Int) {
        precondition(count >= 0 && count <= capacity - endOffset)
        endOffset += count
    }
}

extension PeerAddress {
    /// Appends the canonical text (`description`) without allocating, except where there is a zone.
    package func append(to buffer: Buffer) {
        let text = AddressText(self)
        buffer.append(text.bytes)
        if zone != 0 { buffer.append("%" + zoneText) }
    }
}
