import Foundation
import Testing

/// The command that monitoring systems run, against the real binary.
@Suite("Monitoring systems")
struct NagiosTests {
    private static let token = "correct-horse-battery"

    private func ask(_ arguments: String...) throws -> (status: ChildProcess.Ending, line: String, all: String) {
        let run = try Daemon.run(["status", "--nagios"] + arguments)
        #expect(run.errors.isEmpty, "\(run.errors)")
        return (run.ending, String(run.output.prefix { $0 != "\n" }), run.output)
    }

    @Test("a service is well, has a problem, has no ticket system, and is gone: 0, 1, 2, 2")
    func states() throws {
        let upstream = try ScriptedUpstream(.echo)
        let port = try PortReservation()
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "health: {path: /, interval: 100ms}", settings: "status: 127.0.0.1:\(port.port)")
        // The address is the configuration's.
        let well = try ask("-c", daemon.configuration)
        #expect(well.status == .exited(0), "\(well.all)")
        #expect(well.line.hasPrefix("GATEKEEPER OK - serving, version "))
        #expect(well.line.contains(" | problems=0;0;;0 upstreams_up=1;1:;1:;0;1 certificate="))
        #expect(well.all.split(separator: "\n").count == 1)

        let url = "http://127.0.0.1:\(port.port)"
        try daemon.rewriteConfiguration("allow:", "alow:")
        #expect(try daemon.reload().event == "reload_failed")
        #expect(try eventually { try ask("--url", url).status == .exited(1) })
        let warned = try ask("--url", url)
        #expect(warned.line.hasPrefix("GATEKEEPER WARNING - ") && warned.all.contains("(reload_failed, since "), "\(warned.all)")

        upstream.stop()
        try daemon.waitForLine(event: "upstream_down")
        #expect(try eventually { try ask("--url", url).status == .exited(2) })
        #expect(try ask("--url", url).line.hasPrefix("GATEKEEPER CRITICAL - no ticket system is up, and "))

        try daemon.terminate()
        let gone = try ask("--url", url)
        #expect(gone.status == .exited(2) && gone.line.contains("nothing listens there"), "\(gone.all)")
        withExtendedLifetime(port) {}
    }

    @Test("a token comes from a file; without the right one the state is unknown, and none is ever shown")
    func token() throws {
        let upstream = try ScriptedUpstream(.echo)
        let port = try PortReservation()
        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url, settings: "status: 127.0.0.1:\(port.port)\nstatus_token: \(Self.token)")
        let url = "http://127.0.0.1:\(port.port)"
        let right = try ask("--url", url, "--token-file", folder.write(Self.token + "\n", to: "right"))
        #expect(right.status == .exited(0), "\(right.all)")
        let wrong = try ask("--url", url, "--token-file", folder.write("another-horse-battery", to: "wrong"))
        #expect(wrong.status == .exited(3) && wrong.line.hasPrefix("GATEKEEPER UNKNOWN - the token isn't "), "\(wrong.all)")
        #expect(try daemon.waitForLine(event: "status_refused")["reason"] == "wrong_token")
        let none = try ask("--url", url)
        #expect(none.status == .exited(3) && none.line.contains("--token-file"))
        let short = try ask("--url", url, "--token-file", folder.write("short", to: "short"))
        #expect(short.status == .exited(3) && !short.all.contains("\"short\""))
        #expect(try ask("--url", url, "--token-file", folder.file("none")).status == .exited(3))
        withExtendedLifetime(port) {}
    }

    @Test("the JSON is what `status --json` prints, under the same token as the page")
    func json() throws {
        let upstream = try ScriptedUpstream(.echo)
        let port = try PortReservation()
        let folder = try TemporaryFolder()
        let socket = folder.file("control.sock")
        let daemon = try Daemon(
            upstream: upstream.url, settings: "status: 127.0.0.1:\(port.port)\nstatus_token: \(Self.token)\ncontrol: \(socket)")
        let address = "http://127.0.0.1:\(port.port)/status.json"
        #expect(try Curl([address], from: nil).status == 401)
        let page = try JSONValue(parsing: Curl(["-H", "Authorization: Bearer \(Self.token)", address], from: nil).text.utf8)
        let said = try JSONValue(parsing: Daemon.run(["status", "--json", "--control", socket]).output.utf8)
        for name in ["version", "pid", "listeners", "certificates", "problems", "sources_total", "configuration", "started_at"] {
            #expect(page[name] != nil && page[name] == said[name], "\(name)")
        }
        withExtendedLifetime(port) {}
        withExtendedLifetime(daemon) {}
    }

    @Test("a command line that is wrong is unknown, not an outage")
    func misuse() throws {
        let wrong = try Daemon.run(["status", "--nagios", "--warning", "5"])
        #expect(wrong.ending == .exited(3) && wrong.output.hasPrefix("GATEKEEPER UNKNOWN - ") && wrong.errors.isEmpty, "\(wrong)")
        let both = try Daemon.run(["status", "--nagios", "--json"])
        #expect(both.ending == .exited(3) && both.output.contains("leave --json out"))
        #expect(try Daemon.run(["status", "--url", "http://127.0.0.1:1"]).ending == .exited(2))
    }
}
