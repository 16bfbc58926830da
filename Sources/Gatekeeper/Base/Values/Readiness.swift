internal import CLinux

/// What epoll has reported about a socket and what a task waits for: bits of one byte.
struct Readiness: OptionSet {
    let rawValue: UInt8

    static let readable = Readiness(rawValue: 1)
    static let writable = Readiness(rawValue: 2)
    /// The peer sent FIN, or worse. Implies readable: the end is read like bytes.
    static let peerClosed = Readiness(rawValue: 4)
    /// Reset, or both directions are shut: nothing that is written arrives any more.
    static let broken = Readiness(rawValue: 8)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// From the bits of `epoll_event.events`.
    init(events: UInt32) {
        var readiness: Readiness = []
        if events & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
        if events & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
        if events & EPOLLRDHUP.rawValue != 0 { readiness.formUnion([.readable, .peerClosed]) }
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
            readiness.formUnion([.readable, .writable, .peerClosed, .broken])
        }
        self = readiness
    }
}
