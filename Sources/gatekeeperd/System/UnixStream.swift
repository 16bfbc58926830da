internal import CLinux
internal import Gatekeeper
internal import Glibc

/// A connected UNIX socket that never blocks.
struct UnixStream: ~Copyable {
    private let descriptor: Descriptor

    /// What moving bytes came to.
    enum Transfer: Equatable {
        case bytes([UInt8])
        case wouldBlock
        case ended
    }

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Connects, which with a UNIX socket succeeds or fails at once.
    init(to address: UnixAddress) throws(SystemError) {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard number >= 0 else { throw SystemError("open a socket", code: errno) }
        let descriptor = Descriptor(owning: number)
        guard unsafe address.withSocketAddress({ unsafe connect(number, $0, $1) }) == 0 else {
            throw SystemError("connect to \(address.path)", code: errno)
        }
        self.descriptor = descriptor
    }

    var number: Int32 { descriptor.number }

    func receive(bytesMax: Int) -> Transfer {
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        while true {
            // SAFETY: the kernel writes at most `bytesMax` bytes into the array, which has as many.
            let count = unsafe recv(descriptor.number, &bytes, bytesMax, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return .wouldBlock }
            guard count > 0 else { return .ended }
            bytes.removeLast(bytesMax - count)
            return .bytes(bytes)
        }
    }

    /// How many of the bytes the kernel took, 0 when it takes none now; nil when the peer is gone.
    func send(_ bytes: ArraySlice<UInt8>) -> Int? {
        while true {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                // SAFETY: the buffer is the slice, which lives until the closure returns.
                unsafe Glibc.send(descriptor.number, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return count }
            if errno == EINTR { continue }
            return errno == EAGAIN ? 0 : nil
        }
    }

    /// Waits until it is ready; false after `milliseconds`.
    func wait(until interest: ReadinessSet.Interest, milliseconds: Int) -> Bool {
        let deadline = System.now().advanced(byMilliseconds: milliseconds)
        while true {
            let left = deadline.nanoseconds(since: System.now()) / 1_000_000
            var waiting = pollfd(fd: descriptor.number, events: Int16(interest == .readable ? POLLIN : POLLOUT), revents: 0)
            // SAFETY: one local structure.
            let ready = unsafe poll(&waiting, 1, Int32(clamping: left))
            if ready > 0 { return true }
            if ready == 0 || errno != EINTR { return false }
        }
    }

    /// Who is at the other end, as the kernel knew them when they connected; nil when it can't say.
    func peerCredentials() -> PeerCredentials? {
        var user: uid_t = 0
        var group: gid_t = 0
        // SAFETY: the call writes one number to each.
        guard unsafe clinux_peer_credentials(descriptor.number, &user, &group) == 0 else { return nil }
        // Whoever is in more groups than these (Linux allows 65 536) is known by the first group alone.
        var groups = [gid_t](repeating: 0, count: 1024)
        var bytes = socklen_t(groups.count * MemoryLayout<gid_t>.size)
        // SAFETY: the kernel writes at most that many bytes, and sets `bytes` to what it wrote.
        if unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_PEERGROUPS, &groups, &bytes) != 0 { bytes = 0 }
        groups.removeLast(groups.count - Int(bytes) / MemoryLayout<gid_t>.size)
        return PeerCredentials(user: user, group: group, supplementaryGroups: groups)
    }
}
