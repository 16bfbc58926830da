internal import CTLS

/// How a worker speaks TLS with the ticket system, and how it makes sure that it is the ticket system.
///
/// Verified by default: chain to the system's authorities or to the configured ones, and the name or address of the URL. A pinned public
/// key stands in for the chain where the certificate is self-signed; with an authority configured as well, both must hold. Nothing of a
/// request is sent before.
@safe final class UpstreamTLS {
    private let context: TLSContext
    private let settings: Settings.Upstream.TLS
    /// The last session that the ticket system let us resume.
    private var session: OpaquePointer?

    /// - Parameter context: made from the same settings.
    init(_ settings: Settings.Upstream.TLS, context: TLSContext) {
        self.settings = settings
        self.context = context
        unsafe session = nil
    }

    deinit {
        unsafe SSL_SESSION_free(session)
    }

    /// A session over `socket`, ready to shake hands; nil when memory is short.
    func begin(over socket: Socket, pool: BufferPool) -> TLSStream? {
        guard let stream = TLSStream(socket, context: context, pool: pool) else { return nil }
        switch settings.peer {
        case .name(let name):
            _ = unsafe ctls_set_tlsext_host_name(stream.session, name)
            if settings.verifiesChain { guard unsafe SSL_set1_host(stream.session, name) == 1 else { return nil } }
        case .address(let text):
            let parameters = unsafe SSL_get0_param(stream.session)
            if settings.verifiesChain { guard unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, text) == 1 else { return nil } }
        }
        if let session = unsafe session { _ = unsafe SSL_set_session(stream.session, session) }
        return stream
    }

    /// Whom a finished handshake was with: nil if it is who it must be.
    func objection(to stream: TLSStream) -> UpstreamTLSFailure? {
        guard !settings.pins.isEmpty else { return nil }
        guard let hash = publicKeyHash(of: stream), settings.pins.contains(hash) else { return .pin }
        return nil
    }

    /// Why a handshake failed.
    func failure(of stream: TLSStream) -> UpstreamTLSFailure {
        // What was resumed may be what it objects to.
        forget()
        switch unsafe Int32(truncatingIfNeeded: SSL_get_verify_result(stream.session)) {
        case X509_V_OK: return .handshake
        case X509_V_ERR_CERT_HAS_EXPIRED: return .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: return .name
        default: return .untrusted
        }
    }

    /// Keeps what `stream` may be resumed by, once its first response is there: in TLS 1.3 the ticket comes after the handshake.
    func remember(_ stream: TLSStream) {
        // A copy: the connection's own is spoilt when it ends without close_notify, as with an upstream that restarts.
        guard let latest = unsafe SSL_get_session(stream.session), unsafe SSL_SESSION_is_resumable(latest) == 1,
            let copy = unsafe SSL_SESSION_dup(latest)
        else { return }
        forget()
        unsafe session = copy
    }

    private func forget() {
        unsafe SSL_SESSION_free(session)
        unsafe session = nil
    }

    /// SHA-256 of the peer's SubjectPublicKeyInfo in DER, as `openssl pkey -pubin -outform der | openssl dgst -sha256` makes it (RFC 7469
    /// §2.4).
    private func publicKeyHash(of stream: TLSStream) -> [UInt8]? {
        guard let certificate = unsafe SSL_get1_peer_certificate(stream.session) else { return nil }
        defer { unsafe X509_free(certificate) }
        var der: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der)
        guard count > 0, let bytes = unsafe der else { return nil }
        defer { unsafe ctls_free(bytes) }
        var hash = [UInt8](repeating: 0, count: 32)
        // SAFETY: the room is as large as a SHA-256, and nothing keeps a pointer.
        unsafe hash.withUnsafeMutableBufferPointer { _ = unsafe SHA256(bytes, Int(count), $0.baseAddress) }
        return hash
    }
}

/// Why the ticket system isn't trusted, or can't be spoken with: one word each for the log.
enum UpstreamTLSFailure: Equatable {
    case expired
    case notYetValid
    /// The certificate is for another name or address.
    case name
    /// No chain to an authority that is trusted.
    case untrusted
    /// The public key isn't the pinned one.
    case pin
    /// No common version or cipher, a certificate of ours that is missing or refused, or not TLS at all.
    case handshake

    var reason: StaticString {
        switch self {
        case .expired: "upstream_certificate_expired"
        case .notYetValid: "upstream_certificate_not_yet_valid"
        case .name: "upstream_certificate_name"
        case .untrusted: "upstream_certificate_untrusted"
        case .pin: "upstream_certificate_pin"
        case .handshake: "upstream_tls"
        }
    }
}
