import Foundation
import Testing

/// The hooks of other ACME clients, with a `gatekeeperd` that writes down what it is called with.
@Suite("The hooks of ACME clients")
struct AcmeHookTests {
    private let folder: TemporaryFolder
    private let authority: TestAuthority
    private var calls: String { folder.file("calls") }

    private static let digest = "9c:3a:d2:b2:4a:9f:b2:1e:3f:c6:91:0b:f5:9a:a0:fb:04:2a:07:d8:0f:6c:03:4f:5e:0a:8b:88:23:a8:8f:90"
    /// Begins as an option does.
    private static let hyphened = "-YO_TGck0A3MBB7AVZ-ig9hXlDQ1AJy0CVswR56jxz8"

    init() throws {
        folder = try TemporaryFolder()
        authority = try TestAuthority()
        try FileManager.default.createDirectory(atPath: folder.file("tls"), withIntermediateDirectories: true)
    }

    private struct Run {
        var status: Int32
        var said: String
        /// The command lines of `gatekeeperd`, each word with `|` behind it.
        var calls: [String]
    }

    private func hook(_ name: String, _ arguments: [String], _ more: [String: String] = [:]) throws -> Run {
        try? FileManager.default.removeItem(atPath: calls)
        let environment = [
            "GATEKEEPERD": Daemon.packageRoot.appendingPathComponent("Tests/acme/record-call").path, "CALLS": calls,
            "GATEKEEPER_TLS": folder.file("tls"), "GATEKEEPER_USER": NSUserName(),
            "UACME_CONFDIR": folder.file("uacme"),
        ].merging(more) { $1 }
        let log = folder.file("log-\(UInt32.random(in: 0 ... .max))")
        let file = try OpenFile(creating: log)
        let path = Daemon.packageRoot.appendingPathComponent("packaging/acme/\(name)").path
        let process = try ChildProcess(path, arguments, output: file, errors: file, environment: environment)
        guard case .exited(let status) = try process.waitForEnd() else { throw Failure("the hook was killed") }
        let called = (try? String(contentsOfFile: calls, encoding: .utf8)) ?? ""
        return Run(
            status: status, said: try String(contentsOfFile: log, encoding: .utf8), calls: called.split(separator: "\n").map(String.init))
    }

    /// A pair of files at these places.
    private func issue(_ chain: String, _ key: String) throws {
        let leaf = try authority.issue("leaf", names: ["tickets.example.org"], kind: .ecdsa)
        for (source, place) in [(leaf.certificate, chain), (leaf.key, key)] {
            try FileManager.default.createDirectory(
                atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: place))
        }
    }

    private func isDeployed(_ chain: String, _ key: String) -> Bool {
        FileManager.default.contentsEqual(atPath: folder.file("tls/fullchain.pem"), andPath: chain)
            && FileManager.default.contentsEqual(atPath: folder.file("tls/privkey.pem"), andPath: key)
    }

    @Test("dehydrated's opens a window for each name, and closes it, by one call a name and by one for all")
    func dehydrated() throws {
        let (first, second) = (["a.example.org", "token-a", Self.digest], ["b.example.org", "token-b", Self.digest])
        for names in [[first], [first, second]] {
            let open = try hook("dehydrated", ["deploy_challenge"] + names.flatMap(\.self))
            #expect(open.status == 0 && open.said == "", "\(open)")
            #expect(open.calls == names.map { "challenge|open|\($0[0])|--digest=\(Self.digest)|" })
            let close = try hook("dehydrated", ["clean_challenge"] + names.flatMap(\.self), ["GATEKEEPER_CONFIG": "/x.yaml"])
            #expect(close.status == 0)
            #expect(close.calls == names.map { "challenge|close|\($0[0])|--config|/x.yaml|" })
        }
    }

    @Test("a window that doesn't open ends dehydrated's order, one that doesn't close doesn't, and of other kinds nothing is opened")
    func dehydratedFailures() throws {
        for value in ["token.thumbprint", "LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"] {
            let other = try hook("dehydrated", ["deploy_challenge", "a.example.org", "token", value])
            #expect(other.status == 1 && other.calls == [] && other.said.contains("CHALLENGETYPE=tls-alpn-01"), "\(other)")
        }
        for word in ["startup_hook", "exit_hook", "generate_csr", "this_hookscript_is_broken__dehydrated_is_working_fine"] {
            let ignored = try hook("dehydrated", [word, "a", "b"])
            #expect(ignored.status == 0 && ignored.calls == [] && ignored.said == "", "\(ignored)")
        }
        try Data().write(to: URL(fileURLWithPath: calls + ".fails"))
        let open = try hook("dehydrated", ["deploy_challenge", "a.example.org", "token", Self.digest])
        #expect(open.status == 1 && open.said.contains("a.example.org"), "\(open)")
        #expect(try hook("dehydrated", ["clean_challenge", "a.example.org", "token", Self.digest]).status == 0)
    }

    @Test("dehydrated's gives the service the new certificate")
    func dehydratedDeploys() throws {
        let (chain, key) = (folder.file("certs/tickets.example.org/fullchain.pem"), folder.file("certs/tickets.example.org/privkey.pem"))
        try issue(chain, key)
        let run = try hook("dehydrated", ["deploy_cert", "tickets.example.org", key, "cert.pem", chain, "chain.pem", "1700000000"])
        #expect(run.status == 0 && isDeployed(chain, key), "\(run)")
    }

    @Test("uacme's takes TLS-ALPN-01 alone, whatever the digest begins with, and gives the service the new certificate")
    func uacme() throws {
        for kind in ["dns-01", "http-01"] {
            let other = try hook("uacme", ["begin", kind, "a.example.org", "token", Self.hyphened])
            #expect(other.status == 1 && other.calls == [] && other.said == "", "\(other)")
        }
        let open = try hook("uacme", ["begin", "tls-alpn-01", "a.example.org", "token", Self.hyphened])
        #expect(open.status == 0 && open.calls == ["challenge|open|a.example.org|--digest=\(Self.hyphened)|"], "\(open)")
        for word in ["done", "failed"] {
            let close = try hook("uacme", [word, "tls-alpn-01", "a.example.org", "token", Self.hyphened])
            #expect(close.status == 0 && close.calls == ["challenge|close|a.example.org|"], "\(close)")
        }
        #expect(try hook("uacme", ["begin"]).status == 1)
        let (chain, key) = (folder.file("uacme/tickets.example.org/cert.pem"), folder.file("uacme/private/tickets.example.org/key.pem"))
        try issue(chain, key)
        let run = try hook("uacme", ["deploy", "tickets.example.org"])
        #expect(run.status == 0 && isDeployed(chain, key), "\(run)")
    }

    @Test("the program for dynamic updates passes on nothing but a name and a digest")
    func updates() throws {
        for arguments in [
            ["present", "_acme-challenge.a.example.org.\nupdate delete a.example.org", "x"], ["present", "a\" x", "x"],
            ["present", "a", "x\"y"], ["remove", "a", "x"], ["present", "a"],
        ] {
            #expect(try hook("nsupdate", arguments).status == 2, "\(arguments)")
        }
    }
}
