import Testing

@testable import Gatekeeper

struct BufferPoolTests {
    @Test("the buffer that came back last goes out first, and empty")
    func lastInFirstOut() {
        let pool = BufferPool()
        let (first, second) = (pool.take(), pool.take())
        #expect(first !== second)
        second.append("left over")
        second.append(String(repeating: "x", count: BufferPool.bufferBytes))
        pool.give(first)
        pool.give(second)
        let taken = pool.take()
        #expect(taken === second)
        #expect(taken.isEmpty && !taken.overflowed && taken.room == BufferPool.bufferBytes)
        #expect(pool.take() === first)
    }

    @Test("keeps a bounded part of a burst and lets the rest go")
    func bound() {
        let pool = BufferPool()
        let burst = (0..<400).map { _ in pool.take() }
        for buffer in burst { pool.give(buffer) }
        let again = (0..<400).map { _ in pool.take() }
        let known = Set(burst.map(ObjectIdentifier.init))
        let keptCount = again.prefix { known.contains(ObjectIdentifier($0)) }.count
        #expect(1...256 ~= keptCount, "at most 33 MB lie idle")
        #expect(again.prefix(keptCount).elementsEqual(burst.prefix(keptCount).reversed(), by: ===))
        #expect(again.dropFirst(keptCount).allSatisfy { !known.contains(ObjectIdentifier($0)) })
    }

    @Test("what nobody has needed for a while goes back to the system, a few stay")
    func trimming() {
        let pool = BufferPool()
        let burst = (0..<100).map { _ in pool.take() }
        for buffer in burst { pool.give(buffer) }
        #expect(pool.trim(), "it was needed until just now")
        let some = (0..<20).map { _ in pool.take() }
        for buffer in some { pool.give(buffer) }
        #expect(pool.trim(), "twenty are in use now and then")
        #expect(!pool.trim(), "and now nobody needs any")
        let known = Set(burst.map(ObjectIdentifier.init))
        let again = (0..<30).map { _ in pool.take() }
        #expect(again.count { known.contains(ObjectIdentifier($0)) } == 8)
    }

    @Test("what waits long lies in memory of its size, and offsets into it stay valid")
    func parking() {
        let pool = BufferPool()
        let buffer = pool.take()
        buffer.append("head and body")
        buffer.consume(5)
        buffer.park(in: pool)
        #expect(buffer.capacity == 13 && buffer.room == 0 && buffer.count == 8)
        let lent = pool.take()
        #expect(lent !== buffer && lent.capacity == BufferPool.bufferBytes && lent.isEmpty)
        buffer.unpark(from: pool)
        #expect(buffer.capacity == BufferPool.bufferBytes && buffer.start == 5 && buffer.count == 8)
        #expect(buffer.bytes.indices.map { buffer.bytes[$0] } == Array("head and body".utf8))
        let full = Buffer(capacity: BufferPool.bufferBytes)
        full.append(String(repeating: "x", count: 100_000))
        full.park(in: pool)
        #expect(full.capacity == BufferPool.bufferBytes, "too much to be moved")
        let small = Buffer(capacity: 10)
        pool.give(small)
        #expect(pool.take() !== small)
    }

    @Test("a buffer holds the largest write, sealed")
    func size() {
        let recordBytes = 16 << 10
        let records = (TLSStream.writeBytesMax + recordBytes - 1) / recordBytes
        // Header, explicit nonce, tag and content type (RFC 5246 §6.2.3.3, RFC 8446 §5.2): more than any version needs at once.
        #expect(BufferPool.bufferBytes >= TLSStream.writeBytesMax + records * (5 + 8 + 16 + 1))
    }
}
