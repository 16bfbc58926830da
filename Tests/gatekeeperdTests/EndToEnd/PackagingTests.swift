import Foundation
import Testing

/// The systemd units: what systemd makes of them, and whether the service can live by them.
@Suite("Packaging")
struct PackagingTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    @Test("systemd finds nothing to complain about in the units, with and without the drop-in", arguments: [false, true])
    func verified(isFiltering: Bool) throws {
        #expect(try ServiceUnit(isFiltering: isFiltering).complaints() == [])
        #expect(try !ServiceUnit(isFiltering: isFiltering, extra: "NoSuchKey=yes\n").complaints().isEmpty)
    }

    @Test("the service's exposure is at most 1.5 by systemd's reckoning, and the drop-in for `drop` costs 0.2 at most")
    func exposure() throws {
        #expect(try ServiceUnit().exposureTenths() <= 15)
        #expect(try ServiceUnit(isFiltering: true).exposureTenths() <= 17)
        #expect(try ServiceUnit(extra: "NoNewPrivileges=no\nProtectSystem=no\nPrivateTmp=no\n").exposureTenths() > 15)
    }

    @Test("the confinement of the tests bites: a system call beyond the unit's list ends the process")
    func bites() throws {
        let run = try confined(["python3", "-c", "import ctypes; ctypes.CDLL(None).sethostname(b'x', 1)"])
        #expect(run.ending == .killed(signal: SIGSYS))
        let families = try confined(["python3", "-c", "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)"])
        #expect(families.ending == .exited(1))
        #expect(families.errors.contains("Address family not supported"), "\(families.errors)")
        let memory = try confined(["python3", "-c", "import mmap; mmap.mmap(-1, 4096, prot=7)"])
        #expect(memory.ending == .exited(1))
        #expect(memory.errors.contains("not permitted"), "\(memory.errors)")
    }

    @Test("under the unit's capabilities, system calls, families and memory the service serves, resolves, reloads, grants and hands over")
    func confined() throws {
        let folder = try TemporaryFolder()
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let daemon = try Daemon(
            upstream: upstream.url.replacingOccurrences(of: "127.0.0.1", with: "localhost"),
            settings: """
                state: \(folder.file("state"))
                control: \(folder.file("control.sock"))
                log: {access: false}
                """, launcher: ServiceUnit.launcher)
        let facts = try String(contentsOfFile: "/proc/\(daemon.process.id)/status", encoding: .utf8)
        #expect(facts.contains("NoNewPrivs:\t1\n"))
        #expect(facts.contains("Seccomp:\t2\n"))
        // Port 443 and nothing else: CAP_NET_BIND_SERVICE is bit 10, and somebody without root has none at all.
        #expect(facts.contains("CapBnd:\t0000000000000400\n") || geteuid() != 0)
        let load = SteadyLoad(to: daemon)
        #expect(load.wait(forAnswers: 500))
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- 127.0.0.4")
        #expect(try daemon.reload().event == "reloaded")
        let socket = ["--control", folder.file("control.sock")]
        for command in [["grant", "127.0.0.9", "--for", "1h", "--reason", "confined"], ["reload"], ["status"]] {
            let run = try Daemon.run(command + socket)
            #expect(run.ending == .exited(0), "\(command): \(run.errors)")
        }
        #expect(try RawClient(to: daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
        daemon.process.signal(SIGUSR1)
        daemon.process.signal(SIGUSR2)
        let line = try daemon.waitForLine { $0.event == "succession" && $0["state"] != "begun" }
        #expect(line["state"] == "handed_over", "\(line.text) \(daemon.diagnostics)")
        #expect(try daemon.process.waitForEnd() == .exited(0))
        #expect(load.wait(forAnswers: load.soFar.answered + 500))
        // The grant is in the ledger, which the successor has opened.
        #expect(try RawClient(to: daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
        let count = load.stop()
        #expect(count.failures.isEmpty, "\(count.failures.prefix(5))")
        kill(pid_t(try #require(line.number("process"))), SIGTERM)
        #expect(daemon.log.waitForEnd(seconds: 60))
        #expect(daemon.lines("stopped").count == 2)
    }

    @Test("under the unit's confinement a command is told of a problem, with nothing of the service's but what it is to read")
    func confinedCommand() throws {
        let folder = try TemporaryFolder(in: geteuid() == 0 ? "/run" : NSTemporaryDirectory())
        let program = try folder.write(
            "#!/bin/sh\nexec 2>\(folder.file("said"))\ncat >\(folder.file("told.new")) && mv \(folder.file("told.new")) \(folder.file("told"))\n",
            to: "alert")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let leaf = try Certificates.shared().leaf(.ecdsa)
        try folder.write(
            """
            listen: 127.0.0.1:0
            tls: {certificate: \(leaf.certificate), key: \(leaf.key)}
            allow: [127.0.0.2, 127.0.0.2]
            upstream: {url: "http://127.0.0.1:9"}
            control: \(folder.file("control.sock"))
            notify: [{command: \(program)}]
            """, to: "gatekeeper.yaml")
        guard geteuid() == 0 else {
            // What nobody but root may say is refused to others.
            #expect(throws: Failure.self) { try Daemon(configuredIn: folder) }
            return
        }
        let daemon = try Daemon(configuredIn: folder, launcher: ServiceUnit.launcher)
        #expect(eventually(seconds: 20) { FileManager.default.fileExists(atPath: folder.file("told")) })
        let told = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: folder.file("told")))))
        #expect(told["event"]?.string == "problem" && told["text"]?.string?.contains("127.0.0.2 is there already") == true)
        let test = try Daemon.run(["notify", "--test", "--control", folder.file("control.sock")])
        #expect(test.ending == .exited(0) && test.output == "\(program): delivered\n", "\(test)")
        #expect(daemon.lines("notice_failed").isEmpty)
    }

    @Test("certbot's deploy hook gives the service a renewed certificate, and its key to nobody else")
    func deployHook() throws {
        let (lineage, tls) = try (TemporaryFolder(), TemporaryFolder())
        let certificates = try Certificates.shared()
        func renew(_ kind: Certificates.Kind) throws {
            let leaf = certificates.leaf(kind)
            try String(contentsOfFile: leaf.certificate, encoding: .utf8).write(
                toFile: lineage.file("fullchain.pem"), atomically: true, encoding: .utf8)
            try String(contentsOfFile: leaf.key, encoding: .utf8).write(
                toFile: lineage.file("privkey.pem"), atomically: true, encoding: .utf8)
            let hook = Daemon.packageRoot.appendingPathComponent("packaging/certbot/gatekeeper").path
            let environment = ["RENEWED_LINEAGE": lineage.path, "GATEKEEPER_TLS": tls.path, "GATEKEEPER_USER": NSUserName()]
            let log = try OpenFile(creating: lineage.file("log"))
            let process = try ChildProcess(hook, [], output: log, errors: log, environment: environment)
            let ending = try process.waitForEnd()
            let said = try String(contentsOfFile: lineage.file("log"), encoding: .utf8)
            #expect(ending == .exited(0), "\(said)")
        }
        try renew(.ecdsa)
        let key = try FileManager.default.attributesOfItem(atPath: tls.file("privkey.pem"))
        #expect(key[.posixPermissions] as? Int == 0o400)
        let upstream = try ScriptedUpstream(.echo)
        let leaf = Certificates.Leaf(certificate: tls.file("fullchain.pem"), key: tls.file("privkey.pem"))
        let daemon = try Daemon(upstream: upstream.url, certificates: [leaf], settings: "")
        try renew(.rsa)
        let line = try daemon.waitForLine(event: "reloaded")
        #expect(line["changes"]?.contains("fullchain.pem: read again") == true, "\(line.text)")
        #expect(try Curl(["\(daemon.url)/"]).status == 200)
        #expect(daemon.lines("reload_failed").isEmpty)
    }

    /// Runs a program under the unit's confinement to its end.
    private func confined(_ command: [String]) throws -> (ending: ChildProcess.Ending, errors: String) {
        let folder = try TemporaryFolder()
        let launcher = ServiceUnit.launcher
        let process = try ChildProcess(
            launcher[0], launcher.dropFirst() + command, output: OpenFile(creating: folder.file("out")),
            errors: OpenFile(creating: folder.file("err")))
        let ending = try process.waitForEnd()
        return (ending, try String(contentsOfFile: folder.file("err"), encoding: .utf8))
    }
}
