import Foundation
import Testing

@Suite("Whether the ticket system lives is asked when there is doubt, and believed")
struct SuspicionTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let report = "GET /report HTTP/1.1\r\nHost: tickets\r\n\r\n"

    /// Answers everything but reports.
    private static let slowReports = UpstreamScript.each { request, connection in
        if request.target != "/report" { try connection.respond() }
    }

    @Test("three slow reports keep nobody else out, with a check and without", arguments: ["", "health: {path: /alive, interval: 10s}"])
    func slowReports(health: String) throws {
        let upstream = try ScriptedUpstream(Self.slowReports)
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: health, settings: "workers: 2\ntimeouts: {response: 1s}")
        for _ in 1...4 {
            #expect(try RawClient(to: daemon).exchange(Self.report).status == 504)
            #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
        }
        #expect(daemon.lines("upstream_down").isEmpty)
    }

    @Test("a failed request and a check that fails too are enough, long before the next interval; and it is back with its check")
    func atOnce() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("app.sock")
        var upstream: ScriptedUpstream? = try ScriptedUpstream(path: path, Self.slowReports)
        let daemon = try Daemon(
            upstream: "unix:\(path)", upstreamSettings: "health: {path: /alive, interval: 1s}", settings: "workers: 1")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
        // First: whoever asks while it stops is told that no such socket is there, too.
        try FileManager.default.removeItem(atPath: path)
        upstream?.stop()
        upstream = nil
        _ = try RawClient(to: daemon).exchange(Self.get)
        #expect(try daemon.waitForLine(event: "upstream_down")["reason"] == "connect_no_such_socket")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 503)
        let back = try ScriptedUpstream(path: path, Self.slowReports)
        try daemon.waitForLine(event: "upstream_up")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
        withExtendedLifetime(back) {}
    }

    @Test("one that hangs is known while the first request waits for it")
    func hangs() throws {
        let hangs = Awaited<Bool>()
        let upstream = try ScriptedUpstream(.each { _, connection in if hangs.value == nil { try connection.respond() } })
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "health: {path: /alive, interval: 10m, timeout: 2s}", settings: "workers: 1")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.get).status == 200)
        hangs.resolve(true)
        try client.send(Self.get)
        #expect(try daemon.waitForLine(event: "upstream_down", seconds: 20)["reason"] == "response_timeout")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 503)
    }

    @Test("without a check one that is gone is asked for until it is back, though no request comes")
    func comesBackByItself() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("app.sock")
        let daemon = try Daemon(upstream: "unix:\(path)", settings: "workers: 1")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 502)
        try daemon.waitForLine(event: "upstream_down")
        let upstream = try ScriptedUpstream(path: path, Self.slowReports)
        try daemon.waitForLine(event: "upstream_up")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
        withExtendedLifetime(upstream) {}
    }

    @Test("another server on the same path gets the next request, though the old one keeps its connections")
    func anotherSocket() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("app.sock")
        let old = try ScriptedUpstream(path: path, .each { _, connection in try connection.respond(body: "old") })
        let daemon = try Daemon(upstream: "unix:\(path)", settings: "workers: 1")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.get).text == "old")
        try FileManager.default.removeItem(atPath: path)
        // Nobody is there: what is kept goes on.
        #expect(try client.exchange(Self.get).text == "old")
        let new = try ScriptedUpstream(path: path, .each { _, connection in try connection.respond(body: "new") })
        #expect(try eventually { try client.exchange(Self.get).text == "new" })
        #expect(old.waitForOpenConnections(atMost: 0) == 0)
        withExtendedLifetime(new) {}
    }
}
