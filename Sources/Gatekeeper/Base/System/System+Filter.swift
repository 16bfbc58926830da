internal import CLinux
internal import Glibc

extension SystemError {
    /// The process lacks a capability.
    var isLackOfPrivilege: Bool { code == EPERM }
    var isLackOfMemory: Bool { code == ENOMEM }
}

/// Filters on sockets (packet(7), `SO_ATTACH_FILTER`): newer kernels take them on TCP sockets from those with CAP_NET_ADMIN only.
extension System {
    /// Puts a filter in the place of the one that a socket has.
    static func attach(_ filter: SocketFilter, to descriptor: Int32) throws(SystemError) {
        var code = tryAttaching(filter, to: descriptor)
        if code == ENOMEM {
            // Both count against `net.core.optmem_max` while one replaces the other. Whoever gets through in between is judged all the same.
            detachFilter(from: descriptor)
            code = tryAttaching(filter, to: descriptor)
        }
        guard code != EPERM else { throw SystemError("attach a filter to a listening socket, which takes CAP_NET_ADMIN", code: code) }
        guard code == 0 else { throw SystemError("attach a filter to a listening socket", code: code) }
    }

    /// 0, or an errno.
    private static func tryAttaching(_ filter: SocketFilter, to descriptor: Int32) -> Int32 {
        var instructions = filter.instructions.map {
            sock_filter(code: $0.code, jt: $0.jumpTrue, jf: $0.jumpFalse, k: $0.value)
        }
        let count = UInt16(clamping: instructions.count)
        // SAFETY: the kernel copies `count` instructions from the array, which outlives the call, and keeps no pointer.
        let outcome = unsafe instructions.withUnsafeMutableBufferPointer { buffer in
            var program = unsafe sock_fprog(len: count, filter: buffer.baseAddress)
            return unsafe setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
        }
        return outcome == 0 ? 0 : errno
    }

    /// Takes away a socket's filter if it has one; nobody needs a privilege for that.
    static func detachFilter(from descriptor: Int32) {
        set(descriptor, level: SOL_SOCKET, option: SO_DETACH_FILTER, to: 0)
    }

    /// Packets that the kernel has dropped at this socket in all, by its filter and, few, for other reasons; wraps at 2³².
    static func drops(at descriptor: Int32) -> UInt32 {
        #if SIMULATION
            if Simulation.kernel != nil { return 0 }
        #endif
        var counters = InlineArray<16, UInt32>(repeating: 0)
        var length = socklen_t(MemoryLayout<InlineArray<16, UInt32>>.size)
        let outcome = unsafe getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, &counters, &length)
        return outcome == 0 ? counters[Int(SK_MEMINFO_DROPS)] : 0
    }

    /// Tries a filter on a socket that nobody knows of: throws what `attach` to a listener would.
    static func probe(_ filter: SocketFilter) throws(SystemError) {
        let socket = try streamSocket(family: AF_INET)
        try attach(filter, to: socket.number)
    }
}
