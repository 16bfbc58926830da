internal import CLinux
internal import Gatekeeper
internal import Glibc

/// A listening UNIX socket with a name in the file system, which only its owner and its group may connect to.
///
/// It is bound under a temporary name and renamed: the name never stands for a socket that doesn't listen yet or that has another mode,
/// and takes the place of a dead process's in one step. (`ss -x` therefore shows the temporary name.)
// SAFETY: paths are lent as C strings for one call each; `stat` structures are local and filled in by the call.
struct UnixListener: ~Copyable {
    let path: String
    /// The group of the file, whose members may connect.
    let group: UInt32
    private let descriptor: Descriptor
    private let identity: FileIdentity

    /// Which file it is, whatever it is called now.
    private struct FileIdentity: Equatable {
        let device: UInt64
        let number: UInt64
    }

    private static let mode: mode_t = 0o660
    /// Connections that wait to be accepted.
    private static let backlog: Int32 = 32

    /// `takingOver`: also in place of a process that still answers there, which an upgraded binary does to the one before it.
    init(path: String, takingOver: Bool) throws(UnixListenerError) {
        let folder = FilePath.directory(of: path)
        let temporaryPath = FilePath.complete(".\(getpid())", directory: folder)
        guard UnixAddress(path) != nil, let temporary = UnixAddress(temporaryPath) else {
            throw .unusable("the path \(path) is empty or longer than the \(UnixAddress.bytesMax) bytes that the kernel allows a socket")
        }
        if !folder.isEmpty, unsafe mkdir(folder, 0o755) != 0, errno != EEXIST { throw Self.failure("make the folder \(folder)") }
        try Self.checkFree(path, takingOver: takingOver)

        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard number >= 0 else { throw Self.failure("open a socket") }
        let descriptor = Descriptor(owning: number)
        // The name of a process of the same number that died between bind and rename.
        _ = unsafe unlink(temporaryPath)
        // The mode of the descriptor is the mode that bind gives the file, less the umask: at no moment is there more than in the end.
        guard fchmod(number, Self.mode) == 0, unsafe temporary.withSocketAddress({ unsafe bind(number, $0, $1) }) == 0 else {
            throw Self.failure("make the socket \(path)")
        }
        var status = stat()
        guard unsafe chmod(temporaryPath, Self.mode) == 0, unsafe lstat(temporaryPath, &status) == 0,
            listen(number, Self.backlog) == 0, unsafe rename(temporaryPath, path) == 0
        else {
            let failure = Self.failure("make the socket \(path)")
            _ = unsafe unlink(temporaryPath)
            throw failure
        }
        self.descriptor = descriptor
        self.path = path
        group = status.st_gid
        identity = Self.identity(of: status)
    }

    deinit {
        // Somebody who took over has put another file in its place, which isn't ours to remove.
        var status = stat()
        guard unsafe lstat(path, &status) == 0, Self.identity(of: status) == identity else { return }
        _ = unsafe unlink(path)
    }

    var number: Int32 { descriptor.number }

    /// Why there could be no socket of this name, whoever asks; nil if there could.
    static func obstacle(to path: String) -> String? {
        // As `init` names it meanwhile, with the longest number of a process.
        let temporary = FilePath.complete(".4194304", directory: FilePath.directory(of: path))
        guard UnixAddress(path) != nil, UnixAddress(temporary) != nil else {
            return "the path has \(path.utf8.count) bytes, and the kernel allows a socket \(UnixAddress.bytesMax); name a shorter one"
        }
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK else { return nil }
        return "\(path) is there and is not a socket; name another path, or remove it"
    }

    enum Accepted: ~Copyable {
        case connection(UnixStream)
        case none
        /// No descriptor or no memory for another socket; the connection still waits in the queue.
        case exhausted
    }

    func accept() -> Accepted {
        var peer = sockaddr_storage()
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            // SAFETY: the kernel writes at most `length` bytes, which is the structure's size.
            let number = unsafe clinux_accept4(
                descriptor.number, &peer, &length, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
            if number >= 0 { return .connection(UnixStream(Descriptor(owning: number))) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .none
            }
        }
    }

    /// Nothing there, or the socket of a process that is dead.
    private static func checkFree(_ path: String, takingOver: Bool) throws(UnixListenerError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw failure("look at \(path)")
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .unusable("\(path) is there and is not a socket; it is left alone") }
        if takingOver { return }
        guard let address = UnixAddress(path) else { return }
        do {
            _ = try UnixStream(to: address)
        } catch {
            if error.code == ECONNREFUSED || error.code == ENOENT { return }
            // A full queue is somebody's who lives.
            if error.code != EAGAIN { throw .system(error) }
        }
        throw .inUse("another process answers at \(path); end it, or give this one a control socket of its own")
    }

    private static func identity(of status: stat) -> FileIdentity {
        FileIdentity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    }

    private static func failure(_ operation: String) -> UnixListenerError { .system(SystemError(operation, code: errno)) }
}
