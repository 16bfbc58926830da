import CLinux
import Foundation
import Glibc

/// A socket that listens on a port of 127.0.0.1, as systemd holds one for a service that it starts.
struct ListeningPort {
    let port: UInt16
    /// To be handed to a daemon as its standard input.
    let file: OpenFile

    init() throws {
        var name = try SocketName("127.0.0.1", port: 0)
        file = OpenFile(adopting: socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
        let descriptor = file.descriptor
        guard unsafe name.withPointer({ unsafe bind(descriptor, $0, $1.pointee) }) == 0, listen(descriptor, 4096) == 0 else {
            throw Failure("cannot listen: error \(errno)")
        }
        port = SocketName(of: descriptor).port
    }

    /// Makes the standard input the first passed descriptor (sd_listen_fds(3)), meant for `process`: a number, or `$$`, the daemon's own.
    static func launcher(meantFor process: String = "$$") -> [String] {
        ["sh", "-c", "export LISTEN_FDS=1 LISTEN_PID=\(process); exec \"$0\" \"$@\" 3<&0 </dev/null"]
    }
}
