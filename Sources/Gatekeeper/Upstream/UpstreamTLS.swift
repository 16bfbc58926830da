internal import CTLS

/// How a worker speaks TLS with the ticket system, and how it makes sure that it is the ticket system.
///
/// Verified by default: chain to the system's authorities or to the configured ones, and the name or address of the URL. A pinned public
/// key stands in for the chain where the certificate is self-signed; with an authority configured as well, both must hold. Nothing of a
/// request is sent before.
@safe final class UpstreamTLS {
    private let context: TLSContext
    private let settings: Settings.Upstream.TLS
    private var resumable: Resumable?
    /// What was shown last with another key than the pinned ones.
    private(set) var unpinned: UpstreamCertificate?

    /// The last session that the ticket system let us resume. A resumed handshake shows no certificate, so that what was found of it once has to
    /// hold still.
    @safe private final class Resumable {
        let session: OpaquePointer
        /// While all certificates are valid by which the ticket system was trusted, in seconds since 1970, and for an hour at most: authorities
        /// that are trusted may change as well.
        let verified: Range<Int64>
        /// By which it was asked for; nil for none.
        let serverName: String?

        init(owning session: OpaquePointer, verified: Range<Int64>, serverName: String?) {
            unsafe self.session = session
            self.serverName = serverName
            self.verified = verified
        }

        deinit {
            unsafe SSL_SESSION_free(session)
        }
    }

    private static let verificationSecondsMax: Int64 = 3600

    /// - Parameter context: made from the same settings.
    init(_ settings: Settings.Upstream.TLS, context: TLSContext) {
        self.settings = settings
        self.context = context
    }

    /// The configuration says no name: the host of a request is asked for, where a certificate of ours is for it.
    var asksByHost: Bool { if case .address = settings.peer { true } else { false } }

    /// A session over `socket`, ready to shake hands; nil when memory is short.
    ///
    /// - Parameters:
    ///   - serverName: what to ask for (SNI) where the configuration says no name. Nothing is verified by it: the client may have chosen it.
    ///   - wallSeconds: since 1970.
    func begin(over socket: Socket, pool: BufferPool, serverName: String? = nil, wallSeconds: Int64) -> TLSStream? {
        guard let stream = TLSStream(socket, context: context, pool: pool) else { return nil }
        // A common name is the name of nothing (RFC 9525 §6.3), and `w*.example` no wildcard.
        unsafe SSL_set_hostflags(stream.session, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        switch settings.peer {
        case .name(let name):
            _ = unsafe ctls_set_tlsext_host_name(stream.session, name)
            if settings.verifiesChain { guard unsafe SSL_set1_host(stream.session, name) == 1 else { return nil } }
        case .address(let text):
            if let serverName { _ = unsafe ctls_set_tlsext_host_name(stream.session, serverName) }
            let parameters = unsafe SSL_get0_param(stream.session)
            if settings.verifiesChain { guard unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, text) == 1 else { return nil } }
        }
        if let kept = resumable, kept.serverName == Self.serverName(of: stream) {
            if kept.verified.contains(wallSeconds) {
                _ = unsafe SSL_set_session(stream.session, kept.session)
                stream.resumedVerification = kept.verified
            } else {
                resumable = nil
            }
        }
        return stream
    }

    /// Whom a finished handshake was with: nil if it is who it must be.
    func objection(to stream: TLSStream) -> UpstreamTLSFailure? {
        guard !settings.pins.isEmpty else { return nil }
        let hash = publicKeyHash(of: stream)
        if let hash, settings.pins.contains(hash) { return nil }
        unpinned = hash.flatMap { certificate(of: stream, pin: $0) }
        return .pin
    }

    /// Why a handshake failed.
    func failure(of stream: TLSStream, _ failure: TLSFailure) -> UpstreamTLSFailure {
        // What was resumed may be what it objects to.
        resumable = nil
        let verdict = unsafe Int32(truncatingIfNeeded: SSL_get_verify_result(stream.session))
        if settings.verifiesChain, let objection = UpstreamTLSFailure(verification: verdict) { return objection }
        return UpstreamTLSFailure(
            failure, hasName: Self.serverName(of: stream) != nil, isCertificateAsked: stream.isCertificateAsked,
            hasReceived: stream.hasReceived)
    }

    /// Keeps what `stream` may be resumed by, once its first response is there: in TLS 1.3 the ticket comes after the handshake.
    ///
    /// - Parameter wallSeconds: since 1970.
    func remember(_ stream: TLSStream, wallSeconds: Int64) {
        // A copy: the connection's own is spoilt when it ends without close_notify, as with an upstream that restarts.
        guard let latest = unsafe SSL_get_session(stream.session), unsafe SSL_SESSION_is_resumable(latest) == 1 else { return }
        let isResumed = unsafe SSL_session_reused(stream.session) == 1
        guard let verified = isResumed ? stream.resumedVerification : verified(stream, wallSeconds), verified.contains(wallSeconds),
            let copy = unsafe SSL_SESSION_dup(latest)
        else { return }
        resumable = unsafe Resumable(owning: copy, verified: verified, serverName: Self.serverName(of: stream))
    }

    /// For how long what a full handshake has found holds.
    private func verified(_ stream: TLSStream, _ wallSeconds: Int64) -> Range<Int64> {
        var range = wallSeconds..<wallSeconds + Self.verificationSecondsMax
        // Null where no chain was asked for.
        guard let chain = unsafe SSL_get0_verified_chain(stream.session) else { return range }
        for index in 0..<max(0, unsafe OPENSSL_sk_num(chain)) {
            // SAFETY: the chain is the session's and holds certificates.
            guard let certificate = unsafe OPENSSL_sk_value(chain, index).map({ OpaquePointer($0) }) else { continue }
            let start = unsafe CertificateFacts.seconds(X509_get0_notBefore(certificate))
            let end = unsafe CertificateFacts.seconds(X509_get0_notAfter(certificate))
            range = range.clamped(to: start..<max(start, end))
        }
        return range
    }

    private static func serverName(of stream: TLSStream) -> String? {
        // SAFETY: a C string that the session holds.
        unsafe SSL_get_servername(stream.session, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) }
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
    private func certificate(of stream: TLSStream, pin: [UInt8]) -> UpstreamCertificate? {
        guard let certificate = unsafe SSL_get1_peer_certificate(stream.session) else { return nil }
        defer { unsafe X509_free(certificate) }
        return unsafe UpstreamCertificate(facts: CertificateFacts.read(certificate), pin: pin)
    }
}
