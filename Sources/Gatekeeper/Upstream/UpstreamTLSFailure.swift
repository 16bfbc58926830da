internal import CTLS

/// Why the ticket system isn't trusted, or can't be spoken with: one word each for the log.
enum UpstreamTLSFailure: Equatable, CaseIterable {
    case expired
    case notYetValid
    /// The certificate is for another name or address.
    case name
    /// No chain to an authority that is trusted.
    case untrusted
    /// A key or a signature that can be broken, in the leaf or behind it.
    case weak
    /// A certificate that isn't for servers.
    case purpose
    /// The public key isn't the pinned one.
    case pin
    /// It speaks older versions than TLS 1.2 only.
    case version
    /// No cipher, group or signature in common.
    case cipher
    /// It wants a certificate of ours, or another one.
    case clientCertificate
    /// It wants to be asked for a name, or for another one.
    case serverName
    /// It speaks no HTTP/1.1 (ALPN).
    case applicationProtocol
    /// It lacks secure renegotiation (RFC 5746), or wants a handshake in the session.
    case renegotiation
    /// Not a byte came back.
    case silent
    /// What we say doesn't arrive, though the connection came about: the path is too narrow for it.
    case unacknowledged
    /// Anything else: not TLS at all, as a rule.
    case handshake

    var reason: StaticString {
        switch self {
        case .expired: "upstream_certificate_expired"
        case .notYetValid: "upstream_certificate_not_yet_valid"
        case .name: "upstream_certificate_name"
        case .untrusted: "upstream_certificate_untrusted"
        case .weak: "upstream_certificate_weak"
        case .purpose: "upstream_certificate_purpose"
        case .pin: "upstream_certificate_pin"
        case .version: "upstream_tls_version"
        case .cipher: "upstream_tls_cipher"
        case .clientCertificate: "upstream_tls_client_certificate"
        case .serverName: "upstream_tls_server_name"
        case .applicationProtocol: "upstream_tls_protocol"
        case .renegotiation: "upstream_tls_renegotiation"
        case .silent: "upstream_tls_silent"
        case .unacknowledged: "upstream_unacknowledged"
        case .handshake: "upstream_tls"
        }
    }

    // MARK: What is told by it

    /// By OpenSSL's verdict on the certificate.
    init?(verification: Int32) {
        switch verification {
        case X509_V_OK: return nil
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .name
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK: self = .weak
        case X509_V_ERR_INVALID_PURPOSE: self = .purpose
        default: self = .untrusted
        }
    }

    /// By how a handshake failed.
    ///
    /// - Parameters:
    ///   - hasName: a server name was sent.
    ///   - isCertificateAsked: the server wanted a certificate.
    ///   - hasReceived: the server has said anything before.
    init(_ failure: TLSFailure, hasName: Bool, isCertificateAsked: Bool, hasReceived: Bool) {
        switch failure.reason {
        case "unsupported_protocol", "no_protocols_available", "version_too_low", "inappropriate_fallback": self = .version
        case "unsafe_legacy_renegotiation_disabled": self = .renegotiation
        case "no_ciphers_available", "wrong_cipher_returned", "wrong_signature_type", "no_suitable_signature_algorithm", "wrong_curve",
            "unsupported_elliptic_curve", "dh_key_too_small", "legacy_sigalg_disallowed_or_unsupported", "unknown_cipher_returned",
            "no_shared_cipher", "bad_key_share", "no_suitable_key_share":
            self = .cipher
        // A server that wants a name and gets none often says nothing at all.
        case "closed" where !hasReceived && !hasName, "reset" where !hasReceived && !hasName: self = .serverName
        default: self = Self(alert: failure.alert, isCertificateAsked: isCertificateAsked) ?? .handshake
        }
    }

    /// By the alert that ended a session, in the handshake or right behind it; nil for one that tells nothing.
    init?(alert: UInt8, isCertificateAsked: Bool) {
        switch Int32(alert) {
        case SSL_AD_PROTOCOL_VERSION, SSL_AD_INAPPROPRIATE_FALLBACK: self = .version
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_EXPIRED,
            SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_CERTIFICATE_REQUIRED, 41:
            self = .clientCertificate
        // TLS 1.2 has no word of its own for a certificate that isn't there.
        case SSL_AD_HANDSHAKE_FAILURE, SSL_AD_ACCESS_DENIED: self = isCertificateAsked ? .clientCertificate : .cipher
        case SSL_AD_INSUFFICIENT_SECURITY: self = .cipher
        case SSL_AD_UNRECOGNIZED_NAME: self = .serverName
        case SSL_AD_NO_APPLICATION_PROTOCOL: self = .applicationProtocol
        default: return nil
        }
    }

    /// By how a connection ended that has been open and has carried nothing yet: in TLS 1.3 a server judges our certificate after the
    /// handshake. Nil for an end that has nothing to do with TLS.
    init?(endOf stream: TLSStream) {
        if stream.isRenegotiationAsked {
            self = .renegotiation
        } else if let failure = Self(alert: stream.receivedAlert, isCertificateAsked: stream.isCertificateAsked) {
            self = failure
        } else {
            return nil
        }
    }
}
