import Foundation
import Testing

/// What goes wrong while the service serves, and where an admin reads of it.
@Suite("Problems")
struct ProblemTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    /// A daemon with a control socket and a page.
    private struct Scene {
        /// It ends with its last reference.
        let upstream: ScriptedUpstream
        let folder: TemporaryFolder
        let daemon: Daemon
        var control: String { folder.file("control.sock") }

        init(_ script: UpstreamScript? = nil, certificates: [Certificates.Leaf] = [], settings: String = "") throws {
            let folder = try TemporaryFolder()
            self.folder = folder
            upstream = try ScriptedUpstream(script ?? .answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
            daemon = try Daemon(
                upstream: upstream.url, certificates: certificates,
                settings: "control: \(folder.file("control.sock"))\nstatus: 127.0.0.1:0\n\(settings)")
        }

        /// By kind, as a script reads them.
        func problems() throws -> [String: JSONValue] {
            let json = try JSONValue(parsing: Daemon.run(["status", "--json", "--control", control]).output.utf8)
            let problems = try #require(json["problems"]?.array, "\(json)")
            return Dictionary(problems.map { ($0["kind"]?.string ?? "", $0) }) { first, _ in first }
        }

        func text(of kind: String) throws -> String? { try problems()[kind]?["text"]?.string }

        func waitFor(_ kind: String) throws -> JSONValue {
            var found: JSONValue?
            let isThere = try eventually {
                found = try problems()[kind]
                return found != nil
            }
            guard isThere, let found else { throw Failure("no \(kind) in \(try problems()), log:\n\(daemon.log.all.map(\.text))") }
            return found
        }

        func waitForEnd(of kind: String) throws -> Bool { try eventually { try problems()[kind] == nil } }
    }

    @Test("a ticket system that went away is one problem, the same in every place, from its beginning to its end")
    func everywhere() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let control = folder.file("control.sock")
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "health: {path: /, interval: 100ms}",
            settings: "control: \(control)\nstatus: 127.0.0.1:0")
        let page = try #require(daemon.waitForLine(event: "status_page")["address"])
        let text = "the ticket system \(upstream.url) does not answer: connect_refused"
        #expect(try !Daemon.run(["status", "--control", control]).output.contains("problem"))
        upstream.stop()
        let begun = try daemon.waitForLine { $0.event == "problem" }
        #expect(begun["kind"] == "upstream_down" && begun["text"] == text && begun["cure"] != nil, "\(begun.text)")
        let since = try #require(begun["since"])
        let status = try Daemon.run(["status", "--control", control]).output
        #expect(status.hasPrefix("problem: \(text) (upstream_down, since \(since), ") && status.contains("\n  do: "), "\(status)")
        #expect(status.contains("  DOWN for ") && status.contains("connect_refused"))
        let json = try JSONValue(parsing: Daemon.run(["status", "--json", "--control", control]).output.utf8)
        let problem = try #require(json["problems"]?.array?.first)
        #expect(problem["kind"]?.string == "upstream_down" && problem["text"]?.string == text && problem["since"]?.string == since)
        #expect(eventually { (try? Curl(["http://\(page)/"], from: nil).text.contains("does not answer: connect_refused")) ?? false })
        let metrics = try ExpositionReader(Curl(["http://\(page)/metrics"], from: nil).text)
        #expect(metrics["gatekeeper_problems", ["kind": "upstream_down"]] == 1)
        #expect(metrics["gatekeeper_problems", ["kind": "log_lost"]] == 0)
        let doctor = try Daemon.run(["doctor", "--config", daemon.configuration, "--skip", "clock"]).output
        let told = doctor.split(separator: "\n").filter { $0.hasPrefix("finding: ") && $0.contains("does not answer") }
        #expect(told.count == 1, "\(doctor)")
    }

    @Test("a reload that failed stays a problem over a renewal of files, and ends with one that succeeds")
    func reload() throws {
        let scene = try Scene()
        let list = try scene.folder.write("127.0.0.3\n", to: "list")
        try scene.daemon.rewriteConfiguration("  - \"127.0.0.3\"", "  - {file: \(list)}")
        #expect(try scene.daemon.reload().event == "reloaded")
        try scene.daemon.rewriteConfiguration("allow:", "alow:")
        #expect(try scene.daemon.reload().event == "reload_failed")
        #expect(try scene.text(of: "reload_failed")?.contains("alow") == true)
        let status = try Daemon.run(["status", "--control", scene.control]).output
        #expect(status.hasPrefix("problem: the reload at ") && status.contains("alow"), "\(status)")
        try "127.0.0.3\n127.0.0.4\n".write(toFile: list, atomically: true, encoding: .utf8)
        try scene.daemon.waitForLine { $0.event == "reloaded" && $0["by"]?.contains("change of") == true }
        #expect(try scene.problems()["reload_failed"] != nil)
        try scene.daemon.rewriteConfiguration("alow:", "allow:")
        #expect(try scene.daemon.reload().event == "reloaded")
        #expect(try scene.problems().isEmpty)
        #expect(try !Daemon.run(["status", "--control", scene.control]).output.contains("problem"))
        try scene.daemon.waitForLine { $0.event == "problem_over" && $0["kind"] == "reload_failed" }
    }

    @Test("a configuration file that the next start wouldn't take is a problem before anybody asks for it")
    func brokenFile() throws {
        let scene = try Scene()
        try scene.daemon.rewriteConfiguration("allow:", "alow:")
        #expect(try scene.waitFor("configuration_unusable")["text"]?.string?.contains("alow") == true)
        try scene.daemon.rewriteConfiguration("alow:", "allow:")
        #expect(try scene.waitForEnd(of: "configuration_unusable"))
        #expect(scene.daemon.lines("reload_failed").isEmpty)
    }

    @Test("an `apply` that is refused is told to who asked, and is no problem of the service's")
    func apply() throws {
        let scene = try Scene()
        let file = try scene.folder.write("alow: []\n", to: "other.yaml")
        #expect(try Daemon.run(["apply", file, "--control", scene.control]).ending == .exited(2))
        #expect(try scene.problems().isEmpty)
    }

    @Test("a list that turns empty isn't taken by itself, holds nothing else up, and is taken on demand", arguments: ["", "# none\n\n"])
    func emptied(text: String) throws {
        let scene = try Scene()
        let files = ["list", "other"].map { scene.folder.file($0) }
        for (file, address) in zip(files, ["127.0.0.2", "127.0.0.4"]) { try address.write(toFile: file, atomically: true, encoding: .utf8) }
        try scene.daemon.rewriteConfiguration(
            "  - \"127.0.0.2\"\n  - \"127.0.0.3\"", "  - {file: \(files[0])}\n  - {file: \(files[1])}")
        #expect(try scene.daemon.reload().event == "reloaded")
        try text.write(toFile: files[0], atomically: false, encoding: .utf8)
        let failure = try scene.daemon.waitForLine(event: "reload_failed")
        #expect(failure["error"]?.contains("\(files[0]) holds no entry any more") == true, "\(failure.text)")
        #expect(try scene.problems()["files_unusable"]?["cure"]?.string?.contains("gatekeeperd reload") == true)
        #expect(try RawClient(to: scene.daemon, from: "127.0.0.2").exchange(Self.get).status == 200)
        // Another one that changes meanwhile is taken, and the emptied one stays as it was.
        try "127.0.0.5\n".write(toFile: files[1], atomically: true, encoding: .utf8)
        #expect(eventually { (try? RawClient(to: scene.daemon, from: "127.0.0.5").exchange(Self.get).status) == 200 })
        #expect(try RawClient(to: scene.daemon, from: "127.0.0.2").exchange(Self.get).status == 200)
        #expect(try scene.problems()["files_unusable"] != nil)
        #expect(try scene.daemon.reload().event == "reloaded")
        #expect(throws: Failure.self) { try RawClient(to: scene.daemon, from: "127.0.0.2") }
        #expect(try scene.problems()["files_unusable"] == nil)
    }

    @Test("nor is one whose place came by the environment")
    func emptiedElsewhere() throws {
        let folder = try TemporaryFolder()
        let list = try folder.write("127.0.0.2\n", to: "vendor.list")
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, allow: ["127.0.0.3", "127.0.0.4"], settings: "log: {to: stdout}",
            environment: ["LISTFOLDER": folder.path])
        try daemon.rewriteConfiguration("  - \"127.0.0.4\"", "  - {file: \"${LISTFOLDER}/vendor.list\"}")
        #expect(try daemon.reload().event == "reloaded")
        try "".write(toFile: list, atomically: false, encoding: .utf8)
        let failure = try daemon.waitForLine(event: "reload_failed")
        #expect(failure["error"]?.contains("${LISTFOLDER}/vendor.list holds no entry any more") == true, "\(failure.text)")
        #expect(try RawClient(to: daemon, from: "127.0.0.2").exchange(Self.get).status == 200)
    }

    @Test("an allow-list without an entry is a problem")
    func emptyList() throws {
        let scene = try Scene()
        try scene.daemon.rewriteConfiguration("allow:\n  - \"127.0.0.2\"\n  - \"127.0.0.3\"", "allow: []")
        #expect(try scene.daemon.reload().event == "reloaded")
        #expect(try scene.problems()["allow_list_empty"] != nil)
    }

    @Test("what check warns of is a problem of the service's too")
    func warnings() throws {
        let scene = try Scene()
        try scene.daemon.rewriteConfiguration("  - \"127.0.0.3\"", "  - \"127.0.0.3\"\n  - \"127.0.0.3\"")
        #expect(try scene.daemon.reload().event == "reloaded")
        #expect(try scene.text(of: "configuration_warning")?.contains("127.0.0.3 is there already") == true)
    }

    @Test("files that the next start needs and that are gone are told, each by its path, until they are back")
    func missingFiles() throws {
        let (folder, common) = (try TemporaryFolder(), try Certificates.shared().leaf(.ecdsa))
        let leaf = Certificates.Leaf(certificate: folder.file("chain.pem"), key: folder.file("key.pem"))
        try FileManager.default.copyItem(atPath: common.certificate, toPath: leaf.certificate)
        try FileManager.default.copyItem(atPath: common.key, toPath: leaf.key)
        let scene = try Scene(certificates: [leaf])
        let places = [leaf.certificate, leaf.key, scene.daemon.configuration]
        for place in places { try FileManager.default.moveItem(atPath: place, toPath: place + ".away") }
        func missing() throws -> Set<String> {
            let json = try JSONValue(parsing: Daemon.run(["status", "--json", "--control", scene.control]).output.utf8)
            return Set((json["problems"]?.array ?? []).filter { $0["kind"]?.string == "file_missing" }.compactMap { $0["about"]?.string })
        }
        #expect(try eventually { try missing() == Set(places) })
        #expect(try RawClient(to: scene.daemon).exchange(Self.get).status == 200)
        #expect(try scene.daemon.waitForLine { $0.event == "problem" && $0["kind"] == "file_missing" }["cure"] != nil)
        for place in places { try FileManager.default.moveItem(atPath: place + ".away", toPath: place) }
        #expect(try eventually { try missing().isEmpty })
        #expect(scene.daemon.lines("reload_failed").isEmpty)
    }

    @Test("a renewal that came without its intermediate is served, and told")
    func intermediate() throws {
        let authority = try TestAuthority.common().intermediate()
        let leaf = try authority.issue("renewed", names: ["localhost"])
        let alone = try String(contentsOfFile: leaf.certificate, encoding: .utf8)
        let whole = alone + (try String(contentsOfFile: authority.certificate, encoding: .utf8))
        try whole.write(toFile: leaf.certificate, atomically: true, encoding: .utf8)
        let scene = try Scene(certificates: [leaf])
        #expect(try scene.problems().isEmpty)
        try alone.write(toFile: leaf.certificate, atomically: true, encoding: .utf8)
        let problem = try scene.waitFor("certificate_unfit")
        #expect(problem["text"]?.string?.contains("without the certificate of its issuer, CN=intermediate") == true, "\(problem)")
        #expect(problem["about"]?.string == leaf.certificate)
        try whole.write(toFile: leaf.certificate, atomically: true, encoding: .utf8)
        #expect(try scene.waitForEnd(of: "certificate_unfit"))
    }

    @Test("a certificate on its way out is a problem by what is left of its time, and one of two days that is new is none")
    func ending() throws {
        let scene = try Scene(certificates: [try TestAuthority.common().issue("on-its-way-out", aged: 80, days: 9)])
        #expect(try scene.text(of: "certificate_ending")?.contains("expires in 8d 23h") == true)
        #expect(try Scene().problems().isEmpty)
    }

    @Test("a vendor whose every request is answered 401 is told by its label, until one succeeds")
    func unauthorized() throws {
        let isMended = Guarded(false)
        let scene = try Scene(
            .each { _, connection in try connection.respond(isMended.value ? "200 OK" : "401 Unauthorized", body: "x") })
        try scene.daemon.rewriteConfiguration("- \"127.0.0.2\"", "- {address: 127.0.0.2, label: Vendor}")
        #expect(try scene.daemon.reload().event == "reloaded")
        for _ in 1...6 {
            let client = try RawClient(to: scene.daemon)
            for _ in 1...2 { #expect(try client.exchange(Self.get).status == 401) }
        }
        // A request is counted when its client has had the answer.
        let text = "each of the last 12 requests of Vendor was answered 401 by the ticket system"
        #expect(try eventually { try scene.text(of: "requests_unauthorized") == text })
        isMended.change { $0 = true }
        #expect(try RawClient(to: scene.daemon).exchange(Self.get).status == 200)
        #expect(try eventually { try scene.problems().isEmpty })
    }

    @Test("a listed source that connections_per_source turns away is a problem")
    func limited() throws {
        let scene = try Scene(settings: "limits: {connections_per_source: 2}")
        let held = try (1...2).map { _ in try RawClient(to: scene.daemon) }
        for _ in 1...5 { #expect(throws: Failure.self) { try RawClient(to: scene.daemon) } }
        let problem = try scene.waitFor("source_limited")
        #expect(problem["text"]?.string?.contains("connections_per_source") == true, "\(problem)")
        withExtendedLifetime(held) {}
    }

    @Test("a successor that fails is a problem until one succeeds or the service is started anew")
    func succession() throws {
        let scene = try Scene()
        try scene.daemon.rewriteConfiguration("allow:", "alow:")
        scene.daemon.process.signal(SIGUSR2)
        try scene.daemon.waitForLine { $0.event == "succession" && $0["state"] == "failed" }
        #expect(try scene.text(of: "succession_failed")?.contains("exited with status 2") == true)
    }

    // MARK: The log

    @Test("a log on a full disk is told everywhere, and the loss stands in the log as soon as there is room, without another line")
    func fullDisk() throws {
        let scene = try Scene()
        let log = scene.folder.file("log")
        try scene.daemon.rewriteConfiguration("allow:", "log: {to: \(log)}\nallow:")
        scene.daemon.process.signal(SIGHUP)
        #expect(eventually { FileManager.default.fileExists(atPath: log) })
        let client = try RawClient(to: scene.daemon)
        #expect(try client.exchange(Self.get).status == 200)
        try scene.daemon.limitFiles(toBytes: 1)
        for _ in 1...3 { #expect(try client.exchange(Self.get).status == 200) }
        let problem = try scene.waitFor("log_lost")
        #expect(problem["text"]?.string?.contains("log lines can't be written: File too large") == true, "\(problem)")
        let doctor = try Daemon.run(["doctor", "--config", scene.daemon.configuration, "--skip", "clock"])
        #expect(doctor.output.contains("finding: service: the service has a problem: log lines can't be written"), "\(doctor.output)")
        try scene.daemon.limitFiles(toBytes: 1 << 30)
        #expect(try eventually { try String(contentsOfFile: log, encoding: .utf8).contains("\"dropped\":") })
        #expect(try scene.waitForEnd(of: "log_lost"))
    }

    @Test("a log whose reader has ended is a problem")
    func reader() throws {
        let scene = try Scene()
        let fifo = scene.folder.file("fifo")
        #expect(unsafe mkfifo(fifo, 0o600) == 0)
        let reading = Guarded<OpenFile?>(try OpenFile(fifo, O_RDONLY | O_NONBLOCK))
        try scene.daemon.rewriteConfiguration("allow:", "log: {to: \(fifo)}\nallow:")
        #expect(try Daemon.run(["reload", "--control", scene.control]).ending == .exited(0))
        let client = try RawClient(to: scene.daemon)
        #expect(try client.exchange(Self.get).status == 200)
        reading.change { $0 = nil }
        // A program that another test starts may have the reader's end in its hands for a moment.
        let isLost = try eventually {
            _ = try client.exchange(Self.get)
            return try scene.text(of: "log_lost")?.contains("whoever read the log has ended") == true
        }
        #expect(isLost)
    }
}
