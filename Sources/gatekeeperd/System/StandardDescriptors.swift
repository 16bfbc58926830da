internal import Glibc

/// Descriptors 0, 1 and 2, which everybody takes for input, output and complaints.
enum StandardDescriptors {
    /// Opens `/dev/null` for each that whoever started this process left closed. Otherwise the first sockets would get these numbers, and
    /// a complaint would be sent to a peer.
    static func ensureOpen() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // The lowest free number is the one that was found closed.
            // SAFETY: a constant path.
            _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
    }
}
