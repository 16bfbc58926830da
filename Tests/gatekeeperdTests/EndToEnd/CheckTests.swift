import Foundation
import Testing

@Suite("gatekeeperd check: what would go wrong, before it does")
struct CheckTests {
    /// A certificate that has nothing to be told of but its authority, which no system knows.
    private func leaf() throws -> Certificates.Leaf {
        try TestAuthority.common().issue("checked", names: ["a.example"], days: 90)
    }

    /// A file of several certificates, one behind the other.
    private func chain(_ files: [String], key: String, in folder: TemporaryFolder) throws -> Certificates.Leaf {
        let text = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
        return Certificates.Leaf(certificate: try folder.write(text, to: "chain.pem"), key: key)
    }

    @Test("a configuration that the service can start with is fine, in one line, and exits 0")
    func fine() throws {
        let upstream = try ScriptedUpstream(.echo)
        let scene = try ConfigurationScene(leaf: leaf(), allow: "[127.0.0.2, 127.0.0.3]", upstream: upstream.url)
        let run = try scene.run("check")
        #expect(run.ending == .exited(0), "\(run.lines)")
        let summary = try #require(run.lines.last)
        #expect(summary.hasPrefix("configuration is fine: 2 sources, 1 listener, certificate for a.example until 20"), "\(summary)")
        #expect(run.errors.isEmpty)
        // The authority of the tests is known to no system; nothing else is found.
        #expect(run.lines.dropLast().allSatisfy { $0.contains("warning: tls.certificate:") && $0.contains("this system doesn't know") })
        #expect(upstream.requests.isEmpty)
    }

    @Test("it looks as the user who is named would, and says who looked")
    func otherUser() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let leaf = try leaf()
        for (path, name) in [(leaf.certificate, "chain.pem"), (leaf.key, "key.pem")] {
            try FileManager.default.copyItem(atPath: path, toPath: folder.file(name))
        }
        let file = try folder.write(
            """
            listen: [127.0.0.1:0]
            tls: {certificate: chain.pem, key: key.pem}
            allow: [127.0.0.2]
            upstream: {url: "\(upstream.url)"}
            """, to: "gatekeeper.yaml")
        func allow(_ mode: Int, _ path: String) throws {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        for (mode, path) in [(0o755, folder.path), (0o644, file), (0o644, folder.file("chain.pem")), (0o600, folder.file("key.pem"))] {
            try allow(mode, path)
        }
        // By itself, and named as other programs have it.
        let own = try Daemon.run(["check", file, "--user", NSUserName()])
        #expect(own.ending == .exited(0) && own.output.hasSuffix("; looked as \(NSUserName())\n"), "\(own)")
        let other = try Daemon.run(["check", "--user", "nobody", file])
        #expect(other.ending == .exited(2))
        guard geteuid() == 0 else {
            #expect(other.errors == "gatekeeperd: only root can look as another user\n")
            return
        }
        let line = "\(file):2:36: tls.key: \(folder.file("key.pem")) cannot be read: Permission denied"
        #expect(other.output.split(separator: "\n").first.map(String.init) == line, "\(other)")
        #expect(other.output.contains("note: to let the user nobody read a file: chgrp "))
        #expect(other.output.hasSuffix("configuration can't be used: 1 error; looked as nobody (no capabilities)\n"), "\(other)")
        try allow(0o644, folder.file("key.pem"))
        let readable = try Daemon.run(["check", "--user", "nobody", file, "--json"])
        #expect(readable.ending == .exited(0), "\(readable)")
        #expect(try JSONValue(parsing: readable.output.utf8)["looked_as"]?.string == "nobody (no capabilities)")
        #expect(try Daemon.run(["check", "--user", "nobody-at-all", file]).errors.contains("there is no user \"nobody-at-all\""))
    }

    @Test("a control path that can't be one is found, as only a start did")
    func controlPath() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let regular = try folder.write("", to: "regular")
        let paths = [
            (folder.file(String(repeating: "x", count: 120)), "the kernel allows a socket"), (regular, "is there and is not a socket"),
            (folder.file("none/deeper/control.sock"), "cannot make the folder"),
        ]
        for (path, message) in paths {
            let scene = try ConfigurationScene(upstream: upstream.url)
            let text = try String(contentsOfFile: scene.file, encoding: .utf8)
            let old = "control: " + scene.folder.file("control.sock")
            try text.replacingOccurrences(of: old, with: "control: " + path).write(toFile: scene.file, atomically: true, encoding: .utf8)
            let run = try scene.run("check")
            #expect(run.ending == .exited(2))
            #expect(run.lines.contains { $0.contains(": control: ") && $0.contains(message) }, "\(run.lines)")
        }
    }

    @Test("a mistyped command and a file in the wrong place are told what was meant")
    func mistyped() throws {
        for (word, meant) in [("chekc", "check"), ("chek", "check"), ("relaod", "reload"), ("statsu", "status"), ("configtest", "check")] {
            let run = try Daemon.run([word])
            #expect(run.ending == .exited(2) && run.output.isEmpty)
            #expect(run.errors.hasPrefix("gatekeeperd: \"\(word)\" is no command; did you mean \(meant)?\n"), "\(run.errors)")
        }
        let run = try Daemon.run(["run", "/etc/gatekeeper/gatekeeper.yaml"])
        #expect(run.ending == .exited(2) && run.errors.contains("a configuration is named with --config FILE"), "\(run.errors)")
        #expect(try Daemon.run(["check", "a.yaml", "--config", "b.yaml"]).errors.contains("named twice"))
    }

    @Test("flags are checked as run takes them")
    func flags() throws {
        let leaf = try leaf()
        let upstream = try ScriptedUpstream(.echo)
        let flags = ["--listen", "127.0.0.1:0", "--certificate", leaf.certificate, "--key", leaf.key, "--upstream", upstream.url]
        #expect(try Daemon.run(["check"] + flags + ["--allow", "127.0.0.2", "--set", "limits.head=8KiB"]).ending == .exited(0))
        let run = try Daemon.run(["check"] + flags + ["--allow", "127.0.0.256"])
        #expect(run.ending == .exited(2) && run.output.hasPrefix("--allow: "), "\(run)")
    }

    @Test("all mistakes of a file are told at once, each with its place, and exit 2")
    func mistakes() throws {
        let scene = try ConfigurationScene(
            allow: "[127.0.0.2, {preset: nobody}]", upstream: "http://127.0.0.1:1", "alow: 1\nlimits: {head: 1}")
        let run = try scene.run("check")
        #expect(run.ending == .exited(2))
        #expect(run.lines.last == "configuration can't be used: 3 errors")
        let places = run.lines.dropLast().map { $0.replacing(scene.file, with: "F").split(separator: " ").first ?? "" }
        #expect(places == ["F:6:29:", "F:11:1:", "F:12:16:"], "\(run.lines)")
        let json = try scene.json("check")
        #expect(json["ok"] == .bool(false) && json["errors"]?.number == 3)
        let first = try #require(json["findings"]?.array?.first)
        #expect(first["file"]?.string == scene.file && first["line"]?.number == 6 && first["column"]?.number == 29)
        #expect(first["severity"]?.string == "error")
    }

    @Test("a key that belongs to another certificate is an error")
    func otherKey() throws {
        let other = Certificates.Leaf(certificate: try leaf().certificate, key: try Certificates.shared().leaf(.ecdsa).key)
        let run = try ConfigurationScene(leaf: other, upstream: "http://127.0.0.1:1").run("check")
        #expect(run.ending == .exited(2))
        #expect(run.lines.contains { $0.contains("yaml:3:16: tls.certificate: key") && $0.contains("does not belong to") }, "\(run.lines)")
    }

    @Test("a certificate that has expired is an error, one in the last quarter of its time a warning")
    func expiry() throws {
        let expired = try ConfigurationScene(leaf: Certificates.shared().misfit(.expired), upstream: "http://127.0.0.1:1").run("check")
        #expect(expired.ending == .exited(2))
        #expect(expired.lines.contains { $0.contains(":3:16: tls.certificate:") && $0.contains("expired on 20") }, "\(expired.lines)")
        let ending = try TestAuthority.common().issue("ending", aged: 30, days: 2)
        let soon = try ConfigurationScene(leaf: ending, upstream: "http://127.0.0.1:1").run("check")
        #expect(soon.ending == .exited(0))
        #expect(soon.lines.contains { $0.contains(":3:16: warning: tls.certificate:") && $0.contains("expires in 1d") }, "\(soon.lines)")
    }

    @Test("a chain out of order is an error, a root in it a warning")
    func order() throws {
        let authority = try Certificates.shared().authority
        let (leaf, folder) = (try leaf(), try TemporaryFolder())
        let stranger = try Certificates.shared().leaf(.rsa).certificate
        let broken = try ConfigurationScene(
            leaf: chain([leaf.certificate, stranger], key: leaf.key, in: folder), upstream: "http://127.0.0.1:1"
        ).run("check")
        #expect(broken.ending == .exited(2))
        #expect(
            broken.lines.contains {
                $0.contains("is out of order: CN=localhost did not issue CN=checked") && $0.contains("CN=Test authority")
            },
            "\(broken.lines)")
        let rooted = try ConfigurationScene(
            leaf: chain([leaf.certificate, authority], key: leaf.key, in: folder), upstream: "http://127.0.0.1:1"
        ).run("check")
        #expect(rooted.ending == .exited(0))
        #expect(rooted.lines.contains { $0.contains("warning:") && $0.contains("ends with CN=Test authority, which is self-signed") })
        // What is behind a leaf that nobody reads any further.
        try folder.write(
            String(contentsOfFile: leaf.certificate, encoding: .utf8) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            to: "chain.pem")
        let torn = try ConfigurationScene(
            leaf: Certificates.Leaf(certificate: folder.file("chain.pem"), key: leaf.key), upstream: "http://127.0.0.1:1"
        ).run("check")
        #expect(torn.ending == .exited(2) && torn.lines.contains { $0.contains("number 2 in the file can't be read") }, "\(torn.lines)")
    }

    @Test("authorities that can't be read are errors, those of clients and those of the ticket system")
    func authorities() throws {
        let scene = try ConfigurationScene(
            leaf: leaf(), tls: "client_ca: nonsense.pem", upstream: "https://127.0.0.1:1", upstreamSettings: "ca: nonsense.pem")
        try scene.folder.write("nonsense\n", to: "nonsense.pem")
        let run = try scene.run("check")
        #expect(run.ending == .exited(2))
        #expect(run.lines.contains { $0.contains(":5:14: tls.client_ca: authorities") }, "\(run.lines)")
        #expect(run.lines.contains { $0.contains(":8:8: upstream.url: authorities") }, "\(run.lines)")
    }

    @Test("a ticket system that doesn't answer, or isn't whom it must be, is a warning that says why")
    func upstream() throws {
        let authority = try Certificates.shared().authority
        let server = try ScriptedUpstream(tls: TLSServer(Certificates.shared().leaf(.ecdsa)), .echo)
        let wrongPin = Array(repeating: "A", count: 43).joined() + "="
        for (url, settings, reason) in [
            ("http://127.0.0.1:1", "", "connect_refused"), ("unix:/nowhere/at-all.sock", "", "connect_no_such_socket"),
            (server.url, "", "upstream_certificate_untrusted"),
            (server.url, "ca: \(authority)", nil), (server.url, "ca: \(authority)\n  pin_sha256: \(wrongPin)", "upstream_certificate_pin"),
        ] as [(String, String, String?)] {
            let run = try ConfigurationScene(leaf: leaf(), upstream: url, upstreamSettings: settings).run("check")
            #expect(run.ending == .exited(0), "\(run.lines)")
            let line = run.lines.first { $0.contains("warning: upstream.url:") }
            #expect(line.map { $0.contains("does not answer: \(reason ?? ""): ") } ?? (reason == nil), "\(run.lines)")
        }
    }

    @Test("a port that somebody else holds is an error, one that the running service holds is none")
    func ports() throws {
        let upstream = try ScriptedUpstream(.echo)
        let port = try #require(upstream.url.split(separator: ":").last)
        let taken = try ConfigurationScene(listen: "127.0.0.1:\(port)", upstream: upstream.url).run("check")
        #expect(taken.ending == .exited(2))
        #expect(taken.lines.contains { $0.contains(":1:10: listen: ") && $0.contains("another program listens there") }, "\(taken.lines)")

        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url, settings: "control: \(folder.file("control.sock"))\nstate: \(folder.file("state"))")
        try daemon.rewriteConfiguration("127.0.0.1:0", "127.0.0.1:\(daemon.port)")
        let own = try Daemon.run(["check", "--config", daemon.configuration])
        #expect(own.ending == .exited(0), "\(own)")
        #expect(own.output.contains("note: 127.0.0.1:\(daemon.port) is held by the running service, process \(daemon.process.id)\n"))
    }

    @Test("a running service isn't disturbed: its log, its folders and its connections stay as they are")
    func undisturbed() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url, settings: "control: \(folder.file("control.sock"))\nstate: \(folder.file("state"))")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        try daemon.waitForLine(event: "request")
        try folder.write("a line\n", to: "access.log")
        let (lines, files) = (daemon.log.all.count, try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted())
        for arguments in [["--set", "log.to=\(folder.file("access.log"))"], ["--set", "log.to=\(folder.file("new.log"))"]] {
            let run = try Daemon.run(["check", "--config", daemon.configuration] + arguments)
            #expect(run.ending == .exited(0), "\(run)")
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == files)
        #expect(try String(contentsOfFile: folder.file("access.log"), encoding: .utf8) == "a line\n")
        #expect(try client.exchange("GET /2 HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        try daemon.waitForLine { $0["path"] == "/2" }
        #expect(daemon.log.all.count == lines + 1)
    }

    @Test("folders that can't be written to are told: of the log and the control socket as errors, of the state as a warning")
    func folders() throws {
        let upstream = try ScriptedUpstream(.echo)
        let nowhere = try ConfigurationScene(
            leaf: leaf(), upstream: upstream.url, "state: nowhere/at/all\nlog: {to: nowhere/at/access.log}")
        let run = try nowhere.run("check")
        #expect(run.ending == .exited(2))
        #expect(run.lines.contains { $0.contains(":11:8: warning: state: grants can't be kept") }, "\(run.lines)")
        #expect(run.lines.contains { $0.contains("log.to: cannot make the file") }, "\(run.lines)")
        #expect(!FileManager.default.fileExists(atPath: nowhere.folder.file("nowhere")))
        let file = try ConfigurationScene(leaf: leaf(), upstream: upstream.url, "state: gatekeeper.yaml")
        #expect(try file.run("check").lines.contains { $0.contains("warning: state: ") && $0.contains("Not a directory") })
        let control = try Daemon.run(["check", "--config", file.file, "--set", "control=/dev/null/socket"])
        #expect(control.ending == .exited(2) && control.output.contains("--set control: cannot "), "\(control)")
    }

    @Test("an empty allow-list is a warning, and entries that have ended are")
    func allowList() throws {
        let upstream = try ScriptedUpstream(.echo)
        let empty = try ConfigurationScene(leaf: leaf(), allow: "[]", upstream: upstream.url).run("check")
        #expect(empty.ending == .exited(0))
        #expect(empty.lines.contains { $0.contains("warning: allow: the list is empty, so nobody can connect") }, "\(empty.lines)")
        let ended = try ConfigurationScene(
            leaf: leaf(), allow: "[{address: 127.0.0.2, until: \"2020-01-01T00:00:00Z\"}]", upstream: upstream.url)
        let run = try ended.run("check")
        #expect(run.ending == .exited(0) && run.lines.contains { $0.contains(":6:37: warning: allow: until:") }, "\(run.lines)")
    }
}
