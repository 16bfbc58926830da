internal import Gatekeeper

extension CertificateChain {
    /// The name that clients are told to use, as a `Host` holds it: the leaf's first that is one. A wildcard is none.
    var host: String? {
        leaf.names.lazy.filter { !$0.hasPrefix("*") }.map { $0.contains(":") ? "[\($0)]" : $0 }.first(where: UpstreamURL.isAuthority)
    }
}
