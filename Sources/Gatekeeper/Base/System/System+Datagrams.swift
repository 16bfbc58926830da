internal import Glibc

/// Datagrams to the system's log.
extension System {
    /// A UNIX datagram socket, non-blocking and closed on exec.
    static func datagramSocket() throws(SystemError) -> Descriptor {
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = Glibc.socket(AF_UNIX, kind, 0)
        guard number >= 0 else { throw SystemError("open a socket", code: errno) }
        return Descriptor(owning: number)
    }

    /// The bytes go whole or not at all.
    static func send(_ descriptor: Int32, datagram: Span<UInt8>) -> Transfer {
        // SAFETY: the pointer and count are those of a borrowed span, which the kernel only reads.
        unsafe datagram.withUnsafeBufferPointer { unsafe send(descriptor, $0) }
    }

    /// Waits until a descriptor takes bytes, at most so long. Blocks; never called on a worker.
    static func waitWritable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // SAFETY: one entry, alive during the call.
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}
