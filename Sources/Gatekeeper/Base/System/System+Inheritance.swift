internal import Glibc

/// Sockets that another process opened.
extension System {
    /// Makes an inherited socket like one of ours, and returns what it is bound to.
    static func adoptListener(_ descriptor: Int32) throws(SystemError) -> SocketAddress {
        var isListening: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: each number outlives its call, which writes no more than `length` says.
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0 else {
            throw SystemError("take over an inherited socket", code: errno)
        }
        var family: Int32 = 0
        _ = unsafe getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &length)
        guard isListening == 1, family == AF_INET || family == AF_INET6 else {
            throw SystemError("take over an inherited socket that isn't a listening TCP socket", code: EINVAL)
        }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw SystemError("take over an inherited socket", code: errno)
        }
        setNoDelay(descriptor)
        return try localAddress(of: descriptor)
    }

    /// Another descriptor of the same socket.
    static func duplicate(_ descriptor: Int32) throws(SystemError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw SystemError("duplicate a socket", code: errno) }
        return copy
    }
}
