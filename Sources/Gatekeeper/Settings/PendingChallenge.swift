/// What a certificate authority has to be shown while it makes sure of one name.
package struct PendingChallenge: Sendable, Equatable {
    /// A DNS name in lower case, as A-labels and without a dot at its end; or the text of an address.
    package var name: String
    package var proof: Proof
    /// From then on it is shown to nobody, whatever became of its order.
    package var endsAt: Instant

    package enum Proof: Sendable, Equatable {
        /// By a handshake (TLS-ALPN-01, RFC 8737): the SHA-256 of the key authorization, 32 bytes.
        case handshake(digest: [UInt8])
        /// By a page (HTTP-01, RFC 8555 § 8.3).
        case page(token: String, keyAuthorization: String)
    }

    package init(name: String, proof: Proof, endsAt: Instant) {
        self.name = name
        self.proof = proof
        self.endsAt = endsAt
    }
}
