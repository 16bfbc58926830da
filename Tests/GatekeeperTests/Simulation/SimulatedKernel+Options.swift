import Glibc

@testable import Gatekeeper

/// What is set on sockets, and asked of them.
extension SimulatedKernel {
    func set(_ descriptor: Int32, level: Int32, option: Int32, to value: Int32) -> Bool {
        socket(descriptor, "setsockopt") != nil
    }

    func setResetOnClose(_ descriptor: Int32, _ reset: Bool) -> Bool {
        guard let socket = socket(descriptor, "setsockopt") else { return false }
        socket.resetsOnClose = reset
        return true
    }

    func bind(_ descriptor: Int32, to address: SocketAddress) -> Int32 {
        guard let socket = socket(descriptor, "bind") else { return -EBADF }
        guard socket.state == .fresh else { return -EINVAL }
        socket.boundTo = address
        return 0
    }

    /// Of the listener's only: nothing asks for another's.
    func localAddress(of descriptor: Int32) -> SocketAddress {
        _ = socket(descriptor, "getsockname")
        return Scenario.listener
    }

    func pendingError(_ descriptor: Int32) -> Int32 {
        guard let socket = socket(descriptor, "getsockopt") else { return EBADF }
        defer { socket.error = 0 }
        return socket.error
    }

    func transmission(of descriptor: Int32) -> TransmissionState? {
        guard let socket = socket(descriptor, "getsockopt") else { return nil }
        var state = TransmissionState()
        guard let since = socket.wire?.vanishedAt, socket.state == .established else { return state }
        state.silentMilliseconds = UInt32((nanoseconds - since) / 1_000_000)
        state.unacknowledged = socket.outbox.isEmpty ? 0 : 1
        state.retransmits = socket.outbox.isEmpty ? 0 : 3
        return state
    }

    func sendRoom(of descriptor: Int32) -> Int { socket(descriptor, "getsockopt")?.sendRoom ?? 0 }
}
