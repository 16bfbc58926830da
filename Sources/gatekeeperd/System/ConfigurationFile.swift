internal import Gatekeeper
internal import Glibc

/// A configuration file, replaced in one step.
enum ConfigurationFile {
    /// Writes `text` beside the file and moves it over; the old one stays under its name with `.previous` behind. Owner and mode stay.
    static func replace(_ path: String, with text: String) throws(SystemError) {
        let fresh = path + ".new"
        var status = stat()
        let isThere = unsafe stat(path, &status) == 0
        _ = unsafe unlink(fresh)
        let number = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw SystemError("write \(fresh)", code: errno) }
        let file = Descriptor(owning: number)
        if isThere {
            // Without the right to give a file away it stays ours.
            _ = fchown(file.number, status.st_uid, status.st_gid)
            _ = fchmod(file.number, status.st_mode & 0o777)
        }
        try write(Array(text.utf8), to: file.number, called: fresh)
        guard fsync(file.number) == 0 else { throw SystemError("write \(fresh)", code: errno) }
        if isThere {
            _ = unsafe unlink(path + ".previous")
            guard unsafe link(path, path + ".previous") == 0 else { throw SystemError("keep \(path).previous", code: errno) }
        }
        guard unsafe rename(fresh, path) == 0 else { throw SystemError("replace \(path)", code: errno) }
    }

    static func isThere(_ path: String) -> Bool {
        var status = stat()
        // SAFETY: the path is lent for the call, which fills in the local structure. A link that leads nowhere is there.
        return unsafe lstat(path, &status) == 0
    }

    /// Writes a new file in one step: readable for the owner and the group. With `replacing` an old one stays under its name with `.previous`
    /// behind; without, one that came meanwhile is an error.
    static func create(_ path: String, with text: String, replacing: Bool) throws(SystemError) {
        let fresh = path + ".new"
        _ = unsafe unlink(fresh)
        let number = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw SystemError("write \(fresh)", code: errno) }
        defer { _ = unsafe unlink(fresh) }
        let file = Descriptor(owning: number)
        try write(Array(text.utf8), to: file.number, called: fresh)
        guard fchmod(file.number, 0o640) == 0, fsync(file.number) == 0 else { throw SystemError("write \(fresh)", code: errno) }
        guard replacing, isThere(path) else {
            guard unsafe link(fresh, path) == 0 else { throw SystemError("write \(path)", code: errno) }
            return
        }
        _ = unsafe unlink(path + ".previous")
        guard unsafe link(path, path + ".previous") == 0 else { throw SystemError("keep \(path).previous", code: errno) }
        guard unsafe rename(fresh, path) == 0 else { throw SystemError("replace \(path)", code: errno) }
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
