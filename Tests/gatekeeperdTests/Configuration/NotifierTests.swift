import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Who is told of problems, as it is configured")
struct NotifierTests {
    private static let token = "T0/B0/sEcReToKeN"

    @Test(
        "a webhook is https, or http to this machine; no message repeats its path",
        arguments: [
            "http://hooks.example/\(token)", "ftp://hooks.example/\(token)", "hooks.example/\(token)",
            "https://user:\(token)@hooks.example/",
            "https:///\(token)", "https://hooks.example:0/\(token)", "https://hooks.example:x/\(token)", "https://ho oks.example/\(token)",
            "https://hooks.example/\(token)#f", "http://10.0.0.5/\(token)", "http://127.0.0.1.evil.example/\(token)", "unix:/\(token)",
            "https://-x.example/\(token)", "http://[2001:db8::1]/\(token)", "https://hooks.example/é\(token)",
        ])
    func refused(url: String) throws {
        let error = #expect(throws: ValueMistake.self) { try Notifier.Webhook(url: url) }
        #expect(error?.message.contains(Self.token) == false)
        let findings = try Self.errors("notify: [{webhook: \"\(url)\"}]")
        #expect(!findings.isEmpty && !findings.joined().contains(Self.token), "\(findings)")
    }

    @Test(
        "what is asked for is the path and the query; the name is scheme and host",
        arguments: [
            ("https://hooks.example/T0/B0?x=1", "https://hooks.example", "hooks.example", "/T0/B0?x=1"),
            ("https://hooks.example:8443", "https://hooks.example:8443", "hooks.example:8443", "/"),
            ("http://127.0.0.1:9/a", "http://127.0.0.1:9", "127.0.0.1:9", "/a"),
            ("http://localhost:9?q", "http://localhost:9", "localhost:9", "/?q"), ("http://[::1]:9/", "http://[::1]:9", "[::1]:9", "/"),
        ])
    func taken(url: String, name: String, authority: String, target: String) throws {
        let webhook = try Notifier.Webhook(url: url)
        #expect(webhook.server.name == name && webhook.authority == authority && webhook.target == target)
        #expect((webhook.server.tls != nil) == url.hasPrefix("https"))
    }

    @Test(
        "what can't be meant is an error that says what to write",
        arguments: [
            ("notify: [{format: slack}]", "a webhook or a command"),
            ("notify: [{webhook: \"https://h.example/\", command: /bin/true}]", "write them as two"),
            ("notify: [{webhook: \"https://h.example/\", format: slac}]", "did you mean slack?"),
            ("notify: [{webhook: \"https://h.example/\", secret: short}]", "16 to 256 bytes"),
            ("notify: [{command: /bin/true, secret: 0123456789abcdef}]", "it is a webhook's"),
            ("notify: [{command: alert}]", "absolute path"), ("notify: [{command: \"/bin/true -x\"}]", "no such file"),
            ("notify: [{command: /etc/passwd}]", "may not be run"), ("notify: [{command: /bin}]", "no file"),
        ])
    func mistakes(text: String, expected: String) throws {
        let errors = try Self.errors(text)
        #expect(errors.contains { $0.contains(expected) }, "\(errors)")
    }

    @Test("a file that anybody else can change has no program run, whatever it says otherwise")
    func trust() throws {
        let scene = try Self.folder("notify: [{command: /bin/true}]")
        // Below /tmp, where everybody may write.
        let file = scene.file("gatekeeper.yaml")
        let source = ConfigurationSource(file: file, flags: [])
        let error = #expect(throws: ConfigurationError.self) { try source.read() }
        #expect(error?.lines.joined().contains("has to be root's alone to change") == true, "\(error?.lines ?? [])")
        #expect(TrustedPath.objection(to: file)?.contains("can be written by everybody") == true)
    }

    @Test("what root alone can change is trusted, and not what a link leads to elsewhere")
    func trustedPath() throws {
        #expect(TrustedPath.objection(to: "/bin/true") == nil)
        let folder = try ScratchFolder(["file": ""])
        #expect(TrustedPath.objection(to: folder.file("file")) != nil)
        // Both ends are root's alone, and what leads from one to the other isn't.
        try FileManager.default.createSymbolicLink(atPath: folder.file("middle"), withDestinationPath: "/bin/true")
        #expect(TrustedPath.objection(to: folder.file("middle")) != nil)
        #expect(TrustedPath.objection(to: "/nonexistent/file")?.contains("cannot look at") == true)
    }

    private static func folder(_ text: String) throws -> ScratchFolder {
        try ScratchFolder(["chain.pem": "", "key.pem": "", "gatekeeper.yaml": ServiceScene.text(text)])
    }

    private static func errors(_ text: String) throws -> [String] {
        let folder = try folder(text)
        do throws(ConfigurationError) {
            _ = try ConfigurationSource(file: folder.file("gatekeeper.yaml"), flags: []).read()
            return []
        } catch {
            return error.lines
        }
    }
}
