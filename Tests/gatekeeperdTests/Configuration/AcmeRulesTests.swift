import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Certificates that are ordered, as they are written")
struct AcmeRulesTests {
    private static func yaml(_ tls: String, _ more: String = "state: /var/lib/gatekeeper-test") -> String {
        minimal(more).replacing("{certificate: chain.pem, key: key.pem}", with: "{\(tls)}")
    }

    private static func acme(_ keys: String) -> String { yaml("acme: {\(keys)}") }

    @Test("names alone are enough")
    func least() throws {
        let configuration = try load(Self.acme("names: [Tickets.example.org, www.example.org]"))
        let ordered = try #require(configuration.acme.first?.value)
        #expect(configuration.acme.count == 1)
        #expect(ordered.names == ["tickets.example.org", "www.example.org"])
        #expect(ordered.directory == "https://acme-v02.api.letsencrypt.org/directory")
        #expect(ordered.challenge == .handshake)
        let certificate = try #require(configuration.settings.tls.certificates.first)
        #expect(certificate.path == "/var/lib/gatekeeper-test/acme/certificates/tickets.example.org/current/fullchain.pem")
        #expect(certificate.keyPath == "/var/lib/gatekeeper-test/acme/certificates/tickets.example.org/current/privkey.pem")
        #expect(certificate.awaitedFor == ordered.names)
        #expect(configuration.orderedPaths == [certificate.path, certificate.keyPath])
    }

    @Test("every key is read, at both places")
    func everything() throws {
        let keys =
            "names: a.example, directory: \"https://ca.example:14000/dir\", contact: admin@example.org, challenge: http-01, profile: shortlived, "
            + "eab: {id: kid-1, hmac: \"${HMAC}\"}, directory_ca: chain.pem"
        let environment = ["HMAC": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"]
        for yaml in [Self.acme(keys), Self.yaml("certificates: [{acme: {\(keys)}}]")] {
            let ordered = try #require(try load(yaml, environment: environment).acme.first?.value)
            #expect(ordered.directory == "https://ca.example:14000/dir")
            #expect(ordered.contact == "admin@example.org")
            #expect(ordered.challenge == .page)
            #expect(ordered.profile == "shortlived")
            #expect(ordered.binding?.identifier == "kid-1")
            #expect(ordered.binding?.key.count == 48)
            #expect(ordered.authorityPath?.hasSuffix("/chain.pem") == true)
        }
    }

    @Test("files and orders stand beside each other, in their order")
    func mixed() throws {
        let configuration = try load(
            Self.yaml("certificates: [{certificate: chain.pem, key: key.pem}, {acme: {names: b.example}}, {acme: {names: [192.0.2.7]}}]"))
        #expect(configuration.settings.tls.certificates.map(\.awaitedFor) == [nil, ["b.example"], ["192.0.2.7"]])
        #expect(configuration.origins.certificates.count == 3)
    }

    @Test(
        "each mistake says where and what to do",
        arguments: [
            ("contact: a@example.org", "the names are missing"),
            ("names: []", "is not a name"),
            ("names: [tickets_1.example]", "is not a name"),
            ("names: [\"https://a.example\"]", "is not a name"),
            ("names: [a.example, A.example]", "a.example is there already"),
            ("names: [tickëts.example]", "with xn--"),
            ("names: [\"*.example.org\"]", "*.example.org can only be had by dns-01"),
            ("names: [\"a.*.example.org\"]", "is not a name"),
            ("names: a.example, directory: letsencypt", "did you mean letsencrypt?"),
            ("names: a.example, directory: \"http://ca.example/dir\"", "is not the URL of a directory"),
            ("names: a.example, directory: zerossl", "add eab"),
            ("names: a.example, contact: admin", "is not a mail address"),
            ("names: a.example, challenge: dns-01", "challenge: {command: /PATH}"),
            ("names: a.example, challenge: tls-alpn-1", "did you mean tls-alpn-01?"),
            ("names: a.example, challenge: {command: relative}", "the absolute path of a program"),
            ("names: a.example, challenge: {command: /nowhere/program}", "/nowhere/program"),
            ("names: a.example, challenge: {comand: /bin/true}", "did you mean tls.acme.challenge.command?"),
            ("names: [192.0.2.7], challenge: {command: /bin/true}", "is an address"),
            ("names: a.example, eab: {id: x}", "it is an id and an hmac"),
            ("names: a.example, eab: {id: x, hmac: \"%%%%\"}", "the base64 text"),
            ("names: a.example, eab: x", "holds keys and their values"),
            ("names: a.example, directory_ca: nothing.pem", "nothing.pem"),
            ("names: a.example, profile: \"a b\"", "not the name of a profile"),
            ("name: a.example", "did you mean tls.acme.names?"),
        ])
    func mistake(keys: String, says: String) throws {
        for yaml in [Self.acme(keys), Self.yaml("certificates: [{acme: {\(keys)}}]")] {
            let lines = try mistakes(in: yaml)
            #expect(lines.contains { $0.contains(says) && $0.contains("acme") }, "\(lines)")
        }
    }

    @Test("each certificate is named in one place, and none twice")
    func places() throws {
        let twice = try mistakes(in: Self.yaml("certificate: chain.pem, key: key.pem, acme: {names: a.example}"))
        #expect(twice.count == 2 && twice.allSatisfy { $0.contains("tls.acme is there too") }, "\(twice)")
        let both = try mistakes(in: Self.yaml("certificates: [{certificate: chain.pem, key: key.pem}], acme: {names: a.example}"))
        #expect(both.count == 1 && both[0].contains("make it one of them"), "\(both)")
        let element = try mistakes(in: Self.yaml("certificates: [{certificate: chain.pem, acme: {names: a.example}}]"))
        #expect(element.count == 1 && element[0].contains("write two as two elements"), "\(element)")
        let same = try mistakes(in: Self.yaml("certificates: [{acme: {names: a.example}}, {acme: {names: [a.example, b.example]}}]"))
        #expect(same.count == 1 && same[0].contains("put another name first"), "\(same)")
    }

    @Test("without a state folder nothing is ordered")
    func state() throws {
        guard StandardPath.state() == nil else { return }
        let lines = try mistakes(in: Self.yaml("acme: {names: a.example}", ""))
        #expect(lines.count == 1 && lines[0].contains("set state"), "\(lines)")
    }

    @Test("changes are told by the names")
    func changes() throws {
        let one = try load(Self.acme("names: a.example"))
        let two = try load(Self.acme("names: [a.example, b.example]"))
        let other = try load(Self.acme("names: a.example, profile: short"))
        #expect(ConfigurationChange.lines(from: one, to: two) == ["tls.acme: + a.example b.example", "tls.acme: - a.example"])
        #expect(ConfigurationChange.lines(from: one, to: other) == ["tls.acme: a.example in another way"])
    }
}
