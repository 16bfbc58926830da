internal import CLinux
internal import Glibc

/// What the kernel knows of the way to a peer (`TCP_INFO`).
struct TransmissionState: Equatable {
    /// Segments that were sent and not acknowledged.
    var unacknowledged: UInt32 = 0
    /// How often in a row the first of them was sent again after waiting, in vain.
    var retransmits: UInt8 = 0
    /// Questions whether the peer has room again, which stay without an answer.
    var probes: UInt8 = 0
    /// Since the last word of the peer, be it only an acknowledgement.
    var silentMilliseconds: UInt32 = 0
    /// There is something to send, and room for it at the peer, and it doesn't leave, as through a firewall of this host: none of that counts as sent.
    /// After a while, which hangs on how fast the peer was, the kernel begins to ask.
    var isHeldBack = false

    /// All that was to be sent has arrived, and the kernel asks nothing.
    var isSettled: Bool { unacknowledged == 0 && probes == 0 && !isHeldBack }

    /// What we send, again and again, doesn't arrive, whatever else the peer says. One that merely doesn't read answers the kernel's questions;
    /// a single one may be on its way.
    var isLost: Bool { (unacknowledged > 0 && retransmits > 0) || probes >= 2 }

    /// Nobody answers what the kernel sends.
    func isUnreachable(forMilliseconds limit: Int) -> Bool { Int(silentMilliseconds) >= limit && isLost }
}

extension System {
    /// Nil for what isn't a TCP socket.
    static func transmission(of descriptor: Int32) -> TransmissionState? {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.transmission(of: descriptor) }
        #endif
        // The kernel's structure (linux/tcp.h). glibc's is its beginning, and ends before two members that are asked for: `tcpi_notsent_bytes` and
        // `tcpi_snd_wnd`, which stay 0 where the kernel is older than they are.
        var words = InlineArray<58, UInt32>(repeating: 0)
        var length = socklen_t(MemoryLayout.size(ofValue: words))
        // SAFETY: the array outlives the call, which writes no more than `length` says.
        guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &words, &length) == 0 else { return nil }
        // SAFETY: the array is longer than the structure, aligned alike, and any bits are a value of it.
        let info = unsafe withUnsafeBytes(of: words) { unsafe $0.load(as: tcp_info.self) }
        let (unsentBytes, peerWindow) = (words[36], words[57])
        return TransmissionState(
            unacknowledged: info.tcpi_unacked, retransmits: info.tcpi_retransmits, probes: info.tcpi_probes,
            silentMilliseconds: info.tcpi_last_ack_recv, isHeldBack: info.tcpi_unacked == 0 && unsentBytes > 0 && peerWindow > 0)
    }

    /// Bytes that a socket's buffer would take now, about; the kernel counts its own overhead with them.
    static func sendRoom(of descriptor: Int32) -> Int {
        #if SIMULATION
            if let kernel = Simulation.kernel { return kernel.sendRoom(of: descriptor) }
        #endif
        var counters = InlineArray<16, UInt32>(repeating: 0)
        var length = socklen_t(MemoryLayout<InlineArray<16, UInt32>>.size)
        // SAFETY: likewise.
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, &counters, &length) == 0 else { return 0 }
        return Int(counters[Int(SK_MEMINFO_SNDBUF)]) - Int(counters[Int(SK_MEMINFO_WMEM_QUEUED)])
    }

    /// Has the kernel ask a peer that is silent for so long whether it is still there, and end the connection (ETIMEDOUT) when a fourth
    /// question, each after a quarter of `unansweredMilliseconds`, stays without an answer.
    static func keepAlive(_ descriptor: Int32, silentMilliseconds: Int, unansweredMilliseconds: Int) {
        let tcp = Int32(IPPROTO_TCP)
        set(descriptor, level: tcp, option: TCP_KEEPIDLE, to: seconds(silentMilliseconds))
        set(descriptor, level: tcp, option: TCP_KEEPINTVL, to: seconds(unansweredMilliseconds / 4))
        set(descriptor, level: tcp, option: TCP_KEEPCNT, to: 4)
        set(descriptor, level: SOL_SOCKET, option: SO_KEEPALIVE, to: 1)
    }

    /// As the kernel takes it: 1 to 32 767.
    private static func seconds(_ milliseconds: Int) -> Int32 { Int32(min(max(1, (milliseconds + 999) / 1_000), 32_767)) }

    /// Whether an errno says that a peer can't be reached any more.
    static func isUnreachable(_ code: Int32) -> Bool {
        switch code {
        case ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN: true
        default: false
        }
    }
}
