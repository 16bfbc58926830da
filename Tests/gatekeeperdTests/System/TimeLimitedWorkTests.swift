import Gatekeeper
import Glibc
import Testing

@testable import gatekeeperd

@Suite("Work that may hang")
struct TimeLimitedWorkTests {
    @Test("what is done in time is there, as often as it is asked for")
    func done() throws {
        let work = try TimeLimitedWork { 42 }
        #expect(work.result(until: System.now().advanced(byMilliseconds: 20_000)) == 42)
        #expect(work.result(until: System.now()) == 42)
    }

    @Test("what isn't is not waited for beyond the deadline, and is there once it is done")
    func late() throws {
        let pipe = try ReadinessPipe()
        let number = pipe.reading.number
        let work = try TimeLimitedWork { Poll.wait(for: number, milliseconds: 60_000) }
        #expect(work.result(until: System.now().advanced(byMilliseconds: 20)) == nil)
        var byte: UInt8 = 1
        // SAFETY: one byte of this frame is lent for the call.
        let written = unsafe write(pipe.writing.number, &byte, 1)
        try #require(written == 1)
        #expect(work.result(until: System.now().advanced(byMilliseconds: 20_000)) == true)
    }
}
