import Foundation
import Testing

/// Files that are replaced under a running service.
@Suite("Renewed files")
struct RenewalTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    /// As certbot lays them: links in `live` to numbered files in `archive`.
    private struct CertbotFolder {
        let folder: TemporaryFolder
        var certificate: String { folder.file("live/fullchain.pem") }
        var key: String { folder.file("live/privkey.pem") }

        init() throws {
            folder = try TemporaryFolder()
            for name in ["live", "archive"] {
                try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
            }
            for (number, kind) in zip(1..., [Certificates.Kind.ecdsa, .rsa]) {
                let leaf = try Certificates.shared().leaf(kind)
                try FileManager.default.copyItem(atPath: leaf.certificate, toPath: folder.file("archive/fullchain\(number).pem"))
                try FileManager.default.copyItem(atPath: leaf.key, toPath: folder.file("archive/privkey\(number).pem"))
            }
            try link(1)
        }

        /// One link after the other, each replaced in one step.
        func link(_ number: Int) throws {
            for name in ["fullchain", "privkey"] {
                try FileManager.default.createSymbolicLink(
                    atPath: folder.file("live/\(name).new"), withDestinationPath: "../archive/\(name)\(number).pem")
                guard unsafe rename(folder.file("live/\(name).new"), folder.file("live/\(name).pem")) == 0 else {
                    throw Failure("rename: \(errno)")
                }
            }
        }
    }

    /// In one step, as mv(1) does.
    private func move(_ path: String, to target: String) throws {
        guard unsafe rename(path, target) == 0 else { throw Failure("rename: error \(errno)") }
    }

    private func daemon(_ certificate: String, _ key: String, upstream: String) throws -> Daemon {
        let daemon = try Daemon(upstream: upstream, settings: "log: {access: false}")
        let leaf = try Certificates.shared().leaf(.ecdsa)
        try daemon.rewriteConfiguration(leaf.certificate, certificate)
        try daemon.rewriteConfiguration(leaf.key, key)
        guard try daemon.reload().event == "reloaded" else { throw Failure("not reloaded") }
        return daemon
    }

    /// The kind of key that openssl(1) is shown.
    private func served(by daemon: Daemon) throws -> Certificates.Kind {
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            "openssl", ["s_client", "-connect", "127.0.0.1:\(daemon.port)", "-bind", "127.0.0.2", "-tls1_3", "-brief"],
            output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("err")))
        _ = try process.waitForEnd()
        let text = try String(contentsOfFile: folder.file("err"), encoding: .utf8)
        if text.contains("Signature type: ECDSA") { return .ecdsa }
        if text.contains("Signature type: RSA") { return .rsa }
        throw Failure("no certificate in:\n\(text)")
    }

    @Test("certbot's swap of links is noticed: the new certificate is served within seconds, and no request fails")
    func certbot() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let files = try CertbotFolder()
        let daemon = try daemon(files.certificate, files.key, upstream: upstream.url)
        let load = SteadyLoad(to: daemon, clients: 4)
        let old = try RawClient(to: daemon)
        #expect(try old.exchange(Self.get).status == 200)
        #expect(try served(by: daemon) == .ecdsa)
        for (number, kind) in [(2, Certificates.Kind.rsa), (1, .ecdsa)] {
            try files.link(number)
            #expect(try eventually { try served(by: daemon) == kind })
        }
        #expect(try old.exchange(Self.get).status == 200)
        let count = load.stop()
        #expect(count.failures.isEmpty && count.answered > 0, "\(count.failures.prefix(5)) of \(count.answered)")
        #expect(daemon.lines("reloaded").allSatisfy { $0["by"] == "SIGHUP" || $0["by"]?.contains("fullchain.pem") == true })
    }

    @Test("half a renewal leaves the old pair in place until the other half is there")
    func half() throws {
        let upstream = try ScriptedUpstream(.echo)
        let files = try CertbotFolder()
        let daemon = try daemon(files.certificate, files.key, upstream: upstream.url)
        let rsa = try Certificates.shared().leaf(.rsa)
        let moved = files.folder.file("live/moved.pem")
        try FileManager.default.copyItem(atPath: rsa.certificate, toPath: moved)
        try move(moved, to: files.certificate)
        #expect(try daemon.waitForLine(event: "reload_failed")["error"]?.contains("does not belong to certificate") == true)
        #expect(try served(by: daemon) == .ecdsa)
        // Written over in place this time.
        try FileManager.default.removeItem(atPath: files.key)
        try Data(contentsOf: URL(fileURLWithPath: rsa.key)).write(to: URL(fileURLWithPath: files.key))
        #expect(try eventually { try served(by: daemon) == .rsa })
    }

    @Test("a list file that was moved into place is read again, and a configuration file that is being edited isn't")
    func list() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let file = try folder.write("127.0.0.5\n", to: "extra.txt")
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {file: \(file)}")
        try daemon.reload()
        let leaving = try RawClient(to: daemon, from: "127.0.0.5")
        #expect(try leaving.exchange(Self.get).status == 200)
        try daemon.rewriteConfiguration("- \"127.0.0.2\"", "- [broken")
        try move(try folder.write("127.0.0.6 # the other office\n", to: "new.txt"), to: file)
        let line = try daemon.waitForLine { $0.event == "reloaded" && $0["by"]?.contains("extra.txt") == true }
        #expect(line["changes"] == "allow: + 127.0.0.6; allow: - 127.0.0.5; \(file): read again")
        #expect(leaving.receiveToEnd().ending == .reset)
        #expect(try RawClient(to: daemon, from: "127.0.0.6").exchange(Self.get).status == 200)
        #expect(try RawClient(to: daemon, from: "127.0.0.2").exchange(Self.get).status == 200)
        // A broken list is refused whole.
        try move(try folder.write("127.0.0.7\n127.0.0.\n", to: "new.txt"), to: file)
        #expect(try daemon.waitForLine(event: "reload_failed")["error"]?.contains("extra.txt:2:1") == true)
        #expect(try RawClient(to: daemon, from: "127.0.0.6").exchange(Self.get).status == 200)
    }

    @Test("a file that is back as it was, mount and all, lets in what failed for want of it, and nobody is told twice of the failure")
    func back() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let mount = folder.file("mount")
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
        try "127.0.0.5\n".write(toFile: mount + "/list", atomically: true, encoding: .utf8)
        let other = try folder.write("127.0.0.6\n", to: "other.txt")
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {file: \(mount)/list}\n  - {file: \(other)}")
        try daemon.reload()
        try move(mount, to: folder.file("away"))
        try move(try folder.write("127.0.0.7\n", to: "new.txt"), to: other)
        try daemon.waitForLine(event: "reload_failed")
        // Something else happens there, and again once it is back.
        try Data().write(to: URL(fileURLWithPath: folder.file("nothing")))
        #expect(daemon.log.first(seconds: 2) { $0.event == "reloaded" && $0["by"]?.contains("other.txt") == true } == nil)
        try move(folder.file("away"), to: mount)
        let line = try daemon.waitForLine { $0.event == "reloaded" && $0["by"]?.contains("other.txt") == true }
        #expect(line["changes"]?.contains("allow: + 127.0.0.7") == true)
        #expect(daemon.lines("reload_failed").count == 1)
        #expect(try RawClient(to: daemon, from: "127.0.0.7").exchange(Self.get).status == 200)
    }

    @Test("a list that turned empty while another configuration was on trial turns nobody away when that is taken back")
    func rollbackToEmptyList() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let list = try folder.write("127.0.0.5\n", to: "list.txt")
        let control = folder.file("control.sock")
        let daemon = try Daemon(upstream: upstream.url, settings: "control: \(control)")
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {file: \(list)}")
        try daemon.reload()
        let text = try String(contentsOfFile: daemon.configuration, encoding: .utf8)
        let pending = try folder.write(text.replacingOccurrences(of: "- {file: \(list)}", with: "- \"127.0.0.3\""), to: "trial.yaml")
        #expect(try Daemon.run(["apply", pending, "--confirm", "10s", "--control", control]).ending == .exited(0))
        try move(try folder.write("", to: "new.txt"), to: list)
        let line = try daemon.waitForLine { $0.event == "reload_failed" && $0["by"]?.hasSuffix("was not confirmed") == true }
        #expect(line["error"]?.contains("holds no entry any more") == true)
        #expect(try RawClient(to: daemon, from: "127.0.0.5").exchange(Self.get).status == 200)
    }

    @Test("after a trial that nobody confirmed, the files of the configuration that came back are watched")
    func rollback() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let (list, other) = (try folder.write("127.0.0.5\n", to: "list.txt"), try folder.write("127.0.0.6\n", to: "other.txt"))
        let control = folder.file("control.sock")
        let daemon = try Daemon(upstream: upstream.url, settings: "control: \(control)")
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {file: \(list)}")
        try daemon.reload()
        let text = try String(contentsOfFile: daemon.configuration, encoding: .utf8)
        let pending = try folder.write(text.replacingOccurrences(of: list, with: other), to: "trial.yaml")
        #expect(try Daemon.run(["apply", pending, "--confirm", "1s", "--control", control]).ending == .exited(0))
        try daemon.waitForLine { $0.event == "reloaded" && $0["by"]?.hasSuffix("was not confirmed") == true }
        try move(try folder.write("127.0.0.7\n", to: "new.txt"), to: list)
        try daemon.waitForLine { $0.event == "reloaded" && $0["changes"]?.contains("allow: + 127.0.0.7") == true }
        #expect(try RawClient(to: daemon, from: "127.0.0.7").exchange(Self.get).status == 200)
    }
}
