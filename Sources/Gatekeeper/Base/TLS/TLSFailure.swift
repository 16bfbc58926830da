/// Why a TLS session could not be begun or carried on: words for the log.
struct TLSFailure: Equatable {
    /// Snake case, for the `reason` field.
    let reason: String
    /// Number of the alert that the peer sent, 0 for none (RFC 8446 §6).
    var alert: UInt8 = 0

    static let timeout = TLSFailure(reason: "handshake_timeout")
    /// What we said doesn't arrive, small packets excepted: the path is too narrow for it (path MTU), or gone.
    static let unacknowledged = TLSFailure(reason: "handshake_unacknowledged")
    static let closed = TLSFailure(reason: "closed")
    static let reset = TLSFailure(reason: "reset")
    static let plainHTTP = TLSFailure(reason: "plain_http")
    static let drained = TLSFailure(reason: "drained")
}
