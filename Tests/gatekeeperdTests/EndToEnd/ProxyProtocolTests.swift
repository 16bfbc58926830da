import Foundation
import Testing

@Suite("Behind a load balancer that says whose a connection is")
struct ProxyProtocolTests {
    private static let get = "GET / HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let balancer = "127.0.0.4"

    /// Clients at 127.0.0.2 and 127.0.0.3 are listed, the load balancer at 127.0.0.4 isn't.
    private func daemon(
        _ upstream: ScriptedUpstream, allow: [String] = ["127.0.0.2", "127.0.0.3", "2001:db8::2"], settings: String = ""
    ) throws -> Daemon {
        try Daemon(upstream: upstream.url, allow: allow, listenSettings: "proxy_protocol_from: [\(Self.balancer)]", settings: settings)
    }

    @Test("HAProxy's clients are judged, logged and forwarded by their own addresses", arguments: ["send-proxy", "send-proxy-v2"])
    func realBalancer(option: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream)
        let balancer = try HAProxy(to: daemon, options: option)
        #expect(try RawClient(port: balancer.port, from: "127.0.0.2").exchange(Self.get).status == 200)
        let request = try #require(try upstream.waitForRequests(1).first)
        #expect(request["x-forwarded-for"] == "127.0.0.2")
        let line = try daemon.waitForLine(event: "request")
        #expect(line.peer == "127.0.0.2")
        #expect(line["proxy"] == Self.balancer)

        #expect(throws: Failure.self) { try RawClient(port: balancer.port, from: "127.0.0.9") }
        let denial = try daemon.waitForLine(event: "denied")
        #expect(denial.peer == "127.0.0.9")
        #expect(denial["proxy"] == Self.balancer)
        #expect(denial.reason == "not_listed")
        #expect(upstream.requests.count == 1)
    }

    @Test("the health checks of a balancer that isn't listed itself succeed and leave no line", arguments: ["send-proxy", "send-proxy-v2"])
    func healthChecks(option: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream)
        let balancer = try HAProxy(to: daemon, options: option + " check inter 1s")
        for _ in 1...5 {
            #expect(try RawClient(port: balancer.port, from: "127.0.0.2").exchange(Self.get).status == 200)
        }
        #expect(try eventually { try balancer.checks().status.hasSuffix("L4OK") })
        #expect(try balancer.checks().failures == 0)
        #expect(daemon.lines("denied").isEmpty)
        #expect(daemon.lines("tls_failed").isEmpty)
    }

    @Test(
        "a check by TLS of a balancer that isn't listed leaves a line that says so, of its first and of how many", arguments: [true, false])
    func tlsCheck(isLocal: Bool) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream)
        let preface = isLocal ? ProxyPreface.local : ProxyPreface.line(from: Self.balancer)
        for _ in 1...3 {
            #expect(throws: Failure.self) { try RawClient(to: daemon, from: Self.balancer, preface: preface) }
        }
        let line = try daemon.waitForLine(event: "denied")
        #expect(line.peer == Self.balancer && line.reason == "balancer_check" && line["proxy"] == nil)
        // One that says nothing is no news.
        let silent = try RawClient(to: daemon, from: Self.balancer, preface: preface, security: .plain)
        silent.finishSending()
        #expect(silent.receiveToEnd().ending == .fin)
        #expect(try daemon.terminate() == .exited(0))
        let counts = (daemon.lines("denied") + daemon.lines("denied_summary")).compactMap { $0.number("count") }
        #expect(counts.reduce(0, +) == 3)
    }

    @Test("what the client said is forwarded, not the port that the balancer came to")
    func forwardedPort() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream)
        let client = try RawClient(to: daemon, from: Self.balancer, preface: ProxyPreface.line(from: "127.0.0.2"))
        #expect(try client.exchange(Self.get).status == 200)
        #expect(upstream.requests.first?["x-forwarded-port"] == "443")
        // The client's own port, which the header tells.
        #expect(try daemon.waitForLine(event: "request").number("port") == 50_000)
    }

    @Test("a balancer that is listed itself may check by a request")
    func listedBalancer() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream, allow: [Self.balancer])
        let client = try RawClient(to: daemon, from: Self.balancer, preface: ProxyPreface.local)
        #expect(try client.exchange(Self.get).status == 200)
        let line = try daemon.waitForLine(event: "request")
        #expect(line.peer == Self.balancer)
        #expect(line["proxy"] == nil)
    }

    @Test("whoever is no balancer can't name an address, listed or not", arguments: ["127.0.0.3", "127.0.0.9"])
    func nobodyElse(source: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream)
        let client = try RawClient(to: daemon, from: source, security: .plain)
        // A stranger may be reset before it is sent.
        _ = client.trySending(ProxyPreface.line(from: "127.0.0.2"))
        #expect([.fin, .reset].contains(client.receiveToEnd().ending))
        let line = try daemon.waitForLine { $0.event == (source == "127.0.0.3" ? "tls_failed" : "denied") }
        #expect(line.peer == source)
        #expect(line["proxy"] == nil)
        #expect(upstream.connectionCount == 0)
    }

    @Test(
        "a balancer that doesn't say whose a connection is, or not legibly, is reset, with one line",
        arguments: [
            [22, 3, 1, 0, 200], Array("GET / HTTP/1.1\r\n".utf8), Array("PROXY TCP4 127.0.0.2 192.0.2.1 050000 443\r\n".utf8),
            Array("PROXY TCP4 127.0.0.2 192.0.2.1 50000 443\n".utf8), Array(repeating: UInt8(ascii: "P"), count: 200),
            ProxyPreface.binary(command: 0x22, content: []), ProxyPreface.binary(family: 0x31, content: [UInt8](repeating: 0, count: 216)),
            ProxyPreface.binary(family: 0, content: []), ProxyPreface.binary(from: [127, 0, 0, 2], vectors: [3, 0, 4, 0, 0, 0, 0]),
            ProxyPreface.binary(from: [127, 0, 0, 2], vectors: [4, 0, 9, 0]), ProxyPreface.signature + [0x21, 0x11, 0xff, 0xff],
        ] as [[UInt8]])
    func illegible(preface: [UInt8]) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream)
        let client = try RawClient(to: daemon, from: Self.balancer, preface: preface, security: .plain)
        #expect(client.receiveToEnd().ending == .reset)
        let line = try daemon.waitForLine(event: "denied")
        #expect(line.reason == "proxy_header")
        #expect(line.peer == Self.balancer)
        #expect(daemon.lines("tls_failed").isEmpty)
        #expect(try daemon.terminate() == .exited(0))
    }

    @Test("a header that comes byte by byte, or with the handshake behind it, is read and nothing behind it is lost")
    func pieces() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream)
        let vectors: [UInt8] = [4, 0, 2, 0, 0, 0xe0, 0, 0]
        for preface in [
            ProxyPreface.line(from: "127.0.0.2"), ProxyPreface.line(from: "2001:db8::2", family: "TCP6"),
            ProxyPreface.line(from: "::ffff:127.0.0.3", family: "TCP6"), ProxyPreface.binary(from: [127, 0, 0, 3], vectors: vectors),
        ] {
            let dripping = try RawClient(to: daemon, from: Self.balancer, security: .plain)
            for byte in preface { try dripping.send([byte]) }
            let session = try TLSClientSession(over: dripping.socket, context: .shared())
            #expect(session.send(Array(Self.get.utf8)) == nil)
            guard case .bytes(let answer) = session.receive() else {
                Issue.record("no answer")
                return
            }
            #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200"))

            let joined = try RawClient(to: daemon, from: Self.balancer, security: .plain)
            var other: TLSClientSession?
            try joined.socket.joined {
                try joined.send(preface)
                other = try TLSClientSession(over: joined.socket, context: .shared())
            }
            #expect(other?.send(Array(Self.get.utf8)) == nil)
            guard case .bytes? = other?.receive() else {
                Issue.record("no answer")
                return
            }
        }
        #expect(try Set(upstream.waitForRequests(8).compactMap { $0["x-forwarded-for"] }) == ["127.0.0.2", "127.0.0.3", "2001:db8::2"])
    }

    @Test("a balancer that says nothing, or not all, is reset when the handshake would have to be over")
    func deadline() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream, settings: "timeouts: {handshake: 2s}")
        let prefaces: [[UInt8]] = [[], Array("PROXY TCP4 127.0".utf8), ProxyPreface.signature]
        let silent = try prefaces.map { try RawClient(to: daemon, from: Self.balancer, preface: $0, security: .plain) }
        for client in silent { #expect(client.receiveToEnd().ending == .reset) }
        #expect(try daemon.waitForLine(event: "denied").reason == "proxy_header")
        // The time for the header and the handshake is one.
        let header = try RawClient(to: daemon, from: Self.balancer, preface: ProxyPreface.line(from: "127.0.0.2"), security: .plain)
        #expect([.fin, .reset].contains(header.receiveToEnd().ending))
        #expect(try daemon.waitForLine(event: "tls_failed")["proxy"] == Self.balancer)
    }

    @Test("connections without their header occupy places, and give them back")
    func places() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream, settings: "limits: {connections: 2}\nworkers: 1")
        var waiting = try (1...2).map { _ in try RawClient(to: daemon, from: Self.balancer, security: .plain) }
        let third = try RawClient(to: daemon, from: Self.balancer, security: .plain)
        #expect(third.receive() == .ended(.reset))
        #expect(try daemon.waitForLine(event: "denied").reason == "connections")
        waiting.removeAll()
        let deadline = Date(timeIntervalSinceNow: 30)
        while (try? RawClient(to: daemon, from: Self.balancer, preface: ProxyPreface.line(from: "127.0.0.2")).exchange(Self.get).status)
            != 200
        {
            try #require(Date() < deadline)
        }
    }

    @Test("a limit per source counts the sources that the balancer names")
    func perSource() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream, settings: "limits: {connections_per_source: 1}")
        let first = try RawClient(to: daemon, from: Self.balancer, preface: ProxyPreface.line(from: "127.0.0.2"))
        #expect(try first.exchange(Self.get).status == 200)
        let second = try RawClient(to: daemon, from: Self.balancer, preface: ProxyPreface.line(from: "127.0.0.2"), security: .plain)
        #expect(second.receive() == .ended(.reset))
        #expect(try daemon.waitForLine(event: "denied").reason == "connections_per_source")
        let other = try RawClient(to: daemon, from: Self.balancer, preface: ProxyPreface.line(from: "127.0.0.3"))
        #expect(try other.exchange(Self.get).status == 200)
    }

    @Test("a balancer that is taken off the list while its header is awaited is believed no more")
    func withdrawn() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream)
        let waiting = try RawClient(to: daemon, from: Self.balancer, preface: [UInt8(ascii: "P")], security: .plain)
        #expect(try RawClient(to: daemon, from: "127.0.0.2").exchange(Self.get).status == 200)
        try daemon.rewriteConfiguration("[\(Self.balancer)]", "[127.0.0.5]")
        #expect(try daemon.reload().event == "reloaded")
        try waiting.send(Array(ProxyPreface.line(from: "127.0.0.2").dropFirst()))
        #expect(waiting.receive() == .ended(.reset))
        let line = try daemon.waitForLine(event: "denied")
        #expect(line.peer == Self.balancer)
        #expect(line.reason == "not_listed")
    }

    @Test("a service that drains doesn't wait long for headers")
    func drain() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream, settings: "timeouts: {handshake: 60s, drain: 60s}")
        let silent = try RawClient(to: daemon, from: Self.balancer, preface: [UInt8(ascii: "P")], security: .plain)
        #expect(try RawClient(to: daemon, from: "127.0.0.2").exchange(Self.get).status == 200)
        #expect(try daemon.terminate(seconds: 20) == .exited(0))
        #expect(silent.receive() == .ended(.reset))
    }
}
