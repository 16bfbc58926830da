internal import Glibc

/// A file without a name: what a body too large for memory is collected in. It is gone when it is closed, whatever becomes of us.
///
/// `@unchecked Sendable`: a worker makes it, and from then on the spool's thread alone touches it.
@safe
final class SpoolFile: @unchecked Sendable {
    private let folder: String
    /// -1 while nothing has been written.
    private var descriptor: Int32 = -1
    /// Bytes written so far.
    private var count = 0

    /// - Parameter folder: where there is room; the file never shows there for longer than it takes to remove its name.
    init(in folder: String) {
        self.folder = folder
    }

    deinit {
        close()
    }

    private func open() throws(SystemError) {
        descriptor = make()
        // One level, as `check` says: nobody else makes the folder.
        if descriptor < 0, errno == ENOENT, unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST { descriptor = make() }
        guard descriptor >= 0 else { throw SystemError("collect a body in \(folder)", code: errno) }
    }

    /// The descriptor of a file whose name is gone; -1 with `errno`.
    private func make() -> Int32 {
        var template = "\(folder)/gatekeeper-XXXXXX".utf8CString
        // SAFETY: mkstemp replaces the six last characters, within the text and its NUL.
        return unsafe template.withUnsafeMutableBufferPointer { text in
            let number = unsafe mkstemp(text.baseAddress!)
            if number >= 0 {
                _ = unsafe unlink(text.baseAddress!)
                _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            }
            return number
        }
    }

    /// Appends everything in `buffer` and consumes it.
    func append(_ buffer: Buffer) throws(SystemError) {
        if descriptor < 0 { try open() }
        while !buffer.isEmpty {
            let bytes = unsafe buffer.readablePointer
            let written = unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(count))
            guard written > 0 || errno == EINTR else { throw SystemError("collect a body", code: written == 0 ? ENOSPC : errno) }
            guard written > 0 else { continue }
            buffer.consume(written)
            count += written
        }
    }

    /// Reads `wanted` bytes from `offset` on into the room of `buffer`, which must suffice.
    func read(at offset: Int, count wanted: Int, into buffer: Buffer) throws(SystemError) {
        var got = 0
        while got < wanted {
            let room = unsafe buffer.uninitialised
            let part = unsafe pread(descriptor, room.baseAddress, min(room.count, wanted - got), off_t(offset + got))
            if part < 0, errno == EINTR { continue }
            guard part > 0 else { throw SystemError("read a collected body", code: part == 0 ? EIO : errno) }
            unsafe buffer.commit(part)
            got += part
        }
    }

    func close() {
        if descriptor >= 0 { System.close(descriptor) }
        descriptor = -1
    }
}
