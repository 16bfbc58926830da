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
        let burst = (0..<200).map { _ in pool.take() }
        for buffer in burst { pool.give(buffer) }
        let again = (0..<200).map { _ in pool.take() }
        let known = Set(burst.map(ObjectIdentifier.init))
        let keptCount = again.prefix { known.contains(ObjectIdentifier($0)) }.count
        #expect(1...64 ~= keptCount, "at most 8 MB lie idle")
        #expect(again.prefix(keptCount).elementsEqual(burst.prefix(keptCount).reversed(), by: ===))
        #expect(again.dropFirst(keptCount).allSatisfy { !known.contains(ObjectIdentifier($0)) })
    }

    @Test("a buffer holds the largest write, sealed")
    func size() {
        let recordBytes = 16 << 10
        let records = (TLSStream.writeBytesMax + recordBytes - 1) / recordBytes
        // Header, explicit nonce, tag and content type (RFC 5246 §6.2.3.3, RFC 8446 §5.2): more than any version needs at once.
        #expect(BufferPool.bufferBytes >= TLSStream.writeBytesMax + records * (5 + 8 + 16 + 1))
    }
}
