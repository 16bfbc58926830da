internal import Gatekeeper
internal import Glibc

/// A folder that only this user can enter: a temporary one that goes with this value, or one that the user named and keeps.
struct PrivateFolder: ~Copyable {
    let path: String
    private let isTemporary: Bool

    /// Below `TMPDIR` or `/tmp`, with a name that nobody can guess.
    init(temporaryNamed name: String) throws(SystemError) {
        let base = Environment.value(of: "TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(base)/\(name)-XXXXXX".utf8CString)
        // SAFETY: mkdtemp replaces the six X of the NUL-terminated array in place.
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let address = buffer.baseAddress else { return false }
            return unsafe mkdtemp(address) != nil
        }
        guard made else { throw SystemError("make a folder in \(base)", code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        isTemporary = true
    }

    /// Made if it isn't there.
    init(at path: String) throws(SystemError) {
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw SystemError("make the folder \(path)", code: errno) }
        self.path = path
        isTemporary = false
    }

    deinit {
        guard isTemporary else { return }
        // Files alone: nothing here makes folders in it.
        for name in FolderContents.names(in: path) { remove(name) }
        _ = unsafe rmdir(path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    func has(_ name: String) -> Bool { unsafe access(file(name), R_OK) == 0 }

    func remove(_ name: String) {
        _ = unsafe unlink(file(name))
    }

    /// Writes a file that only this user can read.
    func write(_ text: String, to name: String) throws(SystemError) {
        let number = unsafe open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw SystemError("write \(file(name))", code: errno) }
        let descriptor = Descriptor(owning: number)
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(descriptor.number, bytes, bytes.count) == bytes.count else {
            throw SystemError("write \(file(name))", code: errno)
        }
    }
}
