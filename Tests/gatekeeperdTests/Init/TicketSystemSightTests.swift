import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What init says of a ticket system")
struct TicketSystemSightTests {
    private let now = WallTime(milliseconds: 1_700_000_000_000)
    private let plain = Settings.Upstream.Server(
        endpoint: .host("t.internal", port: 80), name: "http://t.internal")
    private let secure = Settings.Upstream.Server(
        endpoint: .host("t.internal", port: 443), name: "https://t.internal", tls: .init(peer: .name("t.internal")))

    private func preset(_ name: String) -> TicketSystemPreset? { TicketSystemPreset.all.first { $0.name == name } }

    private func system(_ answer: UpstreamAnswer, at path: String = "/") -> TicketSystem {
        TicketSystem(plain, answers: [.init(path: path, answer: answer)])
    }

    private func sight(
        _ system: TicketSystem, certificate: UpstreamCertificate? = nil, expected: TicketSystemPreset? = nil
    ) -> InitSight {
        TicketSystemSight(system: system, certificate: certificate, expected: expected, now: now).sight
    }

    @Test(
        "it is told by its cookie, its page or its refusal",
        arguments: [
            ("osticket", UpstreamAnswer(status: 200, fields: [.init(name: "set-cookie", value: "OSTSESSID=a; path=/")])),
            ("redmine", UpstreamAnswer(status: 200, fields: [.init(name: "set-cookie", value: "_redmine_session=a")])),
            ("zammad", UpstreamAnswer(status: 200, body: Array("<html><title>Zammad Helpdesk</title>".utf8))),
            ("glpi", UpstreamAnswer(status: 400, body: Array("[\"ERROR_NOT_ALLOWED_IP\",\"no\"]".utf8))),
            ("rt", UpstreamAnswer(status: 200, fields: [.init(name: "set-cookie", value: "RT_SID_example.80=a")])),
        ])
    func recognised(name: String, answer: UpstreamAnswer) {
        let seen = sight(system(answer))
        #expect(seen.looksLike?.name == name && !seen.isDoubtful)
        #expect(seen.lines.last == "This looks like \(preset(name)?.title ?? "").")
        // Somebody has said so.
        let agreed = sight(system(answer), expected: preset(name))
        #expect(agreed.looksLike == nil && !agreed.isDoubtful && agreed.lines.last?.hasSuffix("as you said.") == true)
        let other = sight(system(answer), expected: preset("topdesk"))
        #expect(other.isDoubtful && other.lines.last?.contains("you said TOPdesk") == true)
    }

    @Test("what it does amiss is told whole, whatever its name is made of, with an answer and without")
    func amiss() {
        let server = Settings.Upstream.Server(endpoint: .unix("/run/käse-🧀.sock"), name: "unix:/run/käse-🧀.sock")
        var system = TicketSystem(server)
        (system.introduction, system.obstacle) = (.missing, "reset")
        #expect(
            sight(system).lines == [
                "unix:/run/käse-🧀.sock does not answer: reset.", "It answers behind a PROXY header alone.",
                "What to do: say upstream.proxy_protocol: v2, or name a port on which it expects none.",
            ])
        system = TicketSystem(server, answers: [.init(path: "/", answer: UpstreamAnswer(status: 500))])
        #expect(sight(system).lines.suffix(2) == ["But unix:/run/käse-🧀.sock answers 500 to GET /.", "What to do: look into its log."])
    }

    @Test("every mark is one of a preset")
    func presets() {
        for name in TicketSystemMarks.names { #expect((try? PresetCatalog.ticketSystem(name)) != nil, "\(name)") }
    }

    @Test("what answers is told by its status and its own word for itself, and that is no doubt")
    func answers() {
        let fields = [UpstreamAnswer.Field(name: "server", value: "Apache\u{1b}[2J"), .init(name: "location", value: "/login")]
        let seen = sight(system(UpstreamAnswer(status: 302, fields: fields)))
        #expect(seen.lines == ["http://t.internal answers: 302, by \"Apache?[2J\", on to \"/login\"."])
        #expect(!seen.isDoubtful && seen.looksLike == nil)
        let expected = sight(system(UpstreamAnswer(status: 200)), expected: preset("redmine"))
        #expect(!expected.isDoubtful && expected.lines.last?.contains("doesn't show that it is Redmine") == true)
    }

    @Test("an answer that can't be the ticket system's is told with what to do")
    func objections() {
        var closing = TicketSystem(plain, obstacle: "closed_before_response")
        closing.introduction = .missing
        #expect(sight(closing).isDoubtful && sight(closing).lines.first == "http://t.internal does not answer: closed_before_response.")
        #expect(sight(closing).lines.contains("It answers behind a PROXY header alone."))
        #expect(sight(closing).lines.last?.hasPrefix("What to do: say upstream.proxy_protocol: v2") == true)
        let seen = sight(system(UpstreamAnswer(status: 502)))
        #expect(seen.isDoubtful && seen.lines.contains { $0.hasPrefix("What to do: ") })
        let clear = sight(
            system(UpstreamAnswer(status: 400, body: Array("The plain HTTP request was sent to HTTPS port".utf8))))
        #expect(clear.isDoubtful && clear.lines.contains("What to do: say https:// in upstream.url."))
    }

    @Test(
        "no answer is told in words, with what to do",
        arguments: [
            ("connect_refused", "nothing listens there"), ("connect_timeout", "nothing comes back"), ("name_not_resolved", "no address"),
            ("nothing came back within 10 s", "within 10 s"),
        ])
    func silence(reason: String, words: String) {
        let seen = sight(TicketSystem(plain, obstacle: reason))
        #expect(seen.isDoubtful && seen.pin == nil)
        #expect(seen.lines[0].hasPrefix("http://t.internal does not answer: ") && seen.lines[0].contains(words))
    }

    @Test("a certificate is described; its key is offered where nobody vouches for it, and not where it is wrong otherwise")
    func certificates() throws {
        var facts = try CertificateChain(path: Certificates.shared().misfit(.selfSigned).certificate).leaf
        facts.names = ["t.internal"]
        facts.issuer = "CN=t.internal"
        facts.isSelfSigned = true
        facts.endsAtUnixSeconds = 1_700_000_000 + 3 * 86_400
        let certificate = UpstreamCertificate(facts: facts, pin: [UInt8](repeating: 0, count: 32))
        let untrusted = sight(TicketSystem(secure, obstacle: "upstream_certificate_untrusted"), certificate: certificate)
        #expect(untrusted.isDoubtful && untrusted.pin == String(repeating: "A", count: 43) + "=")
        #expect(untrusted.lines[1] == "It shows a certificate for t.internal, signed by itself; its end is in 3d (2023-11-17T22:13:20Z).")
        #expect(untrusted.lines.last?.contains(untrusted.pin ?? "-") == true)
        let expired = sight(TicketSystem(secure, obstacle: "upstream_certificate_expired"), certificate: certificate)
        #expect(expired.isDoubtful && expired.pin == nil)
    }
}
