/// Whether a request that failed upstream may be sent again.
///
/// A lost POST is a lost ticket, and so is a doubled one. So a request is repeated only where no byte of it can have been acted upon:
///
/// | what happened | connection | may be repeated |
/// | --- | --- | --- |
/// | connect failed, or nothing was sent | any | yes |
/// | closed before any response byte | reused | if the method is idempotent (RFC 9110 §9.2.2), or no body byte of a body that was to come was sent |
/// | closed before any response byte | fresh | no: the upstream read it and chose to close |
/// | anything after the first response byte | any | no |
/// | sent, and nobody acknowledges anything | any | likewise: what was sent may have arrived all the same |
/// | too slow | any | no: it may still be at work |
///
/// And only while everything that was sent is still here to be sent again.
struct RetryRule {
    let isIdempotent: Bool

    enum Failure: Equatable {
        case connect
        case closedBeforeResponse
        case unacknowledged
        case failedInResponse
        case timedOut
    }

    enum Sent: Equatable {
        case nothing
        /// The head of a request whose body has not begun: an upstream that waits for the body has not acted (RFC 9110 §10.1.1).
        case headOnly
        /// The whole request, or part of its body.
        case body
    }

    func mayRepeat(after failure: Failure, sent: Sent, onReused isReused: Bool) -> Bool {
        switch failure {
        case .connect: true
        case .closedBeforeResponse: sent == .nothing || (isReused && (isIdempotent || sent == .headOnly))
        case .unacknowledged: sent != .body || isIdempotent
        case .failedInResponse, .timedOut: sent == .nothing
        }
    }
}
