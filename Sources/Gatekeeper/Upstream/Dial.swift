internal import Glibc

/// Opening a connection to the ticket system.
enum DialOutcome {
    case connected(UpstreamConnection)
    /// Every address failed; the errno of the last one (0: the name has no address).
    case failed(Int32)
    /// Connected, but not to who it must be, or not by TLS.
    case untrusted(UpstreamTLSFailure)
    case timedOut
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
        case .noneHealthy, .queueFull, .queueTimedOut, .aborted: "aborted"
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
    /// `end`.
    ///
    /// - Parameter serverName: what to ask for where the configuration says no name (`UpstreamTLS.asksByHost`).
    func dial(
        waiter: Waiter, on loop: EventLoop, timeoutMilliseconds: Int, until end: Instant = .distantFuture, serverName: String? = nil
    ) async -> DialOutcome {
        var outcome = DialOutcome.failed(0)
        let epoch = target.currentEpoch
        for address in target.addresses {
            let deadline = min(end, loop.now.advanced(byMilliseconds: timeoutMilliseconds))
            let stamp: FileStamp? = if case .unix(let path) = address { FileStamp(path: path) } else { nil }
            outcome = await connect(address, waiter: waiter, loop: loop, deadline: deadline, serverName: serverName)
            switch outcome {
            case .connected(let connection):
                connection.epoch = epoch
                connection.stamp = stamp
                return outcome
            case .aborted: return outcome
            case .failed, .untrusted, .timedOut, .noneHealthy, .queueFull, .queueTimedOut: break
            }
            if loop.now >= end { break }
        }
        target.reportConnectFailure()
        return outcome
    }

    private static var fullQueuePauseMilliseconds: Int { 20 }

    private func connect(
        _ address: ConnectAddress, waiter: Waiter, loop: EventLoop, deadline: Instant, serverName: String?
    ) async -> DialOutcome {
        let socket: Socket
        do throws(SystemError) {
            let descriptor = try System.streamSocket(family: address.family)
            if case .ip = address { System.setNoDelay(descriptor.number) }
            var progress = System.connect(descriptor.number, to: address)
            // A UNIX socket whose queue is full says so at once instead of waiting, and reports no event when there is room.
            while progress == .failed(EAGAIN), loop.now < deadline {
                let again = min(deadline, loop.now.advanced(byMilliseconds: Self.fullQueuePauseMilliseconds))
                if await waiter.wait(until: again) == .aborted { return .aborted }
                progress = System.connect(descriptor.number, to: address)
            }
            if case .failed(let code) = progress { return .failed(code) }
            socket = try Socket(descriptor, on: loop, readiness: progress == .wouldBlock ? [] : [.writable])
        } catch {
            return .failed(error.code)
        }
        socket.waiter = waiter
        socket.interest = [.writable]
        while !socket.isWritable {
            switch await waiter.wait(until: deadline) {
            case .ready: continue
            case .deadlineExceeded:
                socket.close()
                return .timedOut
            case .aborted:
                socket.close()
                return .aborted
            }
        }
        let code = socket.isBroken ? System.pendingError(socket.descriptor) : 0
        guard code == 0 else {
            socket.close()
            return .failed(code)
        }
        guard let tls else { return .connected(UpstreamConnection(socket, to: address)) }
        let outcome = await shakeHands(
            tls, over: socket, to: address, serverName: serverName, waiter: waiter, on: loop, deadline: deadline)
        if case .connected = outcome { return outcome }
        socket.close()
        return outcome
    }

    private func shakeHands(
        _ tls: UpstreamTLS, over socket: Socket, to address: ConnectAddress, serverName: String?, waiter: Waiter, on loop: EventLoop,
        deadline: Instant
    ) async -> DialOutcome {
        guard let stream = tls.begin(over: socket, pool: buffers, serverName: serverName, wallSeconds: loop.wallUnixSeconds) else {
            return .failed(ENOMEM)
        }
        while true {
            switch stream.handshake() {
            case .done:
                if let objection = tls.objection(to: stream) { return .untrusted(objection) }
                let asked = tls.asksByHost ? serverName : nil
                return .connected(UpstreamConnection(socket, tls: stream, to: address, serverName: asked))
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
