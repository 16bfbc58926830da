internal import Gatekeeper
internal import Glibc

/// The folder in which the daemon keeps what must outlive it.
// SAFETY: paths are lent as C strings for one call each; the `stat` structure is local and filled in by the call.
enum StateFolder {
    /// Makes the folder and an empty file in it, if they aren't there: for the owner, readable for the group.
    static func prepare(_ folder: String, file path: String) throws(SystemError) {
        if unsafe mkdir(folder, 0o750) != 0, errno != EEXIST { throw SystemError("make the folder \(folder)", code: errno) }
        let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o640)
        guard number >= 0 else { throw SystemError("open \(path)", code: errno) }
        let file = Descriptor(owning: number)
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SystemError("use \(path), which is no regular file", code: EINVAL)
        }
    }

    static func isFull(_ error: SystemError) -> Bool { error.code == ENOSPC || error.code == EDQUOT }

    /// Renames `path` and its companions to a name that is free, which begins with `name`; returns it. Companions may be missing.
    static func setAside(_ path: String, suffixes: [String], as name: String) throws(SystemError) -> String {
        var free = name
        var attempt = 1
        while unsafe access(free, F_OK) == 0 {
            attempt += 1
            free = "\(name)-\(attempt)"
        }
        for suffix in suffixes {
            guard unsafe rename(path + suffix, free + suffix) != 0, errno != ENOENT else { continue }
            throw SystemError("rename \(path + suffix)", code: errno)
        }
        return free
    }
}
