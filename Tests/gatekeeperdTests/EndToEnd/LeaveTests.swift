import Foundation
import Testing

/// The time between being asked to end and taking no more connections.
@Suite("Leaving")
struct LeaveTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    private func readiness(_ port: UInt16) throws -> (status: Int, text: String) {
        let curl = try Curl(["http://127.0.0.1:\(port)/readyz"], from: nil)
        return (curl.status, curl.text)
    }

    @Test("after SIGTERM load balancers are told at once, connections are taken until timeouts.leave is over, and then it drains")
    func leaves() throws {
        let manager = try NotifySocket()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, settings: "status: 127.0.0.1:0\ntimeouts: {leave: 10s}", environment: manager.environment)
        let page = try #require(daemon.waitForLine(event: "status_page")["address"]?.split(separator: ":").last.flatMap { UInt16($0) })
        #expect(try readiness(page).status == 200)
        daemon.process.signal(SIGTERM)
        try daemon.waitForLine(event: "leaving")
        #expect(manager.wait(for: 1, "STOPPING"))
        let told = try readiness(page)
        #expect(told.status == 503 && told.text == "leaving\n", "\(told)")
        #expect(try Curl(["http://127.0.0.1:\(page)/metrics"], from: nil).status == 200)
        // New ones, and as ever.
        let answer = try RawClient(to: daemon).exchange(Self.get)
        #expect(answer.status == 200 && answer["connection"] == nil)
        #expect(daemon.lines("draining").isEmpty)
        // Nothing else is begun.
        daemon.process.signal(SIGHUP)
        #expect(try daemon.waitForLine(event: "reload_failed")["error"] == "the service is about to stop")
        #expect(try daemon.process.waitForEnd() == .exited(0))
        #expect(daemon.log.waitForEnd(seconds: 30))
        let events = daemon.log.all.map(\.event).filter { ["leaving", "draining", "stopped"].contains($0) }
        #expect(events == ["leaving", "draining", "stopped"])
        #expect(manager.all("READY").count == 1)
    }

    @Test("a second signal ends it at once, while it leaves as well")
    func twice() throws {
        let upstream = try ScriptedUpstream(.neverAnswers)
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {leave: 10m}")
        let client = try RawClient(to: daemon)
        try client.send(Self.get)
        try upstream.waitForRequests(1)
        daemon.process.signal(SIGTERM)
        try daemon.waitForLine(event: "leaving")
        daemon.process.signal(SIGTERM)
        #expect(try daemon.process.waitForEnd(seconds: 20) == .exited(1))
    }

    @Test("without timeouts.leave listeners close at once, and nobody speaks of leaving")
    func atOnce() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "log: {access: false}")
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.lines("leaving").isEmpty && daemon.lines("draining").count == 1)
    }
}
