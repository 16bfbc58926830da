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
