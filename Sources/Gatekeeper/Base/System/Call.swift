internal import CLinux
internal import Glibc

/// The system calls of the data path as the C library has them: a negative result leaves its errno.
///
/// Where a thread has a kernel of its own (`Kernel`), they go there. In a release build each is the C library's and nothing else.
enum Call {
    @inline(__always)
    static func receive(_ descriptor: Int32, _ room: UnsafeMutableBufferPointer<UInt8>, _ flags: Int32) -> Int {
        #if SIMULATION
            if let kernel = Simulation.kernel {
                return outcome(unsafe kernel.receive(descriptor, into: UnsafeMutableRawBufferPointer(room), flags: flags))
            }
        #endif
        return unsafe recv(descriptor, room.baseAddress, room.count, flags)
    }

    @inline(__always)
    static func send(_ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>, _ flags: Int32) -> Int {
        #if SIMULATION
            if let kernel = Simulation.kernel {
                return outcome(unsafe kernel.send(descriptor, UnsafeRawBufferPointer(bytes), flags: flags))
            }
        #endif
        return unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
    }

    @inline(__always)
    static func accept(_ listener: Int32, _ storage: inout sockaddr_storage, _ flags: Int32) -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel {
                let (number, peer) = kernel.accept(listener)
                unsafe ConnectAddress.ip(peer).withSocketAddress { address, length in
                    // SAFETY: sockaddr_storage is as large as every address family's structure.
                    unsafe withUnsafeMutableBytes(of: &storage) {
                        unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
                    }
                }
                return Int32(outcome(Int(number)))
            }
        #endif
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe clinux_accept4(listener, &storage, &length, flags)
    }

    @inline(__always)
    static func connect(_ descriptor: Int32, to endpoint: ConnectAddress) -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return Int32(outcome(Int(kernel.connect(descriptor, to: endpoint)))) }
        #endif
        return unsafe endpoint.withSocketAddress { address, length in unsafe Glibc.connect(descriptor, address, length) }
    }

    @inline(__always)
    static func bind(_ descriptor: Int32, to address: SocketAddress) -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return Int32(outcome(Int(kernel.bind(descriptor, to: address)))) }
        #endif
        return unsafe ConnectAddress.ip(address).withSocketAddress { address, length in unsafe Glibc.bind(descriptor, address, length) }
    }

    @inline(__always)
    static func socket(_ family: Int32, _ kind: Int32) -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return Int32(outcome(Int(kernel.socket(family: family)))) }
        #endif
        return Glibc.socket(family, kind, 0)
    }

    @inline(__always)
    static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.set(descriptor, level: level, option: option, to: value) }
        #endif
        var value = value
        return unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    @inline(__always)
    static func setLinger(_ descriptor: Int32, _ reset: Bool) -> Bool {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.setResetOnClose(descriptor, reset) }
        #endif
        var value = linger(l_onoff: reset ? 1 : 0, l_linger: 0)
        return unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size)) == 0
    }

    @inline(__always)
    static func shutdown(_ descriptor: Int32, _ how: Int) {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.shutdown(descriptor, how: Int32(how)) }
        #endif
        _ = Glibc.shutdown(descriptor, Int32(how))
    }

    @inline(__always)
    static func close(_ descriptor: Int32) {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.close(descriptor) }
        #endif
        _ = Glibc.close(descriptor)
    }

    @inline(__always)
    static func epollCreate() -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return Int32(outcome(Int(kernel.epoll()))) }
        #endif
        return epoll_create1(Int32(EPOLL_CLOEXEC))
    }

    @inline(__always)
    static func epollAdd(_ epoll: Int32, _ descriptor: Int32, _ events: UInt32, _ token: UInt64) -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel {
                return Int32(outcome(Int(kernel.register(descriptor, with: epoll, events: events, token: token))))
            }
        #endif
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.u64 = token
        return unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }

    @inline(__always)
    static func epollWait(_ epoll: Int32, _ events: UnsafeMutableBufferPointer<epoll_event>, _ timeoutMilliseconds: Int32) -> Int {
        #if SIMULATION
            if let kernel = Simulation.kernel {
                var count = 0
                return outcome(
                    kernel.wait(epoll, eventsMax: events.count, timeoutMilliseconds: timeoutMilliseconds) { bits, token in
                        unsafe events[count].events = bits
                        unsafe events[count].data.u64 = token
                        count += 1
                    })
            }
        #endif
        guard let address = events.baseAddress else { return 0 }
        return Int(unsafe epoll_wait(epoll, address, Int32(events.count), timeoutMilliseconds))
    }

    @inline(__always)
    static func eventCreate() -> Int32 {
        #if SIMULATION
            if let kernel = Simulation.kernel { return Int32(outcome(Int(kernel.eventDescriptor()))) }
        #endif
        return eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    }

    #if SIMULATION
        /// A kernel's answer, as the C library gives it.
        private static func outcome(_ answer: Int) -> Int {
            guard answer < 0 else { return answer }
            errno = Int32(-answer)
            return -1
        }
    #endif
}
