internal import Gatekeeper
internal import Glibc

/// Files that an admin names, read whole and with a limit.
///
/// Only regular files: a FIFO would block the start until somebody writes to it, and a device never ends.
enum FileContents {
    /// The bytes of the file at `path`.
    static func read(_ path: String, bytesMax: Int) throws(FileFailure) -> [UInt8] {
        let file = try open(path)
        var bytes: [UInt8] = []
        while true {
            let room = 64 << 10
            var failure: Int32 = 0
            let before = bytes.count
            bytes += [UInt8](repeating: 0, count: room)
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                while true {
                    // SAFETY: the last `room` bytes of the array, which this closure alone holds.
                    let count = unsafe Glibc.read(file.number, buffer.baseAddress.map { unsafe $0 + before }, room)
                    if count >= 0 { return count }
                    if errno == EINTR { continue }
                    failure = errno
                    return 0
                }
            }
            guard failure == 0 else { throw FileFailure(path, code: failure) }
            bytes.removeLast(room - count)
            if count == 0 { return bytes }
            guard bytes.count <= bytesMax else { throw FileFailure(path, "is larger than \(Quantity.describe(bytes: bytesMax))") }
        }
    }

    /// The last `bytesMax` bytes of the file, as long as it is now; the first of them may be anywhere in a line.
    static func readEnd(of path: String, bytesMax: Int) throws(FileFailure) -> [UInt8] {
        let file = try open(path)
        let end = lseek(file.number, 0, SEEK_END)
        guard end >= 0 else { throw FileFailure(path, code: errno) }
        var bytes = [UInt8](repeating: 0, count: min(bytesMax, end))
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                // SAFETY: `filled` is below the array's count, and no more is read than is left behind it.
                unsafe pread(
                    file.number, buffer.baseAddress.map { unsafe $0 + filled }, buffer.count - filled, end - buffer.count + filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure(path, code: errno) }
            // Cut short meanwhile.
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    /// Throws what `read` would throw, without reading.
    static func checkReadable(_ path: String) throws(FileFailure) {
        _ = try open(path)
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func open(_ path: String) throws(FileFailure) -> Descriptor {
        guard !path.utf8.contains(0) else { throw FileFailure(path, "is no path: it holds a NUL byte") }
        let number = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw FileFailure(path, code: errno) }
        let file = Descriptor(owning: number)
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw FileFailure(path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFailure(path, "is not a regular file") }
        return file
    }
}
