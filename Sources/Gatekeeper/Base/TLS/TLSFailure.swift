internal import CTLS

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

extension TLSFailure {
    /// OpenSSL's text as a word for the log: `no shared cipher` becomes `no_shared_cipher`.
    init(text: String, alert: UInt8) {
        let word = text.utf8.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "_") : $0 }
        self.init(reason: String(decoding: word, as: UTF8.self), alert: alert)
    }

    /// What OpenSSL's reason leaves open: what is wrong with a client's certificate, and why a callback of ours has refused.
    ///
    /// - Parameter alert: the one that we sent.
    static func cause(_ reason: Int32, sent alert: UInt8, by session: OpaquePointer) -> String? {
        switch reason {
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            // SAFETY: a constant string of the library, for every number.
            unsafe String(cString: X509_verify_cert_error_string(SSL_get_verify_result(session)))
        case SSL_R_CALLBACK_FAILED where alert == SSL_AD_UNRECOGNIZED_NAME: "unrecognized_name"
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
            unsafe SSL_is_server(session) == 1 && SSL_get_certificate(session) == nil ? "certificate_awaited" : nil
        default: nil
        }
    }
}
