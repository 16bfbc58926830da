internal import Synchronization

/// The way of log records from one worker to the journal: bytes in a circle, one writer, one reader, no lock.
///
/// ```
///            tail (journal)          head (worker)
///               ▼                      ▼
///   ┌───────────┬──────┬─────┬─────────┬───────────────┐
///   │   free    │ rec  │ rec │  rec    │    free       │      both count bytes since the start and only grow;
///   └───────────┴──────┴─────┴─────────┴───────────────┘      modulo the capacity they are offsets
///
///   record:  size, this word included (4) │ kind (1) │ 0 0 0 │ time (8) │ content … │ padding to 8
/// ```
///
/// A record is contiguous: one that would cross the end is preceded by a `padding` record that fills the rest. A full ring loses the record
/// and says so in `dropped` or, for a denial, in `deniedUnseen`; it never makes a worker wait.
@safe final class JournalRing: Sendable {
    /// A power of two.
    let capacity: Int
    /// Written by the worker, with release, after the record's bytes.
    private let head = Atomic<UInt64>(0)
    /// Written by the journal, with release, after it has read them.
    private let tail = Atomic<UInt64>(0)
    /// Records other than denials that found no room, not yet collected.
    private let dropped = Atomic<UInt64>(0)
    /// Denials that found no room or of which nothing more is known, by reason, not yet collected.
    private let deniedUnseen: InlineArray<16, Atomic<UInt64>>
    // SAFETY: `capacity` bytes, allocated here and freed in deinit. Between tail and head they belong to the reader, otherwise to the
    // writer; each hands bytes over by storing its counter with release after its last access, and the other loads it with acquire.
    private nonisolated(unsafe) let base: UnsafeMutablePointer<UInt8>

    static let headerBytes = 8
    static let paddingKind: UInt8 = 0

    /// `capacity` is rounded up to a power of two, at least 4 KiB.
    init(capacity wanted: Int = 1 << 20) {
        var capacity = 4096
        while capacity < wanted { capacity *= 2 }
        self.capacity = capacity
        deniedUnseen = InlineArray { _ in Atomic(0) }
        unsafe base = .allocate(capacity: capacity)
        unsafe base.initialize(repeating: 0, count: capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    var isEmpty: Bool {
        head.load(ordering: .acquiring) == tail.load(ordering: .acquiring)
    }

    /// There are denials to collect by their number alone.
    var hasDeniedUnseen: Bool {
        deniedUnseen.indices.contains { deniedUnseen[$0].load(ordering: .relaxed) != 0 }
    }

    // MARK: The journal's side

    /// How far the ring is filled, in bytes.
    var fill: Int { Int(head.load(ordering: .acquiring) &- tail.load(ordering: .acquiring)) }

    /// What was in the ring when this was made, oldest first. One at a time.
    struct Reader {
        private let ring: JournalRing
        /// Of the next record, counted like `head` and `tail`.
        private var position: UInt64
        private let end: UInt64
        /// Of the next record: when it happened; nil when there is none.
        private(set) var next: Int64?

        init(_ ring: JournalRing) {
            self.ring = ring
            end = ring.head.load(ordering: .acquiring)
            position = ring.tail.load(ordering: .relaxed)
            find()
        }

        /// Lends the next record, and frees it afterwards. Only while `next` isn't nil.
        mutating func take(_ read: (_ kind: UInt8, _ content: Span<UInt8>) -> Void) {
            let (size, kind) = ring.header(at: position)
            let offset = Int(truncatingIfNeeded: position) & (ring.capacity - 1)
            // SAFETY: `find` left `position` where a record begins, whose `size` bytes were published by the release of `head`.
            let content = unsafe UnsafeBufferPointer(
                start: ring.base + offset + JournalRing.headerBytes, count: size - JournalRing.headerBytes)
            unsafe read(kind, content.span)
            pass(size)
            find()
        }

        /// Steps over padding, and looks at the time that every record begins with.
        private mutating func find() {
            next = nil
            while position < end {
                let (size, kind) = ring.header(at: position)
                guard kind == JournalRing.paddingKind else {
                    let offset = Int(truncatingIfNeeded: position) & (ring.capacity - 1)
                    precondition(size >= JournalRing.headerBytes + MemoryLayout<Int64>.size)
                    // SAFETY: as in `take`; the line above keeps the load inside the record, which begins at a multiple of eight.
                    next = unsafe UnsafeRawPointer(ring.base + offset + JournalRing.headerBytes).load(as: Int64.self)
                    return
                }
                pass(size)
            }
        }

        private mutating func pass(_ size: Int) {
            position += UInt64(size)
            ring.tail.store(position, ordering: .releasing)
        }
    }

    /// Of the record at a position that was published.
    private func header(at position: UInt64) -> (size: Int, kind: UInt8) {
        let offset = Int(truncatingIfNeeded: position) & (capacity - 1)
        // SAFETY: `position` is where a record begins, so its header was published by the release of `head`.
        let size = unsafe Int(UnsafeRawPointer(base + offset).load(as: UInt32.self))
        precondition(size >= Self.headerBytes && size <= capacity - offset)
        return (size, unsafe base[offset + 4])
    }

    /// The number of dropped records since the last call.
    func collectDropped() -> UInt64 {
        dropped.load(ordering: .relaxed) == 0 ? 0 : dropped.exchange(0, ordering: .relaxed)
    }

    /// The number of denials of this reason that have no record since the last call.
    func collectDeniedUnseen(_ reason: DenialReason) -> UInt64 {
        let count = Int(reason.rawValue)
        return deniedUnseen[count].load(ordering: .relaxed) == 0 ? 0 : deniedUnseen[count].exchange(0, ordering: .relaxed)
    }

    // MARK: The worker's side

    /// The writing end. A ring has exactly one, used by one thread at a time.
    ///
    /// `begin` reserves room, `put` fills it, `end` publishes it.
    struct Writer: ~Copyable {
        private let ring: JournalRing
        private var head: UInt64 = 0
        /// The reader's counter as last seen; looked up again only when the room seems to end.
        private var tail: UInt64 = 0
        /// Offset of the next byte of the record that is being written, and where it must end.
        private var cursor = 0
        private var limit = 0
        private var size = 0

        init(_ ring: JournalRing) {
            self.ring = ring
        }

        /// Reserves a record with `count` bytes of content, or returns false if there is no room for it now.
        mutating func begin(kind: UInt8, count: Int) -> Bool {
            let size = (JournalRing.headerBytes + count + 7) & ~7
            var offset = Int(truncatingIfNeeded: head) & (ring.capacity - 1)
            let rest = ring.capacity - offset
            let skipped = size > rest ? rest : 0
            guard hasRoom(skipped + size) else { return false }
            if skipped > 0 {
                ring.putHeader(at: offset, size: skipped, kind: JournalRing.paddingKind)
                head += UInt64(skipped)
                offset = 0
            }
            ring.putHeader(at: offset, size: size, kind: kind)
            cursor = offset + JournalRing.headerBytes
            limit = offset + size
            self.size = size
            return true
        }

        mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
            precondition(limit - cursor >= MemoryLayout<Number>.size)
            // SAFETY: `begin` reserved the memory up to `limit`, which the line above keeps the store below.
            unsafe UnsafeMutableRawPointer(ring.base + cursor).storeBytes(of: number, as: Number.self)
            cursor += MemoryLayout<Number>.size
        }

        mutating func put(_ bytes: Span<UInt8>) {
            precondition(limit - cursor >= bytes.count)
            // SAFETY: as above; a lent span never lies in the ring's free part.
            unsafe bytes.withUnsafeBufferPointer { source in
                guard let address = source.baseAddress else { return }
                unsafe (ring.base + cursor).update(from: address, count: source.count)
            }
            cursor += bytes.count
        }

        mutating func put(_ word: StaticString) {
            precondition(limit - cursor >= word.utf8CodeUnitCount)
            // SAFETY: as above; a static string's UTF-8 is constant memory of that many bytes.
            unsafe (ring.base + cursor).update(from: word.utf8Start, count: word.utf8CodeUnitCount)
            cursor += word.utf8CodeUnitCount
        }

        /// Publishes what was begun.
        mutating func end() {
            head += UInt64(size)
            ring.head.store(head, ordering: .releasing)
        }

        func drop() {
            ring.dropped.add(1, ordering: .relaxed)
        }

        func dropDenials(_ count: UInt64, _ reason: DenialReason) {
            ring.deniedUnseen[Int(reason.rawValue)].add(count, ordering: .relaxed)
        }

        private mutating func hasRoom(_ count: Int) -> Bool {
            if ring.capacity - Int(head - tail) >= count { return true }
            tail = ring.tail.load(ordering: .acquiring)
            return ring.capacity - Int(head - tail) >= count
        }
    }

    private func putHeader(at offset: Int, size: Int, kind: UInt8) {
        precondition(offset & 7 == 0 && offset + JournalRing.headerBytes <= capacity)
        // SAFETY: `offset` is in the writer's part, which `hasRoom` made sure of, and a multiple of 8 as every size is.
        unsafe UnsafeMutableRawPointer(base + offset).storeBytes(of: UInt32(size), as: UInt32.self)
        unsafe base[offset + 4] = kind
    }
}
