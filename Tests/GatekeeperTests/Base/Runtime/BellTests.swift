import Testing

@testable import Gatekeeper

struct BellTests {
    @Test("a bell rings until it is silenced, however often it was rung")
    func silenced() throws {
        let bell = try Bell()
        #expect(!bell.wait(milliseconds: 0))
        bell.ring()
        bell.ring()
        #expect(bell.wait(milliseconds: 0))
        #expect(bell.wait(milliseconds: 0))
        bell.silence()
        #expect(!bell.wait(milliseconds: 0))
    }

    @Test("a bell wakes the thread that waits for it")
    func wakes() throws {
        let bell = try Bell()
        let thread = try Thread(name: "ringer") { bell.ring() }
        #expect(bell.wait(milliseconds: 10_000))
        thread.join()
    }
}
