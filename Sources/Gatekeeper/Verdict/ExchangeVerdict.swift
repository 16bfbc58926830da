/// What there is to say about one exchange when it has ended: the numbers and words of its log line.
///
/// The texts that a peer sent (method, path) and those that live in buffers (id) are lent to `JournalWriter.request` beside it, in a
/// `VerdictTexts`.
package struct ExchangeVerdict: Sendable {
    package var peer: PeerAddress
    /// The peer's: behind a shared address it tells one client from another (RFC 6302).
    package var port: UInt16
    /// The load balancer that named the peer.
    package var proxy: PeerAddress?
    /// Index of the listener in the settings.
    package var listener: Int
    /// The allow-list entry's label.
    package var label: String?
    /// The source's, among those whose answers are judged.
    package var answerCell = AnswerRuns.none
    /// In milliseconds since 1970 UTC; what the line is stamped with.
    package var endedMilliseconds: Int64
    package var durationNanoseconds: UInt64 = 0
    /// From the request's first byte to the upstream until its response head; nil if none was asked.
    package var upstreamNanoseconds: UInt64?
    /// What the client was answered; 0 if nothing.
    package var status: UInt16 = 0
    /// Of the request, head and body as framed on the wire inside TLS.
    package var bytesIn: UInt64 = 0
    /// Of the response, likewise.
    package var bytesOut: UInt64 = 0
    package var tls: TLSVersion?
    /// What the client speaks (the log's `protocol`).
    package var httpVersion: HTTPVersion = .http11
    package var outcome: Outcome = .completed
    package var stage: Stage = .proxy
    /// Which rule refused, or what failed (`repeated_content_length`); a word from our code, never a peer's text.
    package var reason: StaticString?
    /// What routes would have refused it for, if they were enforced (`routes_mode: shadow`).
    package var shadow: StaticString?

    package init(peer: PeerAddress, port: UInt16 = 0, listener: Int, endedMilliseconds: Int64) {
        self.peer = peer
        self.port = port
        self.listener = listener
        self.endedMilliseconds = endedMilliseconds
    }
}
