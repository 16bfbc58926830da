import Foundation
import Testing

@Suite("Who comes in and what the others get")
struct AdmissionTests {
    private static let get = "GET / HTTP/1.1\r\nHost: tickets\r\n\r\n"

    @Test("a stranger gets a reset before any byte, and one line is written")
    func reset() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        #expect(try RawClient(to: daemon, from: "127.0.0.9", security: .plain).receive() == .ended(.reset))
        let line = try daemon.waitForLine(event: "denied")
        #expect(line.peer == "127.0.0.9")
        #expect(line.reason == "not_listed")
        #expect(line["stage"] == "admission")
        #expect(line.number("count") == 1)
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.log.all.filter { $0.peer == "127.0.0.9" }.count == 1)
        #expect(upstream.connectionCount == 0)
    }

    @Test("with on_deny: close a stranger gets an orderly end")
    func close() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "on_deny: close")
        #expect(try RawClient(to: daemon, from: "127.0.0.9", security: .plain).receive() == .ended(.fin))
        try daemon.waitForLine(event: "denied")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("both listed addresses come in while strangers knock")
    func listedAmongStrangers() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let clients = try ["127.0.0.2", "127.0.0.3"].map { try RawClient(to: daemon, from: $0) }
        for round in 1...20 {
            #expect(try RawClient(to: daemon, from: "127.0.0.\(10 + round)", security: .plain).receive() == .ended(.reset))
            for client in clients { #expect(try client.exchange(Self.get).status == 200) }
        }
    }

    @Test("an IPv6 listener admits the listed address and no other")
    func version6() throws {
        let upstream = try ScriptedUpstream(.echo)
        let open = try Daemon(upstream: upstream.url, listen: "[::1]:0", allow: ["::1"])
        let context = try TLSClientContext(address: "::1")
        let client = try RawClient(port: open.port, host: "::1", from: nil, security: .customTLS(context))
        #expect(try client.exchange(Self.get).status == 200)
        #expect(try open.waitForLine(event: "request").peer == "::1")

        let shut = try Daemon(upstream: upstream.url, listen: "[::1]:0", allow: ["::2"])
        #expect(try RawClient(port: shut.port, host: "::1", from: nil, security: .plain).receive() == .ended(.reset))
        #expect(try shut.waitForLine(event: "denied").peer == "::1")
    }

    @Test("on a dual-stack listener an IPv4 peer is the same address as on an IPv4 one")
    func mapped() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, listen: "[::]:0", allow: ["127.0.0.2", "::ffff:127.0.0.3"])
        for source in ["127.0.0.2", "127.0.0.3"] {
            #expect(try RawClient(to: daemon, from: source).exchange(Self.get).status == 200)
            try daemon.waitForLine { $0.event == "request" && $0.peer == source }
        }
        #expect(try RawClient(to: daemon, from: "127.0.0.9", security: .plain).receive() == .ended(.reset))
        #expect(try daemon.waitForLine(event: "denied").peer == "127.0.0.9")
    }

    @Test("a prefix admits what it covers and ends where it says")
    func prefixes() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, allow: ["127.0.1.0/24", "127.7.0.0/16", "127.0.2.128/25"])
        for source in ["127.0.1.0", "127.0.1.255", "127.7.200.1", "127.0.2.128"] {
            #expect(try RawClient(to: daemon, from: source).exchange(Self.get).status == 200)
        }
        for source in ["127.0.0.255", "127.0.2.0", "127.6.255.255", "127.8.0.1", "127.0.2.127"] {
            #expect(try RawClient(to: daemon, from: source, security: .plain).receive() == .ended(.reset))
        }
    }

    @Test("one source beyond its number of connections is denied, another isn't")
    func connectionsPerSource() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "limits: {connections_per_source: 3}")
        var clients = try (1...3).map { _ in try RawClient(to: daemon) }
        #expect(try RawClient(to: daemon, security: .plain).receive() == .ended(.reset))
        #expect(try daemon.waitForLine(event: "denied").reason == "connections_per_source")
        #expect(try RawClient(to: daemon, from: "127.0.0.3").exchange(Self.get).status == 200)
        for client in clients { #expect(try client.exchange(Self.get).status == 200) }

        // A place that becomes free is there again.
        let last = clients.removeLast()
        last.finishSending()
        _ = last.receiveToEnd()
        last.close()
        #expect(throws: Never.self) { try Self.admitted(to: daemon) }
    }

    /// The daemon gives a place back when it has noticed the end of the connection, which nothing outside tells: asked again while denied.
    private static func admitted(to daemon: Daemon) throws {
        let deadline = Date(timeIntervalSinceNow: 30)
        while Date() < deadline {
            if let client = try? RawClient(to: daemon), try client.exchange(get).status == 200 { return }
        }
        throw Failure("the place never became free")
    }

    @Test("thousands of denials from many sources add up in the log")
    func flood() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "shield: off")
        let client = try RawClient(to: daemon)
        let began = Date()
        for number in 0..<5000 {
            let stranger = try RawClient(to: daemon, from: "127.9.\(number % 7).\(1 + number % 50)", security: .plain)
            #expect(stranger.receive() == .ended(.reset))
            if number % 500 == 0 { #expect(try client.exchange(Self.get).status == 200) }
        }
        #expect(try daemon.terminate() == .exited(0))
        let lines = daemon.log.all.filter { $0.event == "denied" || $0.event == "denied_summary" }
        #expect(lines.compactMap { $0.number("count") }.reduce(0, +) == 5000)
        // Of each source one at once, and then one a minute and at the end.
        let minutes = Int(Date().timeIntervalSince(began) / 60)
        #expect(lines.count <= 350 * (2 + minutes), "the log of a flood is short")
        #expect(lines.allSatisfy { $0.reason == "not_listed" })
    }

    @Test("where descriptors are few, fewer are let in, all of them are served, the rest are denied, and it goes on")
    func fewDescriptors() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 2", descriptorsMax: 64)
        let places = try #require(daemon.waitForLine(event: "started").number("connections_max"))
        #expect(places < 32)
        var admitted: [RawClient] = []
        for _ in 1...100 {
            if let client = try? RawClient(to: daemon) { admitted.append(client) }
        }
        #expect(admitted.count == places)
        // All at once: each needs an upstream connection beside its own.
        for client in admitted { try client.send(Self.get) }
        for client in admitted { #expect(try client.response().status == 200) }
        for client in admitted { client.reset() }
        admitted = []

        try Self.admitted(to: daemon)
        #expect(try daemon.terminate() == .exited(0))
        let denials = daemon.log.all.filter { $0.event == "denied" || $0.event == "denied_summary" }
        #expect(denials.compactMap { $0.number("count") }.reduce(0, +) >= 100 - places)
        #expect(denials.allSatisfy { $0.reason == "connections" })
        #expect(daemon.lines("descriptors_exhausted").isEmpty)
    }
}
