internal import Glibc

/// Opening a connection to the ticket system.
enum DialOutcome {
    case connected(UpstreamConnection)
    /// Every address failed; the errno of the last one (0: the name has no address).
    case failed(Int32)
    case timedOut
    case aborted
}

extension UpstreamPool {
    /// Connects to the first address that answers. Suspends `waiter`; each address has `timeoutMilliseconds` of its own.
    func dial(waiter: Waiter, on loop: EventLoop, timeoutMilliseconds: Int) async -> DialOutcome {
        var outcome = DialOutcome.failed(0)
        for address in target.addresses {
            outcome = await Self.connect(address, waiter: waiter, loop: loop, timeoutMilliseconds: timeoutMilliseconds)
            switch outcome {
            case .connected, .aborted: return outcome
            case .failed, .timedOut: continue
            }
        }
        target.reportConnectFailure()
        return outcome
    }

    private static var fullQueuePauseMilliseconds: Int { 20 }

    private static func connect(
        _ address: ConnectAddress, waiter: Waiter, loop: EventLoop, timeoutMilliseconds: Int
    ) async -> DialOutcome {
        let deadline = loop.now.advanced(byMilliseconds: timeoutMilliseconds)
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
        return .connected(UpstreamConnection(socket))
    }
}
