internal import Gatekeeper

/// Where a certificate comes from.
enum CertificateSource: Sendable {
    case files(Settings.TLS.Certificate)
    /// Ordered; the files are ours, below the state folder.
    case acme(AcmeSettings)

    var ordered: AcmeSettings? { if case .acme(let settings) = self { settings } else { nil } }
}
