internal import Glibc

/// What is left of the file system that a folder lies in, for whoever isn't root.
struct FreeSpace: Equatable, Sendable {
    var bytes: UInt64
    /// Files that could be made; nil where the file system doesn't count them.
    var files: UInt64?

    init(bytes: UInt64, files: UInt64?) {
        self.bytes = bytes
        self.files = files
    }

    /// Nil for what can't be looked at.
    init?(inFolder path: String) {
        var status = statvfs()
        // SAFETY: the path is lent as a C string for the call, which writes to `status` alone.
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        self.bytes = overflow ? .max : bytes
        files = status.f_files > 0 ? UInt64(status.f_favail) : nil
    }
}
