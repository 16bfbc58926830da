/// How far one direction of an exchange came before it had to stop.
enum Step: Equatable {
    /// Nothing more to do in this direction.
    case done
    /// Goes on when one of these sockets is ready for one of these.
    case blocked(downstream: Readiness = [], upstream: Readiness = [])
    /// Could go on, but the worker's other tasks are to have a turn.
    case budgetSpent
    case failed(ExchangeFailure)

    /// Buffers moved in one go. 8 of 128 KiB keep a bulk transfer efficient and a neighbour's wait below a millisecond.
    static let budget = 8
}

/// Why an exchange can't be completed: says whose fault it is, and how far it had come.
enum ExchangeFailure: Equatable {
    // Downstream
    case clientGone
    case clientTooSlow
    /// Nothing that is sent to it arrives: it vanished without a word.
    case clientUnreachable
    case refused(Refusal)
    case forbidden(PolicyRefusal)
    /// More requests than its source may make.
    case limited(retryAfterSeconds: UInt64)
    // Upstream
    case connectFailed(Int32)
    case connectTimedOut
    /// TLS didn't come about, or not with whom it must be.
    case upstreamUntrusted(UpstreamTLSFailure)
    /// No connection there could come from the client's address.
    case upstreamUntransparent
    /// No ticket system is known to answer.
    case noneHealthy
    /// All connections are in use, and as many requests wait for one as may, or this one has waited long enough.
    case queueFull
    case queueTimedOut
    /// Closed or reset before a byte of the response.
    case upstreamClosed
    /// Closed or reset within the response.
    case upstreamTruncated
    /// Its response is not HTTP that can be passed on.
    case upstreamInvalid(Refusal)
    /// 101 for a request that asked for no other protocol, or not the answer to what it asked.
    case upstreamSwitched
    /// One interim response after the other.
    case upstreamInterimFlood
    case upstreamTooSlow
    /// It took nothing of a request's body for a while.
    case upstreamStalled
    /// Its answer paused for too long.
    case upstreamPaused
    /// What was sent there isn't acknowledged: the host is gone, or nothing reaches it.
    case upstreamUnreachable
    // Ours
    /// A body could not be collected: the disk is full, or the folder isn't there.
    case spoolFailed
    /// As much as may be collected lies on the disk, of its source or of all.
    case spoolFull
    /// Nothing has come through a tunnel for a while.
    case tunnelIdle
    case aborted
}

extension ExchangeFailure {
    /// As the retry rule sees it; nil for what isn't the upstream's failure.
    var kind: RetryRule.Failure? {
        switch self {
        case .connectFailed, .connectTimedOut: .connect
        // Another try would end likewise.
        case .noneHealthy, .queueFull, .queueTimedOut, .upstreamUntrusted, .upstreamUntransparent: nil
        case .upstreamClosed: .closedBeforeResponse
        case .upstreamTruncated, .upstreamInvalid, .upstreamSwitched, .upstreamInterimFlood: .failedInResponse
        case .upstreamTooSlow, .upstreamStalled, .upstreamPaused: .timedOut
        case .upstreamUnreachable: .unacknowledged
        case .clientGone, .clientTooSlow, .clientUnreachable, .refused, .forbidden, .limited, .spoolFailed, .spoolFull, .tunnelIdle,
            .aborted:
            nil
        }
    }

    /// Another request may follow on the client's connection once this one has been read. Not behind one that was refused for what it says: who
    /// tries the door with it gets one try a connection.
    var leavesConnectionOpen: Bool {
        switch self {
        case .refused, .forbidden: false
        default: true
        }
    }

    /// The word for the log; nil where the outcome says it all.
    var reason: StaticString? {
        switch self {
        case .clientGone, .aborted: nil
        case .clientTooSlow: "client_too_slow"
        case .clientUnreachable: "client_unreachable"
        case .refused(let refusal): refusal.reason
        case .forbidden(let refusal): refusal.reason
        case .limited: PolicyRefusal.requestsPerSource.reason
        case .spoolFailed: "spool"
        case .spoolFull: "spool_full"
        case .tunnelIdle: "tunnel_idle"
        case .connectFailed(let code): DialOutcome.reason(code)
        case .connectTimedOut: "connect_timeout"
        case .upstreamUntrusted(let failure): failure.reason
        case .upstreamUntransparent: TransparencyFailure.reason
        case .noneHealthy: "none_healthy"
        case .queueFull: "queue_full"
        case .queueTimedOut: "queue_timeout"
        case .upstreamClosed: "closed_before_response"
        case .upstreamTruncated: "truncated"
        case .upstreamInvalid(let refusal): refusal.reason
        case .upstreamSwitched: "upgrade_unasked"
        case .upstreamInterimFlood: "interim_responses"
        case .upstreamTooSlow: "response_timeout"
        case .upstreamStalled: "upload_timeout"
        case .upstreamPaused: "stream_timeout"
        case .upstreamUnreachable: "upstream_unreachable"
        }
    }

    /// The verdict, and what the client is answered where that is still possible.
    var consequence: (outcome: Outcome, stage: Stage, problem: Problem?) {
        switch self {
        case .clientGone, .clientUnreachable: (.clientGone, .downstream, nil)
        case .clientTooSlow: (.clientTimeout, .downstream, .requestTimeout)
        case .refused(let refusal): (.refused, .http1, Problem(refusal))
        case .forbidden(let refusal): (.refused, .policy, Problem(refusal))
        case .limited(let seconds): (.refused, .policy, Problem(retryAfterSeconds: seconds))
        case .upstreamUntrusted(.silent), .upstreamUntrusted(.unacknowledged): (.upstreamTimeout, .upstream, .timedOut)
        case .connectFailed, .upstreamUntrusted, .upstreamUntransparent, .upstreamUnreachable: (.upstreamFailed, .upstream, .unreachable)
        case .noneHealthy, .queueFull, .queueTimedOut: (.upstreamFailed, .upstream, .unavailable)
        case .connectTimedOut: (.upstreamTimeout, .upstream, .timedOut)
        case .upstreamClosed, .upstreamTruncated, .upstreamInvalid, .upstreamSwitched, .upstreamInterimFlood:
            (.upstreamFailed, .upstream, .badGateway)
        case .upstreamTooSlow, .upstreamStalled, .upstreamPaused: (.upstreamTimeout, .upstream, .timedOut)
        case .spoolFailed, .spoolFull: (.aborted, .proxy, .unavailable)
        case .tunnelIdle: (.completed, .proxy, nil)
        case .aborted: (.aborted, .proxy, nil)
        }
    }
}
