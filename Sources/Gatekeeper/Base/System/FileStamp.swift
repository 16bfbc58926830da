internal import Glibc

/// Tells one state of a file from another, as far as the file system can: a replaced file is another file, a rewritten one has another time.
package struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let number: UInt64
    private let byteCount: Int64
    private let changedSeconds: Int
    private let changedNanoseconds: Int

    /// Nil for a file that can't be looked at. Follows symbolic links.
    package init?(path: String) {
        var status = stat()
        // SAFETY: the path is lent as a C string for the call, which writes to `status` alone.
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
        byteCount = Int64(status.st_size)
        changedSeconds = status.st_ctim.tv_sec
        changedNanoseconds = status.st_ctim.tv_nsec
    }
}
