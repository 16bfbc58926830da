internal import Gatekeeper
internal import Glibc

/// Whether we could write somewhere, found out without writing anything.
// SAFETY: paths are lent as C strings for one call each; the `stat` structure is local and filled in by the call.
enum WriteAccess {
    /// Why nothing could be kept in a folder, which is made if only it is missing; nil when nothing stands in the way.
    static func obstacle(inFolder path: String) -> SystemError? {
        var status = stat()
        if unsafe stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { return SystemError("use \(path)", code: ENOTDIR) }
            return refusal(path, W_OK | X_OK).map { SystemError("write into \(path)", code: $0) }
        }
        guard errno == ENOENT else { return SystemError("look at \(path)", code: errno) }
        return refusal(FilePath.parent(of: path), W_OK | X_OK).map { SystemError("make the folder \(path)", code: $0) }
    }

    /// Why a file couldn't be opened for writing, which is made if only it is missing; nil when nothing stands in the way.
    static func obstacle(toFile path: String) -> SystemError? {
        var status = stat()
        if unsafe stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else { return SystemError("write \(path)", code: EISDIR) }
            return refusal(path, W_OK).map { SystemError("write \(path)", code: $0) }
        }
        guard errno == ENOENT else { return SystemError("look at \(path)", code: errno) }
        return refusal(FilePath.parent(of: path), W_OK | X_OK).map { SystemError("make the file \(path)", code: $0) }
    }

    /// The errno for the rights that the process acts with; nil if they suffice.
    private static func refusal(_ path: String, _ rights: Int32) -> Int32? {
        unsafe faccessat(AT_FDCWD, path, rights, AT_EACCESS) == 0 ? nil : errno
    }
}
