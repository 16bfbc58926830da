internal import Gatekeeper
internal import Glibc

/// Programs that an admin has told us to run.
extension Program {
    /// How such a program ended.
    enum Ending: Equatable, Sendable {
        /// With this status, or 128 and the number of the signal that ended it, and the beginning of what it said.
        case exited(Int32, said: [UInt8])
        /// It ran for too long and was killed, with all that it had started.
        case killed(said: [UInt8])
    }

    private static let lookMilliseconds = 50
    private static let searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Runs a program with nothing of ours: no descriptors, no environment but `PATH`, a process group of its own that ends with it. `input` is
    /// its standard input. Waits for its end, at most so long. SIGPIPE has to be ignored, as `SignalDescriptor` does: not everybody reads.
    ///
    /// - Parameter outputBytesMax: how much is kept of what it says on both its outputs; the rest is read and dropped.
    static func run(
        _ program: String, _ arguments: [String] = [], input: [UInt8], milliseconds: Int, outputBytesMax: Int
    ) throws(SystemError) -> Ending {
        let toProgram = try ReadinessPipe()
        let fromProgram = try ReadinessPipe()
        let process = try start(
            program, [program] + arguments, environment: [searchPath],
            streams: .own(input: toProgram.reading.number, output: fromProgram.writing.number))
        var input = try Outgoing(input, on: toProgram.forWriting())
        var output = try Incoming(bytesMax: outputBytesMax, from: fromProgram.forReading())
        let deadline = System.now().advanced(byMilliseconds: milliseconds)
        var hasEnded = hasEnded(process)
        while !hasEnded, System.now() < deadline {
            input.write()
            output.read()
            wait(for: output.number, input.number)
            hasEnded = Self.hasEnded(process)
        }
        // All of its group, while its number is still its own.
        _ = Glibc.kill(-process, SIGKILL)
        let status = try wait(for: process, called: program)
        output.read()
        return hasEnded ? .exited(status, said: output.bytes) : .killed(said: output.bytes)
    }

    /// Why this can't be run by us, as a sentence's end; nil if it can.
    static func obstacle(to program: String) -> String? {
        var status = stat()
        // SAFETY: the path is lent for both calls, and `status` is written.
        guard unsafe stat(program, &status) == 0 else { return unsafe String(cString: strerror(errno)).lowercased() }
        guard status.st_mode & S_IFMT == S_IFREG else { return "it is no file" }
        return unsafe access(program, X_OK) == 0 ? nil : "it may not be run (chmod 755)"
    }

    private static func hasEnded(_ process: pid_t) -> Bool {
        var facts = unsafe siginfo_t()
        // SAFETY: `facts` is written; the child stays to be waited for.
        guard unsafe waitid(P_PID, id_t(process), &facts, WEXITED | WNOHANG | WNOWAIT) == 0 else { return true }
        return unsafe facts.si_signo != 0
    }

    private static func wait(for reading: Int32, _ writing: Int32?) {
        var entries = [pollfd(fd: reading, events: Int16(POLLIN), revents: 0)]
        if let writing { entries.append(pollfd(fd: writing, events: Int16(POLLOUT), revents: 0)) }
        // SAFETY: the array is lent for the call with its length.
        _ = unsafe poll(&entries, nfds_t(entries.count), Int32(lookMilliseconds))
        // One that has closed its ends is readable at once, and ends in its own time.
        if entries[0].revents & Int16(POLLIN) == 0, entries[0].revents != 0 { Poll.rest(milliseconds: Int32(lookMilliseconds)) }
    }

    /// What is yet to be written to a program, which need not read it.
    private struct Outgoing: ~Copyable {
        private var rest: ArraySlice<UInt8>
        private var descriptor: Descriptor?

        init(_ bytes: [UInt8], on descriptor: consuming Descriptor) throws(SystemError) {
            _ = fcntl(descriptor.number, F_SETFL, O_NONBLOCK)
            number = descriptor.number
            self.descriptor = consume descriptor
            rest = bytes[...]
        }

        /// Nil when all is written, or nobody reads.
        private(set) var number: Int32?

        /// As much as there is room for; closes its end when all is written, or nobody reads.
        mutating func write() {
            guard let end = number else { return }
            while !rest.isEmpty {
                // SAFETY: the bytes are lent for the call with their number.
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(end, $0.baseAddress, $0.count) }
                if count < 0, errno == EAGAIN { return }
                guard count > 0 else { break }
                rest = rest.dropFirst(count)
            }
            // Now it reads the end.
            descriptor = nil
            number = nil
        }
    }

    private struct Incoming: ~Copyable {
        private let bytesMax: Int
        private(set) var bytes: [UInt8] = []
        private let descriptor: Descriptor

        init(bytesMax: Int, from descriptor: consuming Descriptor) throws(SystemError) {
            _ = fcntl(descriptor.number, F_SETFL, O_NONBLOCK)
            self.bytesMax = bytesMax
            self.descriptor = descriptor
        }

        var number: Int32 { descriptor.number }

        /// What is there now.
        mutating func read() {
            var piece = [UInt8](repeating: 0, count: 4096)
            for _ in 0..<16 {
                // SAFETY: no more is read than the array has room for.
                let count = unsafe Glibc.read(descriptor.number, &piece, piece.count)
                guard count > 0 else { return }
                bytes += piece.prefix(min(count, bytesMax - bytes.count))
            }
        }
    }
}
