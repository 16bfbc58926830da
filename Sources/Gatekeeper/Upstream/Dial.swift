internal import Glibc

/// Opening a connection to the ticket system.
enum DialOutcome {
    case connected(UpstreamConnection)
    /// Every address failed; the errno of the last one (0: the name has no address).
    case failed(Int32)
    /// Connected, but not to who it must be, or not by TLS.
    case untrusted(UpstreamTLSFailure)
    case timedOut
    /// It can't be one that comes from the client's address.
    case untransparent(TransparencyFailure)
    /// None is known to answer, or all have been tried.
    case noneHealthy
    /// As many requests wait for a connection as may.
    case queueFull
    /// None came free in time.
    case queueTimedOut
    case aborted

    /// The word for why there is no connection; nil when there is one.
    var reason: StaticString? {
        switch self {
        case .connected: nil
        case .failed(let code): Self.reason(code)
        case .untrusted(let failure): failure.reason
        case .timedOut: "connect_timeout"
        case .untransparent: TransparencyFailure.reason
        case .noneHealthy, .queueFull, .queueTimedOut, .aborted: "aborted"
        }
    }

    /// Of several addresses the failure is told that says most: one that this host has no way to, as to a family that it hasn't got, says nothing.
    fileprivate var weight: Int {
        switch self {
        case .failed(0): 0
        case .failed(ENETUNREACH), .failed(EHOSTUNREACH), .failed(EAFNOSUPPORT), .failed(EADDRNOTAVAIL): 1
        case .untrusted: 3
        default: 2
        }
    }

    /// What failed is this host: it says nothing of who was to be reached.
    var isOurs: Bool {
        switch self {
        case .failed(EMFILE), .failed(ENFILE), .failed(ENOBUFS), .failed(ENOMEM), .failed(EADDRNOTAVAIL): true
        default: false
        }
    }

    /// The word for an errno of `failed`.
    static func reason(_ code: Int32) -> StaticString {
        switch code {
        case 0: "name_not_resolved"
        case ECONNREFUSED: "connect_refused"
        case ENOENT: "connect_no_such_socket"
        case EACCES, EPERM: "connect_not_permitted"
        case EHOSTUNREACH, ENETUNREACH: "connect_unreachable"
        case EMFILE, ENFILE: "descriptors"
        default: "connect_failed"
        }
    }
}

extension UpstreamPool {
    /// Connects to the first address that answers. Suspends `waiter`; each address has `timeoutMilliseconds` of its own, all together have until
    /// `end`: where that is less, none takes the others' share of it.
    ///
    /// - Parameters:
    ///   - serverName: what to ask for where the configuration says no name (`UpstreamTLS.asksByHost`).
    ///   - shown: for whom it is, where the ticket system is to see that; nil for ourselves.
    func dial(
        waiter: Waiter, on loop: EventLoop, timeoutMilliseconds: Int, until end: Instant = .distantFuture, serverName: String? = nil,
        showing shown: ShownClient? = nil
    ) async -> DialOutcome {
        var outcome = DialOutcome.failed(0)
        let epoch = target.currentEpoch
        let addresses = target.addresses(at: loop.now)
        var failed: [ConnectAddress] = []
        for (index, address) in addresses.enumerated() {
            let share = Int(end.nanoseconds(since: loop.now) / 1_000_000) / (addresses.count - index)
            let deadline = loop.now.advanced(byMilliseconds: min(timeoutMilliseconds, share))
            guard mayCome(from: shown, to: address) else {
                // Another of its addresses may be of the client's family.
                if case .failed(0) = outcome { outcome = .untransparent(.otherFamily) }
                continue
            }
            let stamp: FileStamp? = if case .unix(let path) = address { FileStamp(path: path) } else { nil }
            var latest = await connect(address, waiter: waiter, loop: loop, deadline: deadline, serverName: serverName, shown)
            if case .timedOut = latest, isTransparent(for: shown), await answersUs(address, waiter: waiter, on: loop, until: end) {
                latest = .untransparent(.noWayBack)
            }
            switch latest {
            case .connected(let connection):
                connection.epoch = epoch
                connection.stamp = stamp
                if let shown, isTransparent(for: shown) {
                    target.untransparent.succeed(shown.address)
                } else if !failed.isEmpty {
                    target.demote(failed, now: loop.now)
                }
                return latest
            case .aborted: return latest
            case .failed, .untrusted, .timedOut, .untransparent, .noneHealthy, .queueFull, .queueTimedOut: break
            }
            failed.append(address)
            if latest.weight >= outcome.weight { outcome = latest }
            if loop.now >= end { break }
        }
        if case .untransparent(let failure) = outcome, let shown {
            target.untransparent.fail(shown.address, failure, at: loop.wallMilliseconds)
        }
        target.reportConnectFailure()
        return outcome
    }

    private func isTransparent(for shown: ShownClient?) -> Bool { shown != nil && target.clientAddress.source == .client }

    /// Both ends of a connection are of one family.
    private func mayCome(from shown: ShownClient?, to address: ConnectAddress) -> Bool {
        guard let shown, isTransparent(for: shown) else { return true }
        return address.family == (shown.address.isIPv4 ? AF_INET : AF_INET6)
    }

    /// Whether a connection of our own is taken, where one from a client's address has got no answer: then what is missing is its way back.
    private func answersUs(_ address: ConnectAddress, waiter: Waiter, on loop: EventLoop, until end: Instant) async -> Bool {
        let deadline = min(end, loop.now.advanced(byMilliseconds: Self.proofMilliseconds))
        guard case .connected(let socket) = await connectSocket(address, from: nil, waiter: waiter, loop: loop, deadline: deadline) else {
            return false
        }
        socket.reset()
        return true
    }

    private static var proofMilliseconds: Int { 1_000 }

    private static var fullQueuePauseMilliseconds: Int { 20 }

    private enum SocketOutcome {
        case connected(Socket)
        case other(DialOutcome)
    }

    private func connect(
        _ address: ConnectAddress, waiter: Waiter, loop: EventLoop, deadline: Instant, serverName: String?, _ shown: ShownClient?
    ) async -> DialOutcome {
        let socket: Socket
        let source = isTransparent(for: shown) ? shown?.address : nil
        switch await connectSocket(address, from: source, waiter: waiter, loop: loop, deadline: deadline) {
        case .connected(let connected): socket = connected
        case .other(let outcome): return outcome
        }
        if target.clientAddress.proxyProtocol == .v2,
            let failure = await introduce(shown, over: socket, waiter: waiter, on: loop, deadline: deadline)
        {
            socket.close()
            return failure
        }
        guard let tls else { return .connected(UpstreamConnection(socket, to: address, shown: shown)) }
        let outcome = await shakeHands(
            tls, over: socket, to: address, serverName: serverName, shown, waiter: waiter, on: loop, deadline: deadline)
        if case .connected = outcome { return outcome }
        socket.close()
        return outcome
    }

    /// - Parameter source: whom it is to come from; nil for ourselves.
    private func connectSocket(
        _ address: ConnectAddress, from source: PeerAddress?, waiter: Waiter, loop: EventLoop, deadline: Instant
    ) async -> SocketOutcome {
        let socket: Socket
        do throws(SystemError) {
            let descriptor = try System.streamSocket(family: address.family)
            if case .ip = address { System.setNoDelay(descriptor.number) }
            if let source {
                let code = System.comeTransparently(descriptor.number, from: source)
                guard code == 0 else { return .other(.untransparent(.notPermitted(code))) }
            }
            var progress = System.connect(descriptor.number, to: address)
            // A UNIX socket whose queue is full says so at once instead of waiting, and reports no event when there is room.
            while progress == .failed(EAGAIN), loop.now < deadline {
                let again = min(deadline, loop.now.advanced(byMilliseconds: Self.fullQueuePauseMilliseconds))
                if await waiter.wait(until: again) == .aborted { return .other(.aborted) }
                progress = System.connect(descriptor.number, to: address)
            }
            if progress == .failed(EAGAIN) { return .other(.timedOut) }
            if case .failed(let code) = progress { return .other(.failed(code)) }
            socket = try Socket(descriptor, on: loop, readiness: progress == .wouldBlock ? [] : [.writable])
        } catch {
            return .other(.failed(error.code))
        }
        socket.waiter = waiter
        socket.interest = [.writable]
        while !socket.isWritable {
            switch await waiter.wait(until: deadline) {
            case .ready: continue
            case .deadlineExceeded:
                socket.close()
                return .other(.timedOut)
            case .aborted:
                socket.close()
                return .other(.aborted)
            }
        }
        let code = socket.isBroken ? System.pendingError(socket.descriptor) : 0
        guard code == 0 else {
            socket.close()
            return .other(.failed(code))
        }
        return .connected(socket)
    }

    /// Says ahead of everything else whose connection it is; nil when that has left.
    private func introduce(
        _ shown: ShownClient?, over socket: Socket, waiter: Waiter, on loop: EventLoop, deadline: Instant
    ) async -> DialOutcome? {
        let buffer = buffers.take()
        defer { buffers.give(buffer) }
        ProxyHeaderWriter.write(shown, into: buffer)
        while true {
            if case .failed(let code) = socket.send(buffer) { return .failed(code) }
            if buffer.isEmpty { return nil }
            socket.interest = [.writable]
            switch await waiter.wait(until: deadline) {
            case .ready: continue
            case .deadlineExceeded: return .timedOut
            case .aborted: return .aborted
            }
        }
    }

    private func shakeHands(
        _ tls: UpstreamTLS, over socket: Socket, to address: ConnectAddress, serverName: String?, _ shown: ShownClient?, waiter: Waiter,
        on loop: EventLoop, deadline: Instant
    ) async -> DialOutcome {
        guard let stream = tls.begin(over: socket, pool: buffers, serverName: serverName, wallSeconds: loop.wallUnixSeconds) else {
            return .failed(ENOMEM)
        }
        while true {
            switch stream.handshake() {
            case .done:
                if let objection = tls.objection(to: stream) { return .untrusted(objection) }
                let asked = tls.asksByHost ? serverName : nil
                return .connected(UpstreamConnection(socket, tls: stream, to: address, serverName: asked, shown: shown))
            case .failed(let failure): return .untrusted(tls.failure(of: stream, failure))
            case .wouldBlock: break
            }
            socket.interest = stream.hasUnsentBytes ? [.readable, .writable] : [.readable]
            switch await waiter.wait(until: deadline) {
            case .ready: continue
            case .deadlineExceeded:
                guard System.transmission(of: socket.descriptor)?.isLost == true else {
                    return stream.hasReceived ? .timedOut : .untrusted(.silent)
                }
                // A FIN would lie behind what doesn't arrive.
                socket.reset()
                return .untrusted(.unacknowledged)
            case .aborted: return .aborted
            }
        }
    }
}
