import Glibc

@testable import Gatekeeper

/// The far end of a connection: what a peer does, one call at a time. A call waits at most ten seconds for the kernel.
final class PeerSocket {
    enum Received: Equatable {
        case bytes([UInt8])
        case end
        case failed(Int32)
        /// Nothing is there (`waits: false`), or ten seconds have passed.
        case nothing
    }

    let descriptor: Int32
    private var isOpen = true

    init(adopting descriptor: Int32) {
        self.descriptor = descriptor
        var time = timeval(tv_sec: 10, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit {
        close()
    }

    /// Connects over TCP and waits until the connection is up.
    convenience init(connectingTo address: SocketAddress, receiveBufferBytes: Int32? = nil) throws {
        self.init(adopting: socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        if let receiveBufferBytes { System.set(descriptor, level: SOL_SOCKET, option: SO_RCVBUF, to: receiveBufferBytes) }
        let outcome = System.connect(descriptor, to: .ip(address))
        guard outcome == .bytes(0) else { throw SystemError("connect to \(address): \(outcome)", code: errno) }
    }

    /// How many bytes the kernel took.
    @discardableResult
    func send(_ bytes: some Sequence<UInt8>, waits: Bool = true) -> Int {
        let bytes = Array(bytes)
        let flags = Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT))
        return max(0, unsafe Glibc.send(descriptor, bytes, bytes.count, flags))
    }

    func receive(max: Int = 64 << 10, waits: Bool = true) -> Received {
        var bytes = [UInt8](repeating: 0, count: max)
        let count = unsafe recv(descriptor, &bytes, max, waits ? 0 : Int32(MSG_DONTWAIT))
        if count > 0 { return .bytes(Array(bytes.prefix(count))) }
        if count == 0 { return .end }
        return errno == EAGAIN ? .nothing : .failed(errno)
    }

    /// Bytes that have arrived and wait to be received.
    var waitingBytes: Int {
        var count: Int32 = 0
        return unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
    }

    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    func reset() {
        System.setResetOnClose(descriptor, true)
        close()
    }

    /// Another descriptor of the same end, non-blocking as a worker needs it.
    func duplicate() throws -> Descriptor {
        let number = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard number >= 0, fcntl(number, F_SETFL, O_NONBLOCK) == 0 else { throw SystemError("dup", code: errno) }
        return Descriptor(owning: number)
    }

    func close() {
        if isOpen { Glibc.close(descriptor) }
        isOpen = false
    }
}
