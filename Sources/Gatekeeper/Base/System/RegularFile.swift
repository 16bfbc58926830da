internal import Glibc

/// A file that is read whole and with a limit. Only a regular one: a FIFO would block until somebody writes to it.
enum RegularFile {
    enum Failure: Error {
        /// By errno.
        case system(Int32)
        case folder
        case special
        case tooLarge

        var words: String {
            switch self {
            case .system(let code): System.describe(code)
            case .folder: "it is a folder"
            case .special: "it is not a regular file"
            case .tooLarge: "it is larger than \(RegularFile.bytesMax >> 20) MiB"
            }
        }
    }

    /// More than the authorities of the whole world take.
    static let bytesMax = 16 << 20

    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw .system(errno) }
        let file = Descriptor(owning: number)
        var status = stat()
        // SAFETY: the call writes to `status` alone.
        guard unsafe fstat(file.number, &status) == 0 else { throw .system(errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .folder }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .special }
        guard status.st_size <= bytesMax else { throw .tooLarge }
        // One more than it has: a file that grows meanwhile is read again by whoever watches it.
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                // SAFETY: `filled` is below the array's count, and no more is read than is left behind it.
                unsafe Glibc.read(file.number, buffer.baseAddress.map { unsafe $0 + filled }, buffer.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(errno) }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}
