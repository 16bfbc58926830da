internal import Gatekeeper
internal import Glibc

/// Files that are whole whatever happens, and on the disk when a call returns. For this user alone.
// SAFETY: paths are lent as C strings for one call each, and bytes with their number.
enum DurableFile {
    /// Makes a folder; its parent has to be there.
    static func makeFolder(_ path: String) throws(SystemError) {
        if unsafe mkdir(path, 0o700) == 0 { return try sync(parent(of: path)) }
        guard errno == EEXIST else { throw SystemError("make the folder \(path)", code: errno) }
    }

    /// Puts a file in the place of the one that may be there.
    static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let new = path + ".new"
        _ = unsafe unlink(new)
        let number = unsafe open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw SystemError("write \(path)", code: errno) }
        let file = Descriptor(owning: number)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file.number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write \(path)", removing: new) }
            rest = rest.dropFirst(count)
        }
        guard fsync(file.number) == 0 else { throw failure("write \(path)", removing: new) }
        try replace(path, by: new)
    }

    /// Puts a symbolic link in the place of the one that may be there.
    static func link(_ path: String, to target: String) throws(SystemError) {
        let new = path + ".new"
        _ = unsafe unlink(new)
        guard unsafe symlink(target, new) == 0 else { throw SystemError("make the link \(path)", code: errno) }
        try replace(path, by: new)
    }

    /// Removes a file, or a folder with all that is in it; links aren't followed. What isn't there needn't go.
    static func remove(_ path: String) throws(SystemError) {
        if unsafe unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw SystemError("remove \(path)", code: errno) }
        for name in FolderContents.names(in: path) { try remove(path + "/" + name) }
        guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw SystemError("remove \(path)", code: errno) }
    }

    /// Takes the file's lock for as long as the descriptor lives; nil while another process has it.
    static func lock(_ path: String) throws(SystemError) -> Descriptor? {
        let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw SystemError("open \(path)", code: errno) }
        let file = Descriptor(owning: number)
        if flock(file.number, LOCK_EX | LOCK_NB) == 0 { return file }
        guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemError("lock \(path)", code: errno) }
        return nil
    }

    private static func replace(_ path: String, by new: String) throws(SystemError) {
        guard unsafe rename(new, path) == 0 else { throw failure("write \(path)", removing: new) }
        try sync(parent(of: path))
    }

    private static func sync(_ folder: String) throws(SystemError) {
        let number = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw SystemError("open \(folder)", code: errno) }
        let descriptor = Descriptor(owning: number)
        guard fsync(descriptor.number) == 0 else { throw SystemError("write \(folder)", code: errno) }
    }

    private static func failure(_ operation: String, removing path: String) -> SystemError {
        let error = SystemError(operation, code: errno)
        _ = unsafe unlink(path)
        return error
    }

    private static func parent(of path: String) -> String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }
}
