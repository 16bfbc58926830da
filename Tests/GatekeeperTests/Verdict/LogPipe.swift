import Glibc

/// A pipe that a journal writes into.
///
/// Neither end outlives the test in a program that another test starts at the same time: as long as that held a reading end, nobody could
/// tell that the reader has gone.
final class LogPipe {
    let reader: Int32
    let writer: Int32
    private var isRead = true

    init() {
        var ends: [Int32] = [0, 0]
        unsafe pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reader, writer) = (ends[0], ends[1])
    }

    func close() {
        closeReader()
        Glibc.close(writer)
    }

    /// From here on writing is an error: a program that another test starts may have the end in its hands for a moment, which is waited for.
    func closeReader() {
        guard isRead else { return }
        Glibc.close(reader)
        isRead = false
        var entry = pollfd(fd: writer, events: 0, revents: 0)
        // SAFETY: one local structure.
        _ = unsafe poll(&entry, 1, 10_000)
    }
}
