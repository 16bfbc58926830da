internal import Gatekeeper
internal import Glibc

/// Where the journal's lines go: standard output, or a file that can be opened again under the same descriptor.
///
/// When the system's log gets them instead, the descriptor stays as it was: lines that the journal has begun to write still land there, and
/// none of them is lost on the way.
///
/// `logrotate` renames the file and sends SIGUSR1; the journal thread keeps writing to one descriptor number and notices nothing.
struct LogFile: ~Copyable {
    /// What the journal writes to, for as long as this value lives.
    var number: Int32 { file.number }

    private(set) var destination: LogDestination
    private let file: Descriptor

    init(_ destination: LogDestination) throws(SystemError) {
        self.destination = destination
        file = try Self.open(destination)
    }

    /// Opens the path again and puts the new file under the old number. On failure the old file stays.
    func reopen() throws(SystemError) {
        if case .file = destination { try replace(by: destination) }
    }

    /// Goes on elsewhere, under the same number. On failure everything stays.
    mutating func move(to next: LogDestination) throws(SystemError) {
        guard next != destination else { return }
        if next.syslogPath == nil { try replace(by: next) }
        destination = next
    }

    private func replace(by next: LogDestination) throws(SystemError) {
        let fresh = try Self.open(next)
        // Replaces atomically: a line that is being written meanwhile lands whole in one file or the other.
        guard dup2(fresh.number, file.number) >= 0, fcntl(file.number, F_SETFD, FD_CLOEXEC) >= 0 else {
            throw SystemError("replace the log", code: errno)
        }
    }

    private static func open(_ destination: LogDestination) throws(SystemError) -> Descriptor {
        switch destination {
        case .standardOutput:
            let number = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
            guard number >= 0 else { throw SystemError("duplicate standard output", code: errno) }
            return Descriptor(owning: number)
        case .syslog:
            // To begin with nothing is written to it.
            let number = unsafe Glibc.open("/dev/null", O_WRONLY | O_CLOEXEC)
            guard number >= 0 else { throw SystemError("open /dev/null", code: errno) }
            return Descriptor(owning: number)
        case .file(let path):
            // Without O_NONBLOCK a FIFO that nobody reads would hold up the start for ever.
            let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
            // SAFETY: the path is lent as a C string for the call.
            let number = unsafe Glibc.open(path, flags, 0o640)
            guard number >= 0 else { throw SystemError("open the log file \(path)", code: errno) }
            let file = Descriptor(owning: number)
            guard fcntl(file.number, F_SETFL, O_APPEND) >= 0 else { throw SystemError("open the log file \(path)", code: errno) }
            return file
        }
    }
}
