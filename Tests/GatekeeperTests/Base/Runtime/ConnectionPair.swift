import Glibc

@testable import Gatekeeper

/// Both ends of one connection: `near` is what the code under test is given, `far` its peer.
struct ConnectionPair {
    /// Non-blocking; whoever takes it closes it.
    let near: Int32
    let far: PeerSocket

    /// TCP over loopback.
    static func tcp() throws -> ConnectionPair {
        let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
        let far = try PeerSocket(connectingTo: System.localAddress(of: listener.number))
        return ConnectionPair(near: try accept(from: listener.number), far: far)
    }

    /// UNIX sockets: what one end sends is there for the other as soon as the call returns.
    static func local() throws -> ConnectionPair {
        var ends: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw SystemError("socketpair", code: errno)
        }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return ConnectionPair(near: ends[0], far: PeerSocket(adopting: ends[1]))
    }

    /// The next connection of a listener, which is waited for.
    static func accept(from listener: Int32) throws -> Int32 {
        guard System.waitReadable(listener, milliseconds: 10_000), case .connection(let near, _) = System.accept(listener) else {
            throw SystemError("accept", code: errno)
        }
        return near
    }
}
