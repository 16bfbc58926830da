internal import CLinux
internal import Gatekeeper
internal import Glibc

/// Other programs. They start with no signal blocked: this process may have blocked the ones that ought to end a child.
enum Program {
    /// What a child's descriptors 0, 1 and 2 are.
    enum Streams {
        /// No input; whatever it says goes to this file.
        case file(String)
        /// Ours.
        case inherited
        /// These, the second for both outputs, and nothing else that is ours: no other descriptor, no folder, no process group.
        case own(input: Int32, output: Int32)
    }

    static var ownProcess: Int32 { getpid() }

    /// The binary that this process runs; nil when `/proc` is not there. To be asked for at the start: once the file is replaced, the link
    /// names what was deleted.
    static func ownPath() -> String? { SymbolicLink.target(of: "/proc/self/exe") }

    /// Finds `arguments[0]` in `PATH`, runs it without input and with its output in the file `output`, and returns its exit status
    /// (128 and more: the number of the signal that ended it).
    static func run(_ arguments: [String], output: String) throws(SystemError) -> Int32 {
        let process = try start(arguments[0], arguments, environment: Environment.all, streams: .file(output))
        return try wait(for: process, called: arguments[0])
    }

    /// Starts a program and leaves it running.
    ///
    /// - Parameter passed: descriptors that the child gets, each under the number beside it, which must be above all that are passed.
    static func start(
        _ program: String, _ arguments: [String], environment: [String], streams: Streams, passing passed: [(Int32, as: Int32)] = []
    ) throws(SystemError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        var flags = POSIX_SPAWN_SETSIGMASK
        switch streams {
        case .file(let output):
            unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
            unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        case .inherited: break
        case .own(let input, let output):
            unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
            unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
            unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
            unsafe clinux_spawn_close_from(&actions, STDERR_FILENO + 1)
            unsafe clinux_spawn_in_folder(&actions, "/")
            var pipe = sigset_t()
            unsafe sigemptyset(&pipe)
            unsafe sigaddset(&pipe, SIGPIPE)
            unsafe posix_spawnattr_setsigdefault(&attributes, &pipe)
            unsafe posix_spawnattr_setpgroup(&attributes, 0)
            flags |= POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        }
        for (descriptor, number) in passed { unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, number) }
        var nothing = sigset_t()
        unsafe sigemptyset(&nothing)
        unsafe posix_spawnattr_setsigmask(&attributes, &nothing)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        // SAFETY: the copies and the arrays that point to them live until after posix_spawnp, which copies them into the child.
        var argv: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe argv.indices { unsafe free(argv[index]) }
            for index in unsafe envp.indices { unsafe free(envp[index]) }
        }
        var process: pid_t = 0
        let code = unsafe posix_spawnp(&process, program, &actions, &attributes, &argv, &envp)
        guard code == 0 else { throw SystemError("run \(program)", code: code) }
        return process
    }

    /// Waits for a child's end: its exit status, or 128 and the number of the signal that ended it.
    static func wait(for process: pid_t, called name: String) throws(SystemError) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemError("wait for \(name)", code: errno) }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    static func kill(_ process: pid_t) {
        _ = Glibc.kill(process, SIGKILL)
    }
}
