internal import Glibc

/// A file without a name: what a body too large for memory is collected in. It is gone with its last reference, whatever becomes of us.
@safe
final class SpoolFile {
    private let descriptor: Descriptor
    /// Bytes written so far.
    private(set) var count = 0

    /// - Parameter folder: where there is room; the file never shows there for longer than it takes to remove its name.
    init(in folder: String) throws(SystemError) {
        var template = "\(folder)/gatekeeper-XXXXXX".utf8CString
        // SAFETY: mkstemp replaces the six last characters, within the text and its NUL.
        let number = unsafe template.withUnsafeMutableBufferPointer { text in
            let number = unsafe mkstemp(text.baseAddress!)
            if number >= 0 {
                _ = unsafe unlink(text.baseAddress!)
                _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            }
            return number
        }
        guard number >= 0 else { throw SystemError("collect a body in \(folder)", code: errno) }
        descriptor = Descriptor(owning: number)
    }

    /// Appends everything in `buffer` and consumes it.
    func append(_ buffer: Buffer) throws(SystemError) {
        while !buffer.isEmpty {
            let bytes = unsafe buffer.readablePointer
            let written = unsafe pwrite(descriptor.number, bytes.baseAddress, bytes.count, off_t(count))
            guard written > 0 || errno == EINTR else { throw SystemError("collect a body", code: written == 0 ? ENOSPC : errno) }
            guard written > 0 else { continue }
            buffer.consume(written)
            count += written
        }
    }

    /// Reads from `offset` on into the room of `buffer`, as much as fits or is there.
    func read(at offset: Int, into buffer: Buffer) throws(SystemError) {
        while true {
            let room = unsafe buffer.uninitialised
            let got = unsafe pread(descriptor.number, room.baseAddress, room.count, off_t(offset))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw SystemError("read a collected body", code: got == 0 ? EIO : errno) }
            return unsafe buffer.commit(got)
        }
    }
}
