/// One thing that is wrong with a file of certificates, or soon will be.
struct CertificateFault: Equatable, Sendable {
    var kind: Kind
    /// Which of the file's certificates or lists it is about, where there may be several; empty for the leaf.
    var subject = ""
    /// A sentence that names the file.
    var message: String

    enum Kind: Equatable, Sendable {
        case nameless
        /// The leaf's extensions don't let it stand for a server.
        case wrongPurpose
        /// The leaf asks for a stapled OCSP answer, and there is none.
        case mustStaple
        /// A key that can be broken, or that common clients refuse.
        case weakKey
        /// A kind of key that common clients can't use.
        case unusualKey
        /// Signed by a digest that can be forged.
        case weakSignature
        /// Never shown: another one for the same name, with the same kind of key, stands before it.
        case doubled
        /// A certificate that the one behind it didn't issue.
        case outOfOrder
        /// An authority's own certificate at the end of the chain.
        case rootIncluded
        /// The leaf, by itself.
        case selfSigned
        /// The chain ends before an authority that clients know, and says itself that there is more of it.
        case missingIntermediate
        /// The chain ends before an authority that this system knows: a private one, or a chain that isn't whole.
        case unknownIssuer
        case notYetValid
        case expired
        case expiring
    }

    /// Whether nobody can be served with it; otherwise some can.
    var isError: Bool {
        switch kind {
        case .outOfOrder, .notYetValid, .expired: true
        case .nameless, .wrongPurpose, .mustStaple, .weakKey, .unusualKey, .weakSignature, .doubled: false
        case .rootIncluded, .selfSigned, .missingIntermediate, .unknownIssuer, .expiring: false
        }
    }
}
