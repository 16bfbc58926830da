/// How an exchange ended. The words are the log's (`outcome`).
package enum Outcome: UInt8, Sendable, CaseIterable {
    /// The upstream's response reached the client's socket whole.
    case completed
    /// We answered with an error of our own because of what the client sent or may not have.
    case refused
    /// No upstream could be reached, or it broke off or answered what isn't HTTP.
    case upstreamFailed
    case upstreamTimeout
    /// The client closed before its answer was complete.
    case clientGone
    /// The client didn't send its request, or didn't take its answer, in time.
    case clientTimeout
    /// We ended it: its address left the allow-list, or the process stopped.
    case aborted
    /// Completed, and the connection closed behind it because we are draining.
    case drained

    package var word: StaticString {
        switch self {
        case .completed: "completed"
        case .refused: "refused"
        case .upstreamFailed: "upstream_failed"
        case .upstreamTimeout: "upstream_timeout"
        case .clientGone: "client_gone"
        case .clientTimeout: "client_timeout"
        case .aborted: "aborted"
        case .drained: "drained"
        }
    }
}
