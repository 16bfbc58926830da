import CLinux
import Testing

@testable import Gatekeeper

struct ReadinessTests {
    private func readiness(_ events: EPOLL_EVENTS...) -> Readiness {
        Readiness(events: events.reduce(0) { $0 | $1.rawValue })
    }

    @Test("each of epoll's bits means what epoll_ctl(2) says")
    func bits() {
        #expect(Readiness(events: 0) == [])
        #expect(readiness(EPOLLIN) == [.readable])
        #expect(readiness(EPOLLOUT) == [.writable])
        #expect(readiness(EPOLLIN, EPOLLOUT) == [.readable, .writable])
    }

    @Test("the peer's FIN can be read")
    func end() {
        #expect(readiness(EPOLLRDHUP) == [.readable, .peerClosed])
        #expect(readiness(EPOLLIN, EPOLLOUT, EPOLLRDHUP) == [.readable, .writable, .peerClosed])
    }

    @Test("a broken connection wakes whoever waits for anything")
    func broken() {
        let everything: Readiness = [.readable, .writable, .peerClosed, .broken]
        #expect(readiness(EPOLLERR) == everything)
        #expect(readiness(EPOLLHUP) == everything)
        #expect(readiness(EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLERR, EPOLLHUP) == everything)
    }

    @Test("bits that nobody asked for are nothing")
    func others() {
        #expect(readiness(EPOLLPRI, EPOLLMSG) == [])
    }
}
