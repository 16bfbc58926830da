internal import Gatekeeper
internal import Glibc

/// A configuration file, written in one step: whoever reads it meanwhile finds the old one or the new one, whole, and so does who starts
/// after a power failure.
///
/// Where the name is a link, what it leads to is replaced: a configuration that is kept elsewhere stays there.
enum ConfigurationFile {
    /// Writes `text` beside the file and moves it over; the old one stays under its name with `.previous` behind. Owner and mode stay.
    static func replace(_ path: String, with text: String) throws(SystemError) {
        let path = end(of: path)
        var status = stat()
        // SAFETY: the path is lent for the call, which fills in the local structure.
        guard unsafe stat(path, &status) == 0 else { return try create(path, with: text, replacing: false) }
        let fresh = try write(text, beside: path) { number in
            // Without the right to give a file away it stays ours.
            _ = fchown(number, status.st_uid, status.st_gid)
            _ = fchmod(number, status.st_mode & 0o777)
        }
        try move(fresh, over: path)
    }

    static func isThere(_ path: String) -> Bool {
        var status = stat()
        // SAFETY: the path is lent for the call, which fills in the local structure. A link that leads nowhere is there.
        return unsafe lstat(path, &status) == 0
    }

    /// Writes a new file in one step: readable for the owner and the group. With `replacing` an old one stays under its name with `.previous`
    /// behind; without, one that came meanwhile is an error.
    ///
    /// - Parameter group: of the service, which is to read it; nil for ours.
    static func create(_ path: String, with text: String, replacing: Bool, group: UInt32? = nil) throws(SystemError) {
        // Whose it is and who may read it stays as somebody has made it.
        if replacing, isThere(path) { return try replace(path, with: text) }
        try makeFolders(to: path, group: group)
        let fresh = try write(text, beside: path) { number in
            if let group { _ = fchown(number, UInt32.max, group) }
            _ = fchmod(number, 0o640)
        }
        defer { _ = unsafe unlink(fresh) }
        guard unsafe link(fresh, path) == 0 else { throw SystemError("write \(path)", code: errno) }
        settle(folderOf: path)
    }

    /// Makes the folders above a file that aren't there, as the service may enter them.
    private static func makeFolders(to path: String, group: UInt32?) throws(SystemError) {
        let folder = FilePath.parent(of: path)
        guard !isThere(folder) else { return }
        try makeFolders(to: folder, group: group)
        guard unsafe mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw SystemError("make the folder \(folder)", code: errno) }
        guard let group, unsafe chown(folder, UInt32.max, group) == 0 else { return }
        _ = unsafe chmod(folder, 0o750)
    }

    /// The file's new name, once all of it is on the disk.
    private static func write(_ text: String, beside path: String, dress: (_ number: Int32) -> Void) throws(SystemError) -> String {
        let fresh = path + ".new"
        _ = unsafe unlink(fresh)
        let number = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw SystemError("write \(fresh)", code: errno) }
        let file = Descriptor(owning: number)
        do throws(SystemError) {
            dress(file.number)
            try write(Array(text.utf8), to: file.number, called: fresh)
            guard fsync(file.number) == 0 else { throw SystemError("write \(fresh)", code: errno) }
        } catch {
            _ = unsafe unlink(fresh)
            throw error
        }
        return fresh
    }

    private static func move(_ fresh: String, over path: String) throws(SystemError) {
        do throws(SystemError) {
            _ = unsafe unlink(path + ".previous")
            guard unsafe link(path, path + ".previous") == 0 else { throw SystemError("keep \(path).previous", code: errno) }
            guard unsafe rename(fresh, path) == 0 else { throw SystemError("replace \(path)", code: errno) }
        } catch {
            _ = unsafe unlink(fresh)
            throw error
        }
        settle(folderOf: path)
    }

    /// Has the disk know the names too. Where the folder can't be opened, the file system does it in its own time.
    private static func settle(folderOf path: String) {
        let folder = FilePath.parent(of: path)
        let number = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return }
        _ = fsync(Descriptor(owning: number).number)
    }

    /// What a link leads to at last; the path itself where it is none, or leads nowhere.
    private static func end(of path: String) -> String {
        // SAFETY: with no buffer of ours, realpath gives one that is freed once it was copied.
        guard let end = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(end) }
        return unsafe String(cString: end)
    }

    private static func write(_ bytes: [UInt8], to number: Int32, called path: String) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // SAFETY: the slice is lent for the call, which reads no more than its count.
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError("write \(path)", code: errno) }
            rest = rest.dropFirst(count)
        }
    }
}
