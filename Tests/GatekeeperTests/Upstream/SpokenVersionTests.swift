import Testing

@testable import Gatekeeper

@Suite("Which version an upstream speaks")
struct SpokenVersionTests {
    private let version = SpokenVersion()
    private let begin = Instant(nanoseconds: 5_000_000_000_000)

    private func after(seconds: Int) -> Instant { begin.advanced(byMilliseconds: seconds * 1_000) }

    @Test("three answers in a row prove HTTP/1.0, one or two don't")
    func three() {
        for expected in [false, false, true, true] {
            version.note(.http10, now: begin)
            #expect(version.isHTTP10(now: begin) == expected)
        }
        version.note(.http11, now: begin)
        #expect(!version.isHTTP10(now: begin))
    }

    @Test("whoever has answered in HTTP/1.1 lately can be made to look old by nobody, however many odd answers come")
    func odd() {
        version.note(.http11, now: begin)
        for second in 1...599 {
            version.note(.http10, now: after(seconds: second))
            #expect(!version.isHTTP10(now: after(seconds: second)))
        }
        // One that was replaced by an older one is found out in the end.
        version.note(.http10, now: after(seconds: 600))
        #expect(version.isHTTP10(now: after(seconds: 600)))
    }

    @Test("what was found is forgotten, and found again by the next answer")
    func forgotten() {
        for _ in 1...3 { version.note(.http10, now: begin) }
        #expect(version.isHTTP10(now: after(seconds: 299)))
        #expect(!version.isHTTP10(now: after(seconds: 300)))
        version.note(.http10, now: after(seconds: 301))
        #expect(version.isHTTP10(now: after(seconds: 301)))
    }
}
