import CLinux
import Foundation

/// A program that the test started, known by its process id and ended by it.
///
/// It inherits its three standard streams and nothing else, because every descriptor of the harness is opened close-on-exec: a listening
/// socket of another test in its hands would outlive that test.
/// A thread of its own waits for it, so that its end is known to whoever asks, and no zombie stays.
final class ChildProcess: Sendable {
    enum Ending: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    let id: pid_t
    private let ending = Awaited<Ending>()
    private let endingSignal: Int32

    /// Starts `program` (looked up in PATH) with these as its standard streams.
    ///
    /// - Parameter endingSignal: what ends it when nobody holds this any more. SIGTERM lets a program end children of its own.
    init(
        _ program: String, _ arguments: [String], input: OpenFile? = nil, output: OpenFile, errors: OpenFile,
        environment: [String: String] = [:], endingSignal: Int32 = SIGKILL
    ) throws {
        self.endingSignal = endingSignal
        id = try Self.spawn(program, arguments, [input, output, errors], environment)
        Leftovers.add(child: id, endingSignal: endingSignal)
        let (id, ending) = (id, ending)
        Thread.detachNewThread {
            ending.resolve(Self.wait(for: id))
            Leftovers.remove(child: id)
        }
    }

    deinit {
        for signal in [endingSignal, SIGKILL] where ending.value == nil {
            kill(id, signal)
            _ = ending.wait(seconds: 30)
        }
    }

    var hasEnded: Bool { ending.value != nil }

    /// How it ended; nil while it runs.
    var end: Ending? { ending.value }

    func signal(_ number: Int32) {
        if ending.value == nil { kill(id, number) }
    }

    /// How it ended; throws if it still runs after `seconds`.
    func waitForEnd(seconds: Double = 60) throws -> Ending {
        guard let ending = ending.wait(seconds: seconds) else {
            throw Failure("process \(id) still runs after \(seconds) s")
        }
        return ending
    }

    /// Returns once it takes connections on this port of 127.0.0.1; throws with what `log` says then if it ends before, or doesn't in time.
    func waitUntilListening(on port: UInt16, _ log: () -> String) throws {
        let deadline = Date(timeIntervalSinceNow: 60)
        while Date() < deadline {
            if (try? PlainSocket(to: SocketName("127.0.0.1", port: port))) != nil { return }
            // Nothing tells when a foreign server listens; it is asked again when it had a moment.
            if (try? waitForEnd(seconds: 0.05)) != nil { break }
        }
        throw Failure("nobody listens on port \(port): \(log())")
    }

    private static func wait(for id: pid_t) -> Ending {
        var status: Int32 = 0
        // SAFETY: `status` outlives the call and is the only thing that it writes to.
        while unsafe waitpid(id, &status, 0) == -1, errno == EINTR {}
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }

    /// `streams`: what becomes descriptor 0, 1, 2; nil is `/dev/null`.
    private static func spawn(
        _ program: String, _ arguments: [String], _ streams: [OpenFile?],
        _ environment: [String: String]
    ) throws -> pid_t {
        var surroundings = ["PATH", "HOME", "TMPDIR", "LANG", "ASAN_OPTIONS", "TSAN_OPTIONS"].reduce(into: [String: String]()) {
            kept, name in
            kept[name] = ProcessInfo.processInfo.environment[name]
        }
        surroundings.merge(environment) { $1 }

        // SAFETY: both lists of C strings end in nil, are freed after the call only, and `posix_spawnp` copies what it needs;
        // the actions are initialised before use and destroyed once.
        var argv = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        var envp = unsafe surroundings.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (argv + envp).forEach { unsafe free($0) } }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in zip(Int32(0)..., streams) {
            if let stream {
                unsafe posix_spawn_file_actions_adddup2(&actions, stream.descriptor, number)
            } else {
                unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
            }
        }
        // OpenSSL writes to sockets without MSG_NOSIGNAL, so this process ignores SIGPIPE; its children must not.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        unsafe sigemptyset(&defaults)
        unsafe sigaddset(&defaults, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        // Dispatch's threads, which tests run on, block most signals; that is inherited too.
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        unsafe posix_spawnattr_setsigmask(&attributes, &mask)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var id: pid_t = 0
        let result = unsafe posix_spawnp(&id, program, &actions, &attributes, &argv, &envp)
        guard result == 0 else { throw Failure("cannot start \(program): error \(result)") }
        return id
    }
}
