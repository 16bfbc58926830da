internal import Gatekeeper

/// The log's word for a ticket system that doesn't answer, in words, with what mends it.
struct UpstreamTrouble: Equatable, Sendable {
    /// What is wrong: a sentence without a subject's name, as `it speaks no newer TLS than 1.1`.
    let cause: String
    let cure: String

    /// It is about TLS, where the log's word alone says little.
    let isOfTLS: Bool

    /// One sentence for a line.
    var text: String { "\(cause); \(cure)" }

    /// Nil for a word that explains itself, or that isn't known.
    init?(_ reason: String, _ server: Settings.Upstream.Server) {
        guard let (cause, cure) = Self.certificate(reason, server) ?? Self.tls(reason, server) ?? Self.connection(reason) else {
            return nil
        }
        (self.cause, self.cure) = (cause, cure)
        isOfTLS = reason.hasPrefix("upstream_")
    }

    private static func certificate(_ reason: String, _ server: Settings.Upstream.Server) -> (String, String)? {
        let name =
            switch server.tls?.peer {
            case .name(let name)?: name
            case .address(let address)?: address
            case nil: server.name
            }
        return switch reason {
        case "upstream_certificate_expired": ("its certificate has expired", "renew it there; if it is good, look at this machine's clock")
        case "upstream_certificate_not_yet_valid": ("its certificate isn't valid yet", "look at the clocks of both machines")
        case "upstream_certificate_name":
            (
                "its certificate is not for \(name)",
                "say by upstream.server_name which name it is for; a common name without a subjectAltName is none"
            )
        case "upstream_certificate_untrusted":
            (
                "nobody who is trusted vouches for its certificate",
                "name its authority by upstream.ca, or the key of a self-signed one by upstream.pin_sha256; has it an intermediate that it doesn't "
                    + "send?"
            )
        case "upstream_certificate_weak":
            (
                "its certificate, or one behind it, has a weak key or a SHA-1 signature",
                "have it issued anew: RSA of 2048 bits or P-256, SHA-256"
            )
        case "upstream_certificate_purpose": ("its certificate is not for servers", "get one with serverAuth in its extended key usage")
        case "upstream_certificate_pin":
            (
                "its key is another than the pinned one",
                "if it was renewed with a new key, pin that; if it wasn't, find out who answers there"
            )
        default: nil
        }
    }

    private static func tls(_ reason: String, _ server: Settings.Upstream.Server) -> (String, String)? {
        switch reason {
        case "upstream_tls_version": ("it speaks no newer TLS than 1.1", "turn TLS 1.2 on there; an old Windows or Java has to be told")
        case "upstream_tls_cipher":
            (
                "it has no cipher, curve or signature in common with us, which are ECDHE with AES-GCM or ChaCha20",
                "allow ECDHE with AES-GCM there" + (hasName(server) ? "" : "; or does it want a name (upstream.server_name)?")
            )
        case "upstream_tls_client_certificate":
            (
                "it demands a client certificate" + (server.tls?.certificatePath == nil ? "" : ", and doesn't accept ours"),
                server.tls?.certificatePath == nil
                    ? "set upstream.certificate and upstream.key, or turn that off there"
                    : "is upstream.certificate by an authority that it knows, for clients, and still valid?"
            )
        case "upstream_tls_server_name":
            (
                hasName(server) ? "it doesn't know the name that it is asked for" : "it ends the handshake when it is asked for no name",
                "set upstream.server_name to a name that it has (or upstream.host, if that is to be sent as Host too); is that port https?"
            )
        case "upstream_tls_protocol": ("it speaks no HTTP/1.1 over TLS, HTTP/2 alone perhaps", "allow http/1.1 there (ALPN)")
        case "upstream_tls_renegotiation":
            (
                "it wants to renegotiate, or lacks secure renegotiation (RFC 5746)",
                "update it; an IIS or Apache that asks for client certificates by folder has to ask for them for the whole site"
            )
        case "upstream_tls_silent":
            (
                "it takes connections and says nothing to a TLS handshake",
                "is that port https? If it is plain HTTP, write http:// in the url"
            )
        case "upstream_unacknowledged":
            (
                "it takes connections, and what we say to it doesn't arrive there",
                "large packets are lost on the way: clamp the MSS or let ICMP pass on the router, or set net.ipv4.tcp_mtu_probing=1 here"
            )
        case "upstream_tls": ("the TLS handshake fails", "is that port https? If it is plain HTTP, write http:// in the url")
        default: nil
        }
    }

    private static func hasName(_ server: Settings.Upstream.Server) -> Bool {
        if case .name? = server.tls?.peer { return true }
        return false
    }

    private static func connection(_ reason: String) -> (String, String)? {
        switch reason {
        case "connect_refused": ("nothing listens there", "does the ticket system run, and on that address and port?")
        case "connect_timeout": ("nothing comes back from there", "is the address right, and does a firewall drop what we send?")
        case "connect_unreachable": ("there is no way to it", "look at this machine's routes")
        case "connect_no_such_socket": ("there is no such socket", "does the ticket system run, and is the path right?")
        case "connect_not_permitted": ("we may not connect to it", "look at the socket's mode and at local firewall rules")
        case "upstream_transparent":
            (
                "it takes no connection that comes from a client's address",
                "`gatekeeperd check` says why, and doctor which routes it needs"
            )
        case "name_not_resolved": ("its name has no address", "look at the name in the url and at this machine's name server")
        default: nil
        }
    }
}
