import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("The file that init writes")
struct InitTextTests {
    private let answers = InitConfiguration(
        listen: ["127.0.0.1:8443", "[::1]:8443"], certificate: "full chain.pem", key: "dir/#key.pem", allow: ["192.0.2.7", "::1"],
        preset: "tier2tickets", upstream: "http://127.0.0.1:8080")

    @Test("is a configuration without mistakes or warnings that says what was answered")
    func loads() throws {
        let text = InitText.text(of: answers, path: "/etc/gatekeeper/gatekeeper.yaml").replacing("dir/#key", with: "#key")
        let configuration = try load(text, files: ["full chain.pem": "", "#key.pem": ""])
        #expect(configuration.warnings.isEmpty)
        let settings = configuration.settings
        #expect(settings.listeners.map(\.address.description) == ["127.0.0.1:8443", "[::1]:8443"])
        #expect(settings.allow.map(\.prefix.description) == ["34.202.14.153", "3.209.57.193", "192.0.2.7", "::1"])
        #expect(settings.upstream.servers.map(\.name) == ["http://127.0.0.1:8080"])
        #expect(settings.tls.certificates.first?.path.hasSuffix("/full chain.pem") == true)
        // What it spells out is what holds without it.
        let plain = try load(minimal())
        #expect(settings.limits == plain.settings.limits && settings.log == plain.settings.log && settings.onDeny == plain.settings.onDeny)
        #expect(settings.tls.minimumVersion == plain.settings.tls.minimumVersion)
    }

    private var ordered: InitConfiguration {
        var ordered = answers
        (ordered.certificate, ordered.key) = (nil, nil)
        ordered.acme = ["tickets.example.org", "desk.example.org"]
        ordered.contact = "admin@example.org"
        return ordered
    }

    @Test("has a certificate ordered where that was answered, and keeps what belongs to it")
    func order() throws {
        let text = InitText.text(of: ordered, path: nil)
        let configuration = try load(text)
        #expect(configuration.warnings.isEmpty && configuration.statePath == StandardPath.usualState)
        let settings = try #require(configuration.acme.first?.value)
        #expect(settings.names == ["tickets.example.org", "desk.example.org"] && settings.contact == "admin@example.org")
        let directory = try AcmeDirectory.url(AcmeDirectory.usual)
        #expect(settings.challenge == .handshake && settings.directory == directory)
        var plain = ordered
        plain.contact = nil
        let commented = InitText.text(of: plain, path: nil)
        #expect(try load(commented).acme.first?.value.contact == nil)
        let marks = commented.replacing("# contact:", with: "contact:").replacing("# directory:", with: "directory:")
        #expect(try load(marks).acme.first?.value == settings)
    }

    @Test("explains each of its keys, and names the next commands")
    func comments() {
        for answers in [answers, ordered] { comments(InitText.text(of: answers, path: "/srv/a b.yaml")) }
    }

    private func comments(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for index in lines.indices where lines[index].wholeMatch(of: /[a-z_]+:.*/) != nil {
            #expect(index > 0 && lines[index - 1].hasPrefix("# "), "\(lines[index])")
        }
        #expect(text.contains("gatekeeperd check --config '/srv/a b.yaml'\n"))
        #expect(text.contains("systemctl enable --now gatekeeperd\n"))
        #expect(text.hasSuffix("9180\n"))
    }

    @Test("the routes that it proposes are the ticket system's, where they are known")
    func proposedRoutes() throws {
        var answers = answers
        answers.ticketSystem = try PresetCatalog.ticketSystem("halo")
        #expect(InitText.text(of: answers, path: nil).contains("\n# routes:\n#   - {preset: halopsa}\n"))
        answers.ticketSystem = try PresetCatalog.ticketSystem("zammad")
        #expect(InitText.text(of: answers, path: nil).contains("\n# routes:\n#   - {methods: [POST], path: /api/tickets.json}\n"))
    }

    @Test("a commented key is a key all the same: routes and status load when their marks are taken away")
    func routes() throws {
        let text = InitText.text(of: answers, path: nil).replacing("# routes:", with: "routes:").replacing(
            "#   - {meth", with: "  - {meth"
        ).replacing("# status:", with: "status:")
        let configuration = try load(text.replacing("dir/#key", with: "#key"), files: ["full chain.pem": "", "#key.pem": ""])
        #expect(configuration.settings.routes?.routes.count == 1)
        #expect(configuration.status?.address.port == 9180)
    }

    @Test(
        "a value is quoted when it could be taken for something else",
        arguments: [
            ("192.0.2.7", "192.0.2.7"), ("::1", "\"::1\""), ("[::]:443", "\"[::]:443\""), ("a: b", "\"a: b\""), ("a #b", "\"a #b\""),
            ("a\"b\\", #""a\"b\\""#), ("", "\"\""), ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("x:", "\"x:\""), ("é", "\"é\""),
        ])
    func scalars(value: String, written: String) {
        #expect(InitText.scalar(value) == written)
    }
}
