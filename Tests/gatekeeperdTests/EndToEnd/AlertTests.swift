import Foundation
import Testing

@testable import gatekeeperd

/// The alerts for Prometheus, by its own tool, and the numbers that they go by.
@Suite("Alerts")
struct AlertTests {
    private static let folder = Daemon.packageRoot.appendingPathComponent("packaging/monitoring").path
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    @Test(
        "promtool takes the rules, and they fire when they should, after a restart as before",
        arguments: [["check", "rules"], ["test", "rules"]])
    func rules(command: [String]) throws {
        let folder = try TemporaryFolder()
        let file = Self.folder + (command[0] == "check" ? "/gatekeeper.rules.yml" : "/gatekeeper.rules-test.yml")
        let log = try OpenFile(creating: folder.file("log"))
        let process = try ChildProcess(PreparedFolder(named: "promtool").path + "/promtool", command + [file], output: log, errors: log)
        let ending = try process.waitForEnd()
        let said = try String(contentsOfFile: folder.file("log"), encoding: .utf8)
        #expect(ending == .exited(0) && said.contains("SUCCESS"), "\(said)")
    }

    @Test("every metric that a rule goes by is one that is told")
    func names() throws {
        let rules = try String(contentsOfFile: Self.folder + "/gatekeeper.rules.yml", encoding: .utf8)
        var observation = Observation()
        observation.report.sources = [.init(address: "192.0.2.7")]
        observation.report.startedAt = WallTime.now()
        let page = MetricsPage(observation).text
        let names = Set(rules.matches(of: #/gatekeeper_[a-z_]+/#).map { String($0.0) })
        #expect(names.count > 5)
        for name in names { #expect(page.contains("# TYPE \(name) "), "\(name)") }
    }

    @Test("who was seen when survives a restart, also of those who haven't come since, and whoever never came is listed all the same")
    func history() throws {
        let folder = try TemporaryFolder()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "state: \(folder.file("state"))\nstatus: 127.0.0.1:0")
        #expect(try RawClient(to: daemon, from: "127.0.0.2").exchange(Self.get).status == 200)
        let before = try metrics(of: daemon)
        let seen = try #require(before["gatekeeper_source_last_seen_timestamp_seconds", source("127.0.0.2")])
        #expect(before["gatekeeper_source_last_seen_timestamp_seconds", source("127.0.0.3")] == nil)
        #expect(before["gatekeeper_source_requests_total", source("127.0.0.3")] == 0)
        let listed = try #require(before["gatekeeper_source_listed_timestamp_seconds", source("127.0.0.3")])
        #expect(try daemon.terminate() == .exited(0))

        let next = try Daemon(restarting: daemon)
        let after = try metrics(of: next)
        // It was seen to leave as well.
        #expect(after["gatekeeper_source_last_seen_timestamp_seconds", source("127.0.0.2")].map { $0 >= seen && $0 < seen + 60 } == true)
        #expect(after["gatekeeper_source_requests_total", source("127.0.0.2")] == 0)
        #expect(after["gatekeeper_source_listed_timestamp_seconds", source("127.0.0.3")] == listed)
    }

    private func source(_ address: String) -> [String: String] { ["address": address, "label": ""] }

    private func metrics(of daemon: Daemon) throws -> ExpositionReader {
        let line = try daemon.waitForLine(event: "status_page")
        let curl = try Curl(["http://\(line["address"] ?? "")/metrics"], from: nil)
        return try ExpositionReader(curl.text)
    }
}
