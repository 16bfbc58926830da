internal import CLinux
internal import Gatekeeper
internal import Glibc

/// Descriptors of which some are ready: a level-triggered epoll, whose own descriptor becomes readable when one of them is.
///
/// So a loop that polls that one number waits for all of them, and needn't know which there are.
struct ReadinessSet: ~Copyable {
    private let epoll: Descriptor

    /// What a member waits for. A hang-up and an error are reported in any case.
    enum Interest {
        case readable, writable
    }

    /// Members told of by one `ready`; the others are told of by the next.
    static let readyMax = 32

    init() throws(SystemError) {
        let number = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard number >= 0 else { throw SystemError("open an epoll descriptor", code: errno) }
        epoll = Descriptor(owning: number)
    }

    var number: Int32 { epoll.number }

    /// False for want of memory or of watches (`/proc/sys/fs/epoll/max_user_watches`).
    func add(_ descriptor: Int32, _ interest: Interest) -> Bool { control(EPOLL_CTL_ADD, descriptor, interest) }

    func change(_ descriptor: Int32, to interest: Interest) -> Bool { control(EPOLL_CTL_MOD, descriptor, interest) }

    /// Needless before a close: a closed descriptor is no member any more.
    func remove(_ descriptor: Int32) { _ = control(EPOLL_CTL_DEL, descriptor, .readable) }

    /// The members that are ready now; doesn't wait.
    func ready() -> [Int32] {
        var events = unsafe [epoll_event](repeating: epoll_event(), count: Self.readyMax)
        // SAFETY: the kernel fills in at most as many records as the array has.
        let count = unsafe epoll_wait(epoll.number, &events, Int32(Self.readyMax), 0)
        // SAFETY: the union inside is read as what `control` put there.
        return unsafe events.prefix(Int(max(0, count))).map { unsafe $0.data.fd }
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Interest) -> Bool {
        // SAFETY: one local record, which the kernel copies; of its union only `fd` is ever used.
        var event = unsafe epoll_event()
        unsafe event.events = interest == .readable ? EPOLLIN.rawValue : EPOLLOUT.rawValue
        unsafe event.data.fd = descriptor
        return unsafe epoll_ctl(epoll.number, operation, descriptor, &event) == 0
    }
}
