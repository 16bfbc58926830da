internal import Gatekeeper

/// Certificates that are ordered from an authority by ACME (RFC 8555).
struct AcmeSettings: Equatable, Sendable {
    /// Of one certificate, at least one: DNS names in lower case, as A-labels, `*.` before a wildcard; addresses as text.
    var names: [String]
    /// The directory's URL, https.
    var directory: String
    /// As a `mailto:` has it, for the authority's own notices; nil for none.
    var contact: String?
    var challenge = Challenge.handshake
    /// As the authority calls it; nil for its usual one.
    var profile: String?
    var binding: Binding?
    /// A PEM file of the authorities that the directory's own certificate is verified by; nil for the system's.
    var authorityPath: String?

    enum Challenge: Equatable, Sendable {
        /// TLS-ALPN-01, on the addresses that are listened on.
        case handshake
        /// HTTP-01, on port 80.
        case page
        /// DNS-01, by the absolute path of a program of the admin's.
        case program(String)
    }

    /// Of an account with the authority to one that is there already (external account binding, RFC 8555 § 7.3.4).
    struct Binding: Equatable, Sendable {
        var identifier: String
        /// As the authority gave it, decoded.
        var key: [UInt8]
    }
}

extension AcmeSettings {
    /// Where pages are asked for (RFC 8555 § 8.3), by both families.
    static let pages = "[::]:80"

    /// What is ordered lies below it.
    static func root(state: String) -> String { state + "/acme" }

    /// Of a certificate with these names, the first of which tells it from others.
    static func folder(of names: [String], in root: String) -> String {
        "\(root)/certificates/\((names.first ?? "").replacing("*", with: "_"))"
    }

    /// What is served of it: `current` leads to the newest issue.
    func files(state: String) -> Settings.TLS.Certificate {
        let folder = Self.folder(of: names, in: Self.root(state: state)) + "/current"
        return Settings.TLS.Certificate(path: folder + "/fullchain.pem", keyPath: folder + "/privkey.pem", awaitedFor: names)
    }
}
