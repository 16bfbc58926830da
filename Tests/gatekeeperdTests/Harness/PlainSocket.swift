import CLinux
import Glibc
import Synchronization

/// A blocking stream socket whose every wait has a timeout; closed with its last reference.
///
/// One thread owns it; another may `abort` it, which never closes the number that the owner still uses.
final class PlainSocket: Sendable {
    let descriptor: Int32
    private let isOpen = Mutex(true)
    /// The reset had already arrived when `connect` returned.
    private let isResetAtConnect = Atomic(false)

    /// Takes over `descriptor`.
    init(adopting descriptor: Int32, timeoutSeconds: Int = 30) {
        self.descriptor = descriptor
        setTimeout(milliseconds: timeoutSeconds * 1000)
    }

    /// Connects, from `source` if one is given.
    convenience init(to peer: SocketName, from source: SocketName? = nil, timeoutSeconds: Int = 30, receiveBufferBytes: Int32? = nil) throws
    {
        var (peer, source) = (peer, source)
        let descriptor = socket(peer.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket: error \(errno)") }
        self.init(adopting: descriptor, timeoutSeconds: timeoutSeconds)
        if let receiveBufferBytes { setOption(SOL_SOCKET, SO_RCVBUF, receiveBufferBytes) }
        if source != nil {
            // The port is chosen at connect, for the pair of addresses: a flood from one source doesn't run out of ports.
            setOption(Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1)
            guard unsafe source!.withPointer({ unsafe bind(descriptor, $0, $1.pointee) }) == 0 else {
                throw Failure("bind: error \(errno)")
            }
        }
        guard unsafe peer.withPointer({ unsafe connect(descriptor, $0, $1.pointee) }) == 0 else {
            guard errno == ECONNRESET else { throw Failure("connect: error \(errno)") }
            isResetAtConnect.store(true, ordering: .relaxed)
            return
        }
        setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    deinit {
        close()
    }

    /// Has the kernel keep what is sent, until (false) all of it leaves in one go.
    func hold(_ isHeld: Bool) {
        var value: Int32 = isHeld ? 1 : 0
        // SAFETY: the kernel reads one number and keeps no pointer.
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    func setTimeout(milliseconds: Int) {
        var time = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            // SAFETY: the kernel reads one `timeval` and keeps no pointer.
            unsafe setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    func receive(max: Int = 64 << 10) -> Received {
        if isResetAtConnect.load(ordering: .relaxed) { return .ended(.reset) }
        var count = 0
        var error: Int32 = 0
        // SAFETY: the kernel writes at most `max` bytes into memory of that size, and only what it wrote is made part of the array.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: max) { buffer, initialized in
            repeat { count = unsafe recv(descriptor, buffer.baseAddress, max, 0) } while count < 0 && errno == EINTR
            error = errno
            initialized = Swift.max(count, 0)
        }
        if count > 0 { return .bytes(bytes) }
        if count == 0 { return .ended(.fin) }
        switch error {
        case EAGAIN: return .ended(.timedOut)
        case ECONNRESET, EPIPE: return .ended(.reset)
        default: return .ended(.failed("recv: error \(error)"))
        }
    }

    /// Sends everything, or says why not.
    func send(_ bytes: [UInt8]) -> StreamEnding? {
        var sent = 0
        while sent < bytes.count {
            // SAFETY: the range is within the array, which outlives the call.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(descriptor, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                return .timedOut
            } else if errno != EINTR {
                return errno == ECONNRESET || errno == EPIPE ? .reset : .failed("send: error \(errno)")
            }
        }
        return nil
    }

    /// Sends what the kernel takes within the timeout; 0 when that is nothing. Throws when the connection is gone.
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int {
        // SAFETY: the buffer is the slice, which outlives the call.
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count < 0, errno != EAGAIN { throw Failure("the connection broke while sending") }
        return max(count, 0)
    }

    /// What `body` sends leaves in as few segments as it fits, an end included, instead of one for each call.
    func joined(_ body: () throws -> Void) rethrows {
        setOption(Int32(IPPROTO_TCP), TCP_CORK, 1)
        defer { setOption(Int32(IPPROTO_TCP), TCP_CORK, 0) }
        try body()
    }

    /// FIN after what was sent; reading goes on.
    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// RST instead of FIN.
    func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        // SAFETY: the kernel reads one `linger` and keeps no pointer.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    func close() {
        isOpen.withLock { isOpen in
            if isOpen { Glibc.close(descriptor) }
            isOpen = false
        }
    }

    /// Ends the connection under its owner, from any thread; does nothing once it is closed and its number somebody else's.
    func abort() {
        isOpen.withLock { isOpen in
            if isOpen { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func setOption(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // SAFETY: the kernel reads one `int` and keeps no pointer.
        unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
