/// A connection from a load balancer, up to the end of the header that says whose it is.
///
/// The header is looked at where the kernel keeps it and taken off once it is whole: not a byte behind it is read before the verdict, and what
/// follows goes to TLS from the socket. A balancer that drips bytes makes us look at 2 KiB again for each, until the handshake's deadline.
final class ProxyGreeting {
    private enum Outcome {
        /// `goesOn`: of a balancer that speaks for itself and isn't listed, whether anything came behind it.
        case header(ProxyHeader, goesOn: Bool)
        /// Something else came, or nothing in time.
        case noHeader
        /// Closed before its first byte: whoever only looks whether we listen.
        case left
        /// The service ends.
        case aborted
    }

    let arrival: ProxyArrival
    let socket: Socket
    let waiter: Waiter
    private let worker: WorkerContext

    init(_ arrival: ProxyArrival, worker: WorkerContext) throws(SystemError) {
        self.arrival = arrival
        self.worker = worker
        waiter = Waiter(on: worker.loop)
        // What it sent with the connection is there already.
        socket = try Socket(Descriptor(owning: arrival.descriptor), on: worker.loop, readiness: [.readable, .writable])
        socket.waiter = waiter
        socket.interest = [.readable, .peerClosed, .broken]
    }

    /// Up to the verdict on whom it is by.
    func run() async -> Verdict { judge(await header()) }

    enum Verdict {
        case admitted(Admitted)
        /// A stranger, while a challenge is pending.
        case visitor(ChallengeVisitor)
        /// It has been closed.
        case over
    }

    private func header() async -> Outcome {
        defer { waiter.end() }
        while true {
            if let outcome = look() {
                guard case .header(let header, _) = outcome, isOwnCheck(header) else { return outcome }
                return .header(header, goesOn: await goesOn())
            }
            switch await waiter.wait(until: deadline) {
            case .ready: continue
            case .deadlineExceeded: if worker.loop.now >= deadline { return worker.isDraining ? .aborted : .noHeader }
            case .aborted: return .aborted
            }
        }
    }

    /// A load balancer that isn't listed looks whether we are there.
    private func isOwnCheck(_ header: ProxyHeader) -> Bool {
        header.named(besides: arrival.balancer) == nil && worker.entry(for: arrival.balancer) == nil
    }

    /// Whether anything comes behind the header within a moment: a check that only connects closes at once, one by TLS says hello.
    private func goesOn() async -> Bool {
        let deadline = min(deadline, worker.loop.now.advanced(byMilliseconds: Self.lookMilliseconds))
        while true {
            if socket.isReadable {
                let scratch = worker.buffers.take()
                defer { worker.buffers.give(scratch) }
                switch socket.peek(into: scratch, limit: 1) {
                case .bytes: return true
                case .endOfStream, .failed: return false
                case .wouldBlock: break
                }
            }
            if socket.peerClosed || socket.isBroken { return false }
            switch await waiter.wait(until: deadline) {
            case .ready: continue
            case .deadlineExceeded: if worker.loop.now >= deadline { return false }
            case .aborted: return false
            }
        }
    }

    /// The handshake's, which counts from the accept; less while draining.
    private var deadline: Instant {
        let timeout = arrival.snapshot.timeouts.handshakeMilliseconds
        return arrival.accepted.advanced(byMilliseconds: worker.isDraining ? min(timeout, Self.drainMilliseconds) : timeout)
    }

    private static let drainMilliseconds = 1_000
    private static let lookMilliseconds = 1_000

    /// Nil while the header may still become whole.
    private func look() -> Outcome? {
        guard socket.isReadable else { return nil }
        let scratch = worker.buffers.take()
        defer { worker.buffers.give(scratch) }
        switch socket.peek(into: scratch, limit: ProxyHeader.bytesMax) {
        case .wouldBlock: return nil
        case .endOfStream, .failed: return .left
        case .bytes: break
        }
        switch ProxyHeader.parse(scratch.readable) {
        case .parsed(let header): return socket.take(header.byteCount, into: scratch) ? .header(header, goesOn: false) : .noHeader
        case .refused: return .noHeader
        // Behind a FIN nothing comes.
        case .needsMore: return socket.peerClosed ? .noHeader : nil
        }
    }

    // MARK: The verdict

    private func judge(_ outcome: Outcome) -> Verdict {
        guard case .header(let header, let goesOn) = outcome else {
            if case .noHeader = outcome { deny(arrival.balancer, because: .proxyHeader) }
            socket.reset()
            return .over
        }
        let snapshot = worker.snapshot
        // Settings that came while the header was waited for may believe this balancer no longer.
        let policy = snapshot.listenerPolicies[arrival.wanted] ?? arrival.policy
        guard policy.expectsHeader(from: arrival.balancer) else {
            deny(arrival.balancer, because: .notListed)
            return .over
        }
        let named = header.named(besides: arrival.balancer)
        let peer = named?.address ?? arrival.balancer
        let proxy = named == nil ? nil : arrival.balancer
        if named == nil, worker.entry(for: peer) == nil {
            // Who only looked whether we are there has seen that. Nobody was turned away.
            if goesOn { deny(peer, because: .balancerCheck) } else { socket.close() }
            return .over
        }
        switch snapshot.decide(peer, nowUnixSeconds: worker.loop.wallUnixSeconds, now: worker.loop.now) {
        case .admitted(let entry):
            return .admitted(
                Admitted(
                    descriptor: socket.descriptor, peer: peer, port: named?.port ?? arrival.port, proxy: proxy, entry: entry,
                    listener: arrival.listener, accepted: arrival.accepted, tls: policy.tls[worker.index], snapshot: snapshot))
        case .denied(let reason):
            if let window = snapshot.window, window.isOpen(to: reason, at: worker.loop.now) {
                return .visitor(
                    ChallengeVisitor(
                        peer: peer, proxy: proxy, listener: arrival.listener, accepted: arrival.accepted,
                        wants: .handshake(denied: reason)))
            }
            deny(peer, proxy: proxy, because: reason)
            return .over
        }
    }

    private func deny(_ peer: PeerAddress, proxy: PeerAddress? = nil, because reason: DenialReason) {
        if worker.snapshot.onDeny != .close || reason == .proxyHeader { socket.reset() } else { socket.close() }
        worker.deny(peer, proxy: proxy, on: arrival.listener, because: reason)
    }
}

/// A connection from a load balancer that has yet to say whose it is.
struct ProxyArrival: Sendable {
    let descriptor: Int32
    let balancer: PeerAddress
    /// The balancer's.
    let port: UInt16
    let listener: Int
    let accepted: Instant
    /// As the settings call the listener.
    let wanted: SocketAddress
    let policy: Snapshot.ListenerPolicy
    /// What it is counted by.
    let snapshot: Snapshot
}
