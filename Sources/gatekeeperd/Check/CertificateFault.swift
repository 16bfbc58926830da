/// One thing that is wrong with a file of certificates, or soon will be.
struct CertificateFault: Equatable, Sendable {
    var kind: Kind
    /// A sentence that names the file.
    var message: String

    enum Kind: Equatable, Sendable {
        case nameless
        /// A certificate that the one behind it didn't issue.
        case outOfOrder
        /// An authority's own certificate at the end of the chain.
        case rootIncluded
        /// The leaf, by itself.
        case selfSigned
        /// The chain ends before an authority that this system knows.
        case unknownIssuer
        case notYetValid
        case expired
        case expiring
    }

    /// Whether nobody can be served with it; otherwise some can.
    var isError: Bool {
        switch kind {
        case .outOfOrder, .notYetValid, .expired: true
        case .nameless, .rootIncluded, .selfSigned, .unknownIssuer, .expiring: false
        }
    }
}
