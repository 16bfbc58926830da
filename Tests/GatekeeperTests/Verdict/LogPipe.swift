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

    /// From here on writing is an error.
    func closeReader() {
        if isRead { Glibc.close(reader) }
        isRead = false
    }
}
