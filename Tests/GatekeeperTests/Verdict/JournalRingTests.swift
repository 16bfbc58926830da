import Testing

@testable import Gatekeeper

struct JournalRingTests {
    @Test("records come out as they went in, around the end of the memory many times")
    func wrapping() {
        let ring = JournalRing(capacity: 4096)
        var writer = JournalRing.Writer(ring)
        var sent = 0
        var received = 0
        for round in 0..<2_000 {
            for _ in 0..<(round % 5) {
                let count = 8 + (sent * 37) % 600
                guard writer.begin(kind: UInt8(sent % 200 + 1), count: count) else { continue }
                writer.put([UInt8](repeating: UInt8(truncatingIfNeeded: sent), count: count).span)
                writer.end()
                sent += 1
            }
            ring.drain { kind, content in
                let count = 8 + (received * 37) % 600
                #expect(kind == UInt8(received % 200 + 1))
                #expect(content.count == (count + 7) & ~7)
                #expect((0..<count).allSatisfy { content[$0] == UInt8(truncatingIfNeeded: received) })
                received += 1
            }
        }
        #expect(received == sent)
        #expect(sent > 1_000)
        #expect(ring.isEmpty)
    }

    @Test("a full ring takes no record, and takes one again when it has been read")
    func full() {
        let ring = JournalRing(capacity: 4096)
        var writer = JournalRing.Writer(ring)
        var count = 0
        while writer.begin(kind: 1, count: 56) {
            writer.end()
            count += 1
        }
        #expect(count == 64)
        writer.drop()
        #expect(ring.collectDropped() == 1)
        #expect(ring.collectDropped() == 0)
        ring.drain { _, _ in }
        let isTaken = writer.begin(kind: 1, count: 56)
        #expect(isTaken)
    }

    @Test("a reader shows the time of the next record, and nothing that came after it was made")
    func times() {
        let ring = JournalRing(capacity: 4096)
        var writer = JournalRing.Writer(ring)
        func put(_ time: Int64) {
            let isTaken = writer.begin(kind: 1, count: 8)
            #expect(isTaken)
            writer.put(time)
            writer.end()
        }
        put(12)
        put(15)
        var reader = JournalRing.Reader(ring)
        put(31)
        #expect(reader.next == 12)
        reader.take { _, _ in }
        #expect(reader.next == 15)
        reader.take { _, _ in }
        #expect(reader.next == nil)
        #expect(JournalRing.Reader(ring).next == 31)
    }

    @Test("a record larger than the ring is never taken")
    func tooLarge() {
        var writer = JournalRing.Writer(JournalRing(capacity: 4096))
        let isTaken = writer.begin(kind: 1, count: 4096)
        #expect(!isTaken)
    }

    @Test("a writer and a reader on different threads lose and invent nothing")
    func twoThreads() async {
        let ring = JournalRing(capacity: 4096)
        let total: UInt64 = 100_000
        async let written: Void = {
            var writer = JournalRing.Writer(ring)
            var next: UInt64 = 0
            while next < total {
                guard writer.begin(kind: 1, count: 8 + Int(next % 100)) else {
                    await Task.yield()
                    continue
                }
                writer.put(next)
                writer.end()
                next += 1
            }
        }()
        var expected: UInt64 = 0
        var isOrdered = true
        while expected < total {
            ring.drain { _, content in
                var record = RecordReader(content)
                isOrdered = isOrdered && record.number(UInt64.self) == expected
                expected += 1
            }
            await Task.yield()
        }
        await written
        #expect(isOrdered)
        #expect(ring.isEmpty)
    }
}

extension JournalRing {
    /// Lends each record that is there, oldest first.
    fileprivate func drain(_ read: (_ kind: UInt8, _ content: Span<UInt8>) -> Void) {
        var reader = Reader(self)
        while reader.next != nil { reader.take(read) }
    }
}
