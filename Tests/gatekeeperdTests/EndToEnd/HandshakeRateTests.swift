import Testing

@Suite("Handshakes: a bounded number of lines, and of connections of one source")
struct HandshakeRateTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    @Test("hundreds that fail in the same way are two lines, whose counts add up to them")
    func summary() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        for number in 1...300 {
            // Two ways, of which the second is rare.
            let client = try RawClient(to: daemon, security: .plain)
            try client.send(number % 100 == 0 ? "SSH-2.0-OpenSSH_9.2\r\n" : Self.get)
            _ = client.receiveToEnd()
        }
        #expect(try daemon.terminate() == .exited(0))
        let first = daemon.lines("tls_failed")
        let summaries = daemon.lines("tls_failed_summary")
        #expect(first.count == 2 && summaries.count == 2)
        for line in first + summaries {
            #expect(line.peer == "127.0.0.2" && line["stage"] == "downstream" && line.reason?.isEmpty == false)
        }
        let counts = (first + summaries).reduce(into: [String: Int]()) { $0[$1.reason ?? "", default: 0] += Int($1.number("count") ?? 0) }
        #expect(counts["plain_http"] == 297 && counts.values.reduce(0, +) == 300, "\(counts)")
    }

    @Test("beyond the rate a source's connections are denied before a byte is read; others, and open ones, notice nothing")
    func rate() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 2\nlimits: {handshakes_per_source: 3/m}")
        let clients = try (1...3).map { _ in try RawClient(to: daemon) }
        for _ in 1...2 { #expect(throws: Failure.self) { try RawClient(to: daemon) } }
        let line = try daemon.waitForLine(event: "denied")
        #expect(line.reason == "handshakes_per_source" && line["stage"] == "admission" && line.peer == "127.0.0.2")
        for client in clients { #expect(try client.exchange(Self.get).status == 200) }
        #expect(try RawClient(to: daemon, from: "127.0.0.3").exchange(Self.get).status == 200)
        // It isn't a place that they lack.
        for client in clients { client.close() }
        #expect(throws: Failure.self) { try RawClient(to: daemon) }
        try daemon.rewriteConfiguration("3/m", "off")
        #expect(try daemon.reload()["changes"] == "limits.handshakes_per_source: 3/m -> off")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }
}
