/// The certificate that a ticket system shows, trusted or not: for an admin to judge.
package struct UpstreamCertificate: Equatable, Sendable {
    package var facts: CertificateChain.Certificate
    /// SHA-256 of its public key, as `Settings.Upstream.TLS` has it.
    package var pin: [UInt8]

    package init(facts: CertificateChain.Certificate, pin: [UInt8]) {
        self.facts = facts
        self.pin = pin
    }
}
