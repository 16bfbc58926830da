/// What follows a 101: bytes both ways, until both peers have said that they are done or nothing has moved for `timeouts.tunnel`.
///
/// ```
///   client ── input ──▶ upstream        each way as far as it goes without blocking;
///   client ◀─ inbound ─ upstream        an end is passed on and leaves the other way open
/// ```
///
/// A buffer is held only while there is something in it: an idle WebSocket costs two sockets and a session.
final class Tunnel {
    private let session: ClientSession
    private let upstream: UpstreamConnection
    /// From the upstream, on its way to the client.
    private var inbound: Buffer?
    private var clientEnded = false
    private var upstreamEnded = false
    private var upstreamMustHearEnd = false
    private var progressed: Instant
    /// Whether what is sent to the ticket system arrives: the kernel asks nobody whether he is there while it has something to send to him.
    private var delivery = DeliveryWatch()
    /// The last time a whole unit came from the upstream.
    private var isBulk = false

    private(set) var bytesIn: UInt64 = 0
    private(set) var bytesOut: UInt64 = 0

    private var connection: ClientConnection { session.connection }

    /// - Parameter inbound: what the upstream has sent behind its 101.
    init(_ session: ClientSession, _ upstream: UpstreamConnection, inbound: Buffer?) {
        self.session = session
        self.upstream = upstream
        self.inbound = inbound
        progressed = session.worker.loop.now
    }

    /// Nil when both peers have ended it.
    func run() async -> ExchangeFailure? {
        defer { releaseInbound(evenIfFull: true) }
        // Either may be silent for long, and gone.
        let timeout = session.snapshot.timeouts.unacknowledgedMilliseconds
        for socket in [connection.socket, upstream.socket] {
            System.keepAlive(socket.descriptor, silentMilliseconds: 4 * timeout, unansweredMilliseconds: timeout)
        }
        while true {
            let outward = clientEnded ? tellUpstreamEnd() : takeFromClient()
            let inward = upstreamEnded ? passEnd() : takeFromUpstream()
            if outward == .done, inward == .done { return nil }
            if case .failed(let failure) = outward { return failure }
            if case .failed(let failure) = inward { return failure }
            if let failure = await pause(outward, inward) { return failure }
        }
    }

    // MARK: Client to upstream

    private func takeFromClient() -> Step {
        for _ in 0..<Step.budget {
            if let input = connection.input, !input.isEmpty {
                switch upstream.send(input) {
                case .bytes(let count):
                    bytesIn += UInt64(count)
                    progressed = connection.loop.now
                case .wouldBlock: return .blocked(upstream: [.writable])
                case .endOfStream, .failed:
                    // It reads no more. What it has said before that is still on its way to the client.
                    clientEnded = true
                    return .done
                }
                continue
            }
            switch upstream.flush() {
            case .done, .failed: break
            case .wouldBlock: return .blocked(upstream: [.writable])
            }
            connection.input?.clear()
            switch connection.fill() {
            case .bytes: continue
            case .wouldBlock:
                connection.releaseInput()
                return .blocked(downstream: [.readable])
            case .closed:
                connection.releaseInput()
                clientEnded = true
                upstreamMustHearEnd = true
                return tellUpstreamEnd()
            case .failed:
                clientEnded = true
                return upstreamEnded ? .done : .failed(.clientGone)
            }
        }
        return .budgetSpent
    }

    /// The client says nothing more; the upstream may.
    private func tellUpstreamEnd() -> Step {
        switch upstream.flush() {
        case .wouldBlock: return .blocked(upstream: [.writable])
        case .done where upstreamMustHearEnd: upstream.endWriting()
        case .done, .failed: break
        }
        upstreamMustHearEnd = false
        return .done
    }

    // MARK: Upstream to client

    private func takeFromUpstream() -> Step {
        let tls = connection.tls
        for _ in 0..<Step.budget {
            if let inbound, !inbound.isEmpty {
                let before = inbound.count
                let outcome = tls.write(inbound)
                if inbound.count < before { progressed = connection.loop.now }
                bytesOut += UInt64(before - inbound.count)
                switch outcome {
                case .done: continue
                case .wouldBlock: return .blocked(downstream: [.writable])
                case .failed: return .failed(.clientGone)
                }
            }
            switch tls.flush() {
            case .done: break
            case .wouldBlock: return .blocked(downstream: [.writable])
            case .failed: return .failed(.clientGone)
            }
            let buffer = inbound ?? connection.buffers.take()
            inbound = buffer
            buffer.clear()
            let unit = connection.unit(isBulk: isBulk)
            switch upstream.receive(into: buffer, limit: unit) {
            case .bytes(let count):
                isBulk = count == unit
                continue
            case .wouldBlock:
                releaseInbound()
                return .blocked(upstream: [.readable])
            case .endOfStream:
                releaseInbound()
                upstreamEnded = true
                return passEnd()
            case .failed: return .failed(.upstreamTruncated)
            }
        }
        return .budgetSpent
    }

    /// The upstream says nothing more; the client may.
    private func passEnd() -> Step {
        switch connection.endWriting() {
        case .done: .done
        case .wouldBlock: .blocked(downstream: [.writable])
        case .failed: .failed(.clientGone)
        }
    }

    private func releaseInbound(evenIfFull: Bool = false) {
        guard evenIfFull || inbound?.isEmpty ?? false else { return }
        if let inbound = inbound.take() { connection.buffers.give(inbound) }
    }

    // MARK: Waiting

    private func park(_ isParked: Bool) {
        connection.park(isParked)
        inbound?.park(isParked, in: connection.buffers)
    }

    private func pause(_ outward: Step, _ inward: Step) async -> ExchangeFailure? {
        let loop = connection.loop
        if outward == .budgetSpent || inward == .budgetSpent {
            await connection.waiter.yield()
            return connection.waiter.isAborted ? .aborted : nil
        }
        var downstreamInterest: Readiness = [.broken]
        var upstreamInterest: Readiness = [.broken]
        for case .blocked(let downstream, let upstream) in [outward, inward] {
            downstreamInterest.formUnion(downstream)
            upstreamInterest.formUnion(upstream)
        }
        upstream.socket.interest = upstreamInterest
        // A client whose bytes wait for the ticket system isn't read, and would go unnoticed.
        if connection.socket.isBroken, !connection.hasSaidEnd { return .clientGone }
        let deadline = progressed.advanced(byMilliseconds: session.snapshot.timeouts.tunnelMilliseconds)
        let timeout = connection.unacknowledgedMilliseconds
        // An end is acknowledged like a byte.
        delivery.note(sentBytes: bytesIn + (clientEnded ? 1 : 0), now: loop.now)
        let look = delivery.deadline(timeoutMilliseconds: timeout)
        // What is held for long is what one of them doesn't take.
        park(true)
        defer { park(false) }
        let wake = await connection.suspendDelivering(for: downstreamInterest, until: min(deadline, look))
        if loop.now >= look {
            let state = System.transmission(of: upstream.socket.descriptor)
            if delivery.isUnreachable(state, timeoutMilliseconds: timeout, now: loop.now) { return .upstreamUnreachable }
        }
        switch wake {
        case .ready: return nil
        case .aborted: return .aborted
        case .unreachable: return .clientUnreachable
        case .deadlineExceeded: return loop.now >= deadline ? .tunnelIdle : nil
        }
    }
}
