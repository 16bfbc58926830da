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

    /// What to do about it: a sentence without a full stop.
    var advice: String {
        switch kind {
        case .nameless: "get one with the name that clients use in its subjectAltName"
        case .wrongPurpose: "get one that is for servers: an authority's usual one, with digitalSignature and serverAuth"
        case .mustStaple: "get one without must-staple (certbot: without --must-staple; acme.sh: without --ocsp)"
        case .weakKey: "make a new key, RSA of 2048 bits or P-256, and get a certificate for it"
        case .unusualKey: "get one with an RSA key or one of P-256, in its place or beside it (`tls.certificates`)"
        case .weakSignature: "get one that is signed with SHA-256; a chain that is signed with SHA-1 is years old"
        case .doubled: "take one of them away; an RSA and an ECDSA certificate for one name are both used"
        case .outOfOrder: "put the leaf first, and behind each certificate the one that issued it, as in certbot's fullchain.pem"
        case .rootIncluded: "take the last certificate out of the file"
        case .selfSigned: "get one from an authority that clients know; until then each client must be told to trust this one"
        case .missingIntermediate:
            "use the whole chain (certbot's fullchain.pem, not cert.pem): browsers look for a missing certificate, a vendor's client "
                + "gives up"
        case .unknownIssuer:
            "with an authority of your own, each client must be told to trust it. With another's, use the whole chain (fullchain.pem)"
        case .notYetValid: "is the clock right?"
        case .expired: "renew it now: clients turn away"
        case .expiring: "renew it; if that should have happened by itself, look into the log of whoever does it"
        }
    }
}
