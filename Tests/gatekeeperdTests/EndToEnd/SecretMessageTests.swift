import Foundation
import Testing

/// The real binary's messages, wherever they come out, hold nothing of a file that isn't what it should be, and no value of the environment.
@Suite("What no message shows")
struct SecretMessageTests {
    private static let canary = "kanarienvogel-7f3a9c51"
    private static let contents = [
        "-----BEGIN PRIVATE KEY-----\n\(canary)\n-----END PRIVATE KEY-----\n", "\(canary)\n", "\(canary): \(canary)\n",
        "-----BEGIN CERTIFICATE-----\n\(canary)\n-----END CERTIFICATE-----\n",
    ]

    private func expectNothing(_ text: String, _ what: String) {
        #expect(!text.contains("kanarienvogel"), "\(what): \(text)")
    }

    @Test("check, explain, doctor and run say nothing of what a file holds that is in another's place")
    func files() throws {
        let authority = try Certificates.shared().authority
        for content in Self.contents {
            let folder = try TemporaryFolder()
            let file = try folder.write(content, to: "other")
            let leaf = try Certificates.shared().leaf(.ecdsa)
            let scenes = [
                try ConfigurationScene(leaf: Certificates.Leaf(certificate: file, key: leaf.key), upstream: "http://127.0.0.1:1"),
                try ConfigurationScene(leaf: Certificates.Leaf(certificate: leaf.certificate, key: file), upstream: "http://127.0.0.1:1"),
                try ConfigurationScene(tls: "client_ca: \(file)", upstream: "http://127.0.0.1:1"),
                try ConfigurationScene(allow: "[{file: \(file)}]", upstream: "http://127.0.0.1:1"),
                try ConfigurationScene(upstream: "https://127.0.0.1:1", upstreamSettings: "ca: \(file)"),
                try ConfigurationScene(
                    upstream: "https://127.0.0.1:1", upstreamSettings: "ca: \(authority)\n  certificate: \(file)\n  key: \(leaf.key)"),
                try ConfigurationScene(
                    upstream: "https://127.0.0.1:1",
                    upstreamSettings: "ca: \(authority)\n  certificate: \(leaf.certificate)\n  key: \(file)"),
                try ConfigurationScene(upstream: "http://127.0.0.1:1", "state: \(file)"),
            ]
            for (index, scene) in scenes.enumerated() {
                let check = try scene.run("check")
                expectNothing(check.lines.joined(separator: "\n") + check.errors, "check \(index)")
                // The last one starts: it has no ledger.
                guard index < 7 else { continue }
                #expect(check.ending == .exited(2), "\(index): \(check)")
                let run = try scene.run("run")
                #expect(run.ending == .exited(2), "\(index): \(run)")
                expectNothing(run.lines.joined(separator: "\n") + run.errors, "run \(index)")
            }
            for command in ["check", "explain", "doctor", "run"] {
                let run = try Daemon.run([command] + (command == "explain" ? ["10.0.0.1"] : []) + ["--config", file])
                #expect(run.ending == .exited(2))
                expectNothing(run.output + run.errors, "\(command) of the file itself")
            }
        }
    }

    @Test("a service that is told to read such a file by apply or a reload says nothing of it in its answer, log, status, page or stderr")
    func service() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: "control: \(folder.file("control.sock"))\nstatus: 127.0.0.1:0")
        let page = try daemon.waitForLine(event: "status_page")["address"] ?? ""
        let base = try String(contentsOfFile: daemon.configuration, encoding: .utf8)
        var said = ""
        for (index, content) in Self.contents.enumerated() {
            let file = try folder.write(content, to: "other-\(index)")
            let listing = try folder.write(
                base.replacingOccurrences(of: "- \"127.0.0.3\"", with: "- {file: \(file)}"), to: "listing-\(index).yaml")
            for applied in [file, listing] {
                for json in [[], ["--json"]] {
                    let run = try Daemon.run(["apply", applied, "--control", folder.file("control.sock")] + json)
                    #expect(run.ending == .exited(2))
                    said += run.output + run.errors
                }
            }
            for arguments in [["status"], ["status", "--json"]] {
                let run = try Daemon.run(arguments + ["--control", folder.file("control.sock")])
                said += run.output + run.errors
            }
            for path in ["/", "/metrics"] { said += try Curl(["http://\(page)\(path)"], from: nil).text }
        }
        #expect(said.contains("failed"))
        try daemon.terminate()
        expectNothing(said + daemon.diagnostics + daemon.log.all.map(\.text).joined(separator: "\n"), "the service")
    }

    @Test("values of the environment are shown as the file has them, by every command and in the log")
    func environment() throws {
        let folder = try TemporaryFolder()
        let canaries = [
            "PLACE": "\(Self.canary)", "PEER": "\(Self.canary).example", "LABEL": "Kanarienvogel-4711",
            "TOKEN": "kanarienvogel-kanarienvogel",
        ]
        try FileManager.default.createDirectory(atPath: folder.file(Self.canary), withIntermediateDirectories: true)
        let leaf = try Certificates.shared().leaf(.ecdsa)
        for (from, to) in [(leaf.certificate, "chain.pem"), (leaf.key, "key.pem")] {
            try FileManager.default.copyItem(atPath: from, toPath: folder.file("\(Self.canary)/\(to)"))
        }
        let daemon = try Daemon(
            upstream: nil,
            certificates: [
                Certificates.Leaf(
                    certificate: "\"\(folder.file("${PLACE}/chain.pem"))\"", key: "\"\(folder.file("${PLACE}/key.pem"))\"")
            ],
            settings: """
                control: \(folder.file("control.sock"))
                state: "\(folder.path)/${PLACE}/state"
                status: 127.0.0.1:0
                status_token: "${TOKEN}"
                routes: ["/${PLACE}/x"]
                """,
            upstreamLines: ["url: \"http://${PEER}:8080\"", "host: \"${PEER}\"", "health: {path: \"/${PLACE}\"}"], environment: canaries)
        var said = ""
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {address: 127.0.0.3, label: \"${LABEL}\"}")
        said += try daemon.reload().text
        _ = try? RawClient(to: daemon, from: "127.0.0.3").exchange("GET /\(Self.canary)/x HTTP/1.1\r\nHost: t\r\n\r\n")
        for arguments in [["status"], ["status", "--json"]] {
            let run = try Daemon.run(arguments + ["--control", folder.file("control.sock")])
            #expect(run.ending == .exited(0))
            said += run.output + run.errors
        }
        #expect(said.contains("${LABEL}") && said.contains("${PEER}") && said.contains("${PLACE}"), "\(said)")
        for command in [["check"], ["check", "--json"], ["explain", "127.0.0.3"], ["doctor"]] {
            let run = try Daemon.run(command + ["--config", daemon.configuration], environment: canaries)
            said += run.output + run.errors
        }
        try FileManager.default.removeItem(atPath: folder.file("\(Self.canary)/key.pem"))
        said += try daemon.reload().text
        try daemon.terminate()
        // What the client itself asked for is told of his request.
        let log = daemon.log.all.filter { $0.event != "request" && $0.event != "refused" }.map(\.text).joined(separator: "\n")
        for text in [said, daemon.diagnostics, log] { #expect(!text.lowercased().contains("kanarienvogel"), "\(text)") }
    }
}
