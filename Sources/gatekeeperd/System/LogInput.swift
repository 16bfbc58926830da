internal import Gatekeeper
internal import Glibc

/// A log that is read piece by piece: a file, or standard input, which may be a pipe.
struct LogInput: ~Copyable {
    private let path: String
    private let file: Descriptor

    private static let bytesMax = 64 << 10

    /// - Parameter path: `-` for standard input.
    init(_ path: String) throws(FileFailure) {
        self.path = path
        guard !path.utf8.contains(0) else { throw FileFailure(path, "is no path: it holds a NUL byte") }
        // Nobody may write to a FIFO yet; that is waited for as on standard input.
        let number = path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw FileFailure(path, code: errno) }
        file = Descriptor(owning: number)
    }

    /// The next bytes; nil at the end.
    func next() throws(FileFailure) -> [UInt8]? {
        let number = file.number
        var code: Int32 = 0
        // SAFETY: `count` is what the kernel has written.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.bytesMax) { buffer, count in
            while true {
                // SAFETY: the array's own memory, of so many bytes.
                let received = unsafe read(number, buffer.baseAddress, Self.bytesMax)
                if received < 0, errno == EINTR { continue }
                code = received < 0 ? errno : 0
                count = max(0, received)
                return
            }
        }
        guard code == 0 else { throw FileFailure(path, code: code) }
        return bytes.isEmpty ? nil : bytes
    }
}
