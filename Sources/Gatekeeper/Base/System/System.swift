internal import CLinux
internal import Glibc

/// Every system call of the data plane, one wrapper each, one errno policy each.
///
/// EINTR is repeated. Would-block is a value. What a peer or the network did is a value. An errno that only a bug of ours can cause
/// (EBADF, EFAULT, EINVAL) is reported like a failure of that connection, so that it costs one connection and not the service.
package enum System {
    /// Monotonic time; no system call (vDSO).
    package static func now() -> Instant {
        #if SIMULATION
            if let kernel = Simulation.kernel { return Instant(nanoseconds: kernel.nanoseconds) }
        #endif
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    package static func wallMilliseconds() -> Int64 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.wallMilliseconds }
        #endif
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    static func describe(_ code: Int32) -> String {
        // SAFETY: for a code it knows, strerror returns a constant string of the C library; for others memory of this thread.
        guard let message = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: message)
    }

    // MARK: Bytes

    /// What a read or write of a socket came to.
    enum Transfer: Equatable {
        case bytes(Int)
        case wouldBlock
        case endOfStream
        case failed(Int32)
    }

    static func receive(_ descriptor: Int32, into room: UnsafeMutableBufferPointer<UInt8>, flags: Int32 = 0) -> Transfer {
        while true {
            let count = unsafe Call.receive(descriptor, room, flags)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .endOfStream }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed(errno)
            }
        }
    }

    /// Looks at what is there without taking it.
    static let peek = Int32(MSG_PEEK)

    /// Never raises SIGPIPE.
    ///
    /// With `more` the bytes wait in the kernel for what comes next, at most 200 ms.
    static func send(_ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>, more: Bool = false) -> Transfer {
        let flags = more ? Int32(MSG_NOSIGNAL) | Int32(MSG_MORE) : Int32(MSG_NOSIGNAL)
        while true {
            let count = unsafe Call.send(descriptor, bytes, flags)
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed(errno)
            }
        }
    }

    // MARK: Connections

    /// What `accept4` came to. The descriptor is the caller's to close.
    enum Accepted {
        case connection(Int32, SocketAddress)
        case wouldBlock
        /// The connection died in the queue, or the network reported an old error of it: nothing to do but go on (accept(2)).
        case aborted
        /// No descriptor or no memory for another socket; the connection still waits in the queue.
        case exhausted(Int32)
        /// The listener itself is broken.
        case failed(Int32)
    }

    static func accept(_ listener: Int32) -> Accepted {
        var storage = sockaddr_storage()
        while true {
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            let number = Call.accept(listener, &storage, flags)
            if number >= 0 {
                return .connection(number, SocketAddress(address: PeerAddress(peer: storage), port: SocketAddress(storage).port))
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(errno)
            case ECONNABORTED, EPROTO, EPERM, ETIMEDOUT, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
                ENETUNREACH:
                return .aborted
            default: return .failed(errno)
            }
        }
    }

    /// Begins a connection without blocking: `.bytes(0)` when it is up at once, `.wouldBlock` while it is on its way.
    static func connect(_ descriptor: Int32, to endpoint: ConnectAddress) -> Transfer {
        while true {
            let outcome = Call.connect(descriptor, to: endpoint)
            if outcome == 0 { return .bytes(0) }
            switch errno {
            case EINTR: continue
            case EINPROGRESS: return .wouldBlock
            default: return .failed(errno)
            }
        }
    }

    /// A stream socket, non-blocking and closed on exec.
    static func streamSocket(family: Int32) throws(SystemError) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = Call.socket(family, kind)
        guard number >= 0 else { throw SystemError("open a socket", code: errno) }
        return Descriptor(owning: number)
    }

    /// The error that an asynchronous connect or a reset left on the socket, 0 for none.
    static func pendingError(_ descriptor: Int32) -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.pendingError(descriptor) }
        #endif
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let outcome = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return outcome == 0 ? code : errno
    }

    @discardableResult
    static func set(_ descriptor: Int32, level: Int32, option: Int32, to value: Int32) -> Bool {
        Call.set(descriptor, level, option, value)
    }

    /// Lets segments leave at once: we send whole heads and records, so there is nothing for Nagle's algorithm to gather.
    static func setNoDelay(_ descriptor: Int32) {
        set(descriptor, level: Int32(IPPROTO_TCP), option: TCP_NODELAY, to: 1)
    }

    /// Chooses what `close` does: send RST and forget (`true`), or finish in the background (`false`).
    @discardableResult
    static func setResetOnClose(_ descriptor: Int32, _ reset: Bool) -> Bool {
        Call.setLinger(descriptor, reset)
    }

    /// Sends FIN; reading goes on.
    static func shutdownWriting(_ descriptor: Int32) {
        Call.shutdown(descriptor, SHUT_WR)
    }

    /// Ends both directions; a listener listens no more.
    static func shutdown(_ descriptor: Int32) {
        Call.shutdown(descriptor, SHUT_RDWR)
    }

    static func close(_ descriptor: Int32) {
        Call.close(descriptor)
    }

    // MARK: Listening

    /// Connections that may wait to be accepted; the kernel takes less where `net.core.somaxconn` says so.
    static let backlog: Int32 = 4096

    /// A listening socket of its own queue: every worker has one on the same address (`SO_REUSEPORT`), so that accepting needs no lock.
    ///
    /// Connections inherit what it sets here: no delay, and the filter, which is there before the first of them.
    ///
    /// - Parameter isFree: the address needn't be the machine's.
    static func listen(
        on address: SocketAddress, isIPv6Only: Bool = false, backlog: Int32 = System.backlog, filter: SocketFilter? = nil,
        isFree: Bool = false
    ) throws(SystemError) -> Descriptor {
        let socket = try bound(to: address, sharing: true, isIPv6Only: isIPv6Only, isFree: isFree)
        setNoDelay(socket.number)
        if let filter { try attach(filter, to: socket.number) }
        guard Glibc.listen(socket.number, backlog) == 0 else { throw SystemError("listen on \(address)", code: errno) }
        return socket
    }

    /// Fails with EADDRINUSE when another process listens there already. `SO_REUSEPORT` alone would let two daemons of one user share
    /// a port in silence, each getting half of the connections.
    static func probe(_ address: SocketAddress, isIPv6Only: Bool = false, isFree: Bool = false) throws(SystemError) {
        guard address.port != 0 else { return }
        _ = try bound(to: address, sharing: false, isIPv6Only: isIPv6Only, isFree: isFree)
    }

    static func bound(
        to address: SocketAddress, sharing: Bool, isIPv6Only: Bool = false, isFree: Bool
    ) throws(SystemError) -> Descriptor {
        let operation = "listen on \(address)"
        // By number 0 the kernel would complain of the address.
        if let zone = address.zone, NetworkInterface.index(of: zone) == nil { throw SystemError(operation, code: ENODEV) }
        let socket = try streamSocket(family: address.family)
        if isFree { bindFreely(socket.number, family: address.family) }
        set(socket.number, level: SOL_SOCKET, option: SO_REUSEADDR, to: 1)
        if sharing { set(socket.number, level: SOL_SOCKET, option: SO_REUSEPORT, to: 1) }
        if address.family == AF_INET6 {
            let takesBoth = address.address.isUnspecified && !isIPv6Only
            set(socket.number, level: Int32(IPPROTO_IPV6), option: IPV6_V6ONLY, to: takesBoth ? 0 : 1)
        }
        guard Call.bind(socket.number, to: address) == 0 else { throw SystemError(operation, code: errno) }
        return socket
    }

    /// The address a socket is bound to, its port filled in by the kernel.
    static func localAddress(of descriptor: Int32) throws(SystemError) -> SocketAddress {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.localAddress(of: descriptor) }
        #endif
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let outcome = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
        }
        guard outcome == 0 else { throw SystemError("read a socket's address", code: errno) }
        var address = SocketAddress(storage)
        address.zone = zone(of: storage)
        return address
    }

    // MARK: Events

    static func epoll() throws(SystemError) -> Descriptor {
        let number = Call.epollCreate()
        guard number >= 0 else { throw SystemError("epoll_create1", code: errno) }
        return Descriptor(owning: number)
    }

    /// Edge-triggered, for everything, once: no `epoll_ctl` follows in the life of the socket (closing it removes it).
    static func register(_ descriptor: Int32, with epoll: Int32, token: UInt64) throws(SystemError) {
        let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        guard Call.epollAdd(epoll, descriptor, events, token) == 0 else {
            throw SystemError("epoll_ctl", code: errno)
        }
    }

    /// Number of events, 0 also when a signal came in between.
    static func wait(_ epoll: Int32, into events: UnsafeMutableBufferPointer<epoll_event>, timeoutMilliseconds: Int32) -> Int {
        max(0, unsafe Call.epollWait(epoll, events, timeoutMilliseconds))
    }

    /// A counter that another thread can raise to end this thread's `epoll_wait`.
    static func eventDescriptor() throws(SystemError) -> Descriptor {
        let number = Call.eventCreate()
        guard number >= 0 else { throw SystemError("eventfd", code: errno) }
        return Descriptor(owning: number)
    }

    static func raise(_ eventDescriptor: Int32) {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.raise(eventDescriptor) }
        #endif
        _ = eventfd_write(eventDescriptor, 1)
    }

    static func lower(_ eventDescriptor: Int32) {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.lower(eventDescriptor) }
        #endif
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(eventDescriptor, &count)
    }

    /// Waits for a descriptor to become readable, at most so long (negative: without limit). Blocks; never called on a worker.
    static func waitReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }

    /// Blocks; never called on a worker.
    static func sleep(milliseconds: Int32) {
        _ = poll(nil, 0, milliseconds)
    }

    // MARK: Names

    /// The addresses of a name, in the order in which RFC 6724 would try them; empty when there are none. Blocks for as long as name servers take.
    package static func resolve(host: String, port: UInt16) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = unsafe list
        while let current = unsafe entry {
            // SAFETY: each entry holds an address of `ai_addrlen` bytes; it is copied into storage of the largest size before it is read.
            if let source = unsafe current.pointee.ai_addr, unsafe current.pointee.ai_addrlen <= MemoryLayout<sockaddr_storage>.size {
                var storage = sockaddr_storage()
                unsafe withUnsafeMutableBytes(of: &storage) { bytes in
                    unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Int(current.pointee.ai_addrlen)))
                }
                var address = SocketAddress(storage)
                address.port = port
                if !addresses.contains(address) { addresses.append(address) }
            }
            unsafe entry = current.pointee.ai_next
        }
        return addresses
    }

    // MARK: The process

    /// Processors this process may run on.
    static func processorCount() -> Int {
        max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// Descriptors that this process may have open.
    static func descriptorsMax() -> Int {
        Int(clamping: sysconf(Int32(_SC_OPEN_MAX)))
    }

    /// A descriptor to give up when no other is left; see `DescriptorReserve`.
    static func openNull() -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.null() }
        #endif
        return unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    static func randomSeed() -> UInt64 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.randomNumber() }
        #endif
        var seed: UInt64 = 0
        _ = unsafe withUnsafeMutableBytes(of: &seed) { unsafe clinux_getrandom($0.baseAddress!, $0.count) }
        return seed
    }
}
