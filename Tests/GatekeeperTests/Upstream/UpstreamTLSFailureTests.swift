import Testing

@testable import Gatekeeper

@Suite("Why TLS with the ticket system fails")
struct UpstreamTLSFailureTests {
    private func failure(
        _ reason: String, alert: UInt8 = 0, hasName: Bool = true, asked: Bool = false, hasReceived: Bool = true
    ) -> UpstreamTLSFailure {
        UpstreamTLSFailure(
            TLSFailure(reason: reason, alert: alert), hasName: hasName, isCertificateAsked: asked, hasReceived: hasReceived)
    }

    @Test("alerts tell which side wants what")
    func alerts() {
        #expect(failure("tlsv1_alert_protocol_version", alert: 70) == .version)
        #expect(failure("sslv3_alert_handshake_failure", alert: 40) == .cipher)
        #expect(failure("sslv3_alert_handshake_failure", alert: 40, asked: true) == .clientCertificate)
        for alert: UInt8 in [42, 43, 44, 45, 46, 48, 116] { #expect(failure("alert", alert: alert) == .clientCertificate) }
        #expect(failure("tlsv1_unrecognized_name", alert: 112) == .serverName)
        #expect(failure("alert", alert: 120) == .applicationProtocol)
        #expect(failure("alert", alert: 80) == .handshake)
    }

    @Test("so does what we object to")
    func own() {
        #expect(failure("unsupported_protocol") == .version)
        #expect(failure("unsafe_legacy_renegotiation_disabled") == .renegotiation)
        #expect(failure("wrong_signature_type") == .cipher)
        #expect(failure("wrong_version_number") == .handshake)
    }

    @Test("a server that ends without a word where no name was sent may want one")
    func silence() {
        #expect(failure("closed", hasName: false, hasReceived: false) == .serverName)
        #expect(failure("reset", hasName: false, hasReceived: false) == .serverName)
        #expect(failure("reset", hasName: true, hasReceived: false) == .handshake)
        #expect(failure("closed", hasName: false, hasReceived: true) == .handshake)
    }

    @Test("every reason has a word of its own")
    func words() {
        let words = UpstreamTLSFailure.allCases.map { "\($0.reason)" }
        #expect(Set(words).count == words.count && words.allSatisfy { $0.hasPrefix("upstream_") })
    }
}
