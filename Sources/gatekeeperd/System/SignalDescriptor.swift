internal import CLinux
internal import Gatekeeper
internal import Glibc

/// Signals that have come, or what a test says has come.
protocol SignalSource: AnyObject {
    /// Readable when one has come.
    var number: Int32 { get }

    /// The next that has come, nil if none has.
    func next() -> SignalDescriptor.Signal?
}

/// The signals that steer the service, read like a file instead of interrupting whatever runs.
///
/// They are blocked for the calling thread and, by inheritance, for every thread started later; so this must be made before the first
/// thread. SIGPIPE is ignored: a peer that closed early is an errno, never the end of the process.
final class SignalDescriptor: SignalSource {
    private let descriptor: Descriptor

    enum Signal {
        case terminate
        case interrupt
        case quit
        case hangUp
        case reopenLog
        /// SIGUSR2.
        case upgrade
    }

    init() throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2] { unsafe sigaddset(&set, number) }
        // SAFETY: the set is initialised above and only read; SIG_IGN carries no code of ours.
        guard unsafe pthread_sigmask(SIG_BLOCK, &set, nil) == 0 else { throw SystemError("block signals", code: errno) }
        _ = signal(SIGPIPE, SIG_IGN)
        // A file that may not grow (RLIMIT_FSIZE) is an errno as well.
        _ = signal(SIGXFSZ, SIG_IGN)
        let number = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        guard number >= 0 else { throw SystemError("open a signal descriptor", code: errno) }
        descriptor = Descriptor(owning: number)
    }

    var number: Int32 { descriptor.number }

    func next() -> Signal? {
        while true {
            var record = signalfd_siginfo()
            // SAFETY: the kernel writes whole records of this type; a short read would leave the zeroes of the initialiser.
            let count = unsafe read(descriptor.number, &record, MemoryLayout<signalfd_siginfo>.size)
            if count < 0, errno == EINTR { continue }
            guard count == MemoryLayout<signalfd_siginfo>.size else { return nil }
            switch Int32(record.ssi_signo) {
            case SIGTERM: return .terminate
            case SIGINT: return .interrupt
            case SIGQUIT: return .quit
            case SIGHUP: return .hangUp
            case SIGUSR1: return .reopenLog
            case SIGUSR2: return .upgrade
            default: continue
            }
        }
    }
}
