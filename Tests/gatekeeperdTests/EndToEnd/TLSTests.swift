import Foundation
import Testing

@Suite("TLS at the door")
struct TLSTests {
    private static let get = "GET /tls HTTP/1.1\r\nHost: tickets\r\n\r\n"

    @Test("both versions work with both kinds of certificate", arguments: TLSClientContext.Version.allCases, Certificates.Kind.allCases)
    func versions(version: TLSClientContext.Version, kind: Certificates.Kind) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, certificate: kind)
        let client = try RawClient(to: daemon, security: .customTLS(TLSClientContext(version: version)))
        #expect(client.session?.version == version)
        #expect(try client.exchange(Self.get).status == 200)
        let line = try daemon.waitForLine(event: "request")
        #expect(line["tls"]?.contains(version == .tls12 ? "1.2" : "1.3") == true, "\(line)")
        if version == .tls12 {
            #expect(client.session?.cipher.hasPrefix(kind == .ecdsa ? "ECDHE-ECDSA" : "ECDHE-RSA") == true)
        }
    }

    @Test("a ticket spares the handshake, whichever worker answers", arguments: TLSClientContext.Version.allCases)
    func resumption(version: TLSClientContext.Version) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 4")
        let context = try TLSClientContext(version: version)
        let first = try RawClient(to: daemon, security: .customTLS(context))
        #expect(try first.exchange(Self.get).status == 200)
        #expect(first.session?.isResumed == false)
        var ticket = try #require(first.session?.ticket)
        // The kernel spreads connections over the workers: all to the one of the first, once in four thousand million runs.
        for _ in 1...16 {
            let next = try RawClient(to: daemon, security: .customTLS(context, ticket))
            #expect(next.session?.isResumed == true)
            #expect(try next.exchange(Self.get).status == 200)
            // A ticket of TLS 1.3 is for one use.
            ticket = try #require(next.session?.ticket)
        }
    }

    @Test("of what a client speaks, http/1.1 is chosen", arguments: [["http/1.1"], ["h2", "http/1.1"], ["http/1.0", "http/1.1"]])
    func protocolNegotiation(offered: [String]) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon, security: .customTLS(TLSClientContext(alpn: offered)))
        #expect(client.session?.alpn == "http/1.1")
        #expect(try client.exchange(Self.get).status == 200)
    }

    @Test("a client that speaks http/1.0 alone is served")
    func oldProtocol() throws {
        let door = try Door(.echo)
        let client = try RawClient(to: door.daemon, security: .customTLS(TLSClientContext(alpn: ["h2", "http/1.0"])))
        #expect(client.session?.alpn == "http/1.0")
        #expect(try client.exchange("GET / HTTP/1.0\r\nHost: t\r\n\r\n").status == 200)
        #expect(throws: Failure.self) {
            try RawClient(to: door.daemon, security: .customTLS(TLSClientContext(alpn: ["h2", "http/1.", "http/1.10"])))
        }
    }

    @Test(
        "a client that takes small records only gets a large body whole", arguments: [512, 1024, 4096], TLSClientContext.Version.allCases)
    func smallFragments(fragments: Int, version: TLSClientContext.Version) throws {
        let body = String(repeating: "small records ", count: 40_000)
        let upstream = try ScriptedUpstream(.each { _, connection in try connection.respond(body: body) })
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon, security: .customTLS(TLSClientContext(version: version, fragments: fragments)))
        #expect(try client.exchange(Self.get).text == body)
    }

    @Test("a flood of key updates ends its connection and no other")
    func keyUpdateFlood() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 1")
        let neighbour = try RawClient(to: daemon)
        #expect(try neighbour.exchange(Self.get).status == 200)
        let hostile = try RawClient(to: daemon, security: .customTLS(TLSClientContext(version: .tls13)))
        // In full segments, so that the door finds many at once.
        hostile.socket.joined { hostile.session?.updateKeys(times: 20_000) }
        #expect(try neighbour.exchange(Self.get).status == 200)
        #expect(hostile.receiveToEnd().ending != .timedOut)
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("one change of keys is nothing special")
    func keyUpdate() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon, security: .customTLS(TLSClientContext(version: .tls13)))
        client.session?.updateKeys(times: 1)
        #expect(try client.exchange(Self.get).status == 200)
    }

    @Test("a minimum version refuses what is older, with one line")
    func minimumVersion() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, tlsSettings: "minimum_version: 1.3", settings: "")
        #expect(throws: Failure.self) {
            try RawClient(to: daemon, security: .customTLS(TLSClientContext(version: .tls12)))
        }
        #expect(try daemon.waitForLine(event: "tls_failed").reason == "unsupported_protocol")
        #expect(try RawClient(to: daemon, security: .customTLS(TLSClientContext(version: .tls13))).exchange(Self.get).status == 200)
        #expect(daemon.lines("tls_failed").count == 1)
    }

    @Test("renegotiation is refused")
    func renegotiation() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon, security: .customTLS(TLSClientContext(version: .tls12)))
        #expect(try client.exchange(Self.get).status == 200)
        client.socket.setTimeout(milliseconds: 5_000)
        #expect(client.session?.renegotiate() == false)
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("plain HTTP on the TLS port is closed, with one line that says so")
    func plainHTTP() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon, security: .plain)
        try client.send(Self.get)
        #expect([.fin, .reset].contains(client.receiveToEnd().ending))
        let line = try daemon.waitForLine(event: "tls_failed")
        #expect(line.reason == "plain_http")
        #expect(line.peer == "127.0.0.2")
        #expect(line["stage"] == "downstream")
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.lines("tls_failed").count == 1)
        #expect(upstream.connectionCount == 0)
    }

    @Test(
        "garbage instead of a handshake is closed, with one line",
        arguments: [
            [UInt8](repeating: 0, count: 64), [UInt8](repeating: 0xff, count: 64), Array("SSH-2.0-OpenSSH_9.2\r\n".utf8),
            // A record that claims to be longer than TLS allows.
            [22, 3, 1, 0xff, 0xff] + [UInt8](repeating: 1, count: 64),
        ])
    func garbage(bytes: [UInt8]) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon, security: .plain)
        try client.send(bytes)
        #expect([.fin, .reset].contains(client.receiveToEnd().ending))
        #expect(try daemon.waitForLine(event: "tls_failed").reason?.isEmpty == false)
        // What one connection did to OpenSSL's error queue is nothing to the next.
        for _ in 1...4 { #expect(try RawClient(to: daemon).exchange(Self.get).status == 200) }
        #expect(daemon.lines("tls_failed").count == 1)
    }

    @Test("who doesn't shake hands in time is closed, with one line")
    func handshakeDeadline() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {handshake: 300ms}")
        let silent = try RawClient(to: daemon, security: .plain)
        #expect([.fin, .reset].contains(silent.receiveToEnd().ending))
        #expect(try daemon.waitForLine(event: "tls_failed").reason == "handshake_timeout")
        let started = try RawClient(to: daemon, security: .plain)
        // It may be over before that is sent.
        _ = started.trySending([22, 3, 1])
        // Another for the same reason is summed up.
        #expect([.fin, .reset].contains(started.receiveToEnd().ending))
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.lines("tls_failed").count == 1)
        #expect(daemon.lines("tls_failed_summary").map { $0.number("count") } == [1])
    }

    @Test("an orderly end is a close_notify, whoever begins", arguments: TLSClientContext.Version.allCases)
    func closeNotify(version: TLSClientContext.Version) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let context = try TLSClientContext(version: version)
        let asked = try RawClient(to: daemon, security: .customTLS(context))
        #expect(try asked.exchange("GET / HTTP/1.1\r\nHost: tickets\r\nConnection: close\r\n\r\n")["connection"] == "close")
        #expect(asked.receiveToEnd().ending == .closeNotify)

        let leaving = try RawClient(to: daemon, security: .customTLS(context))
        #expect(try leaving.exchange(Self.get).status == 200)
        leaving.finishSending()
        #expect(leaving.receiveToEnd().ending == .closeNotify)
    }

    @Test("a client that says with its request that it sends no more, and stays, gets its answer")
    func halfClose() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                _ = gate.wait(seconds: 60)
                try connection.respond(body: "late")
            })
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        // One segment, one read: the end must not be forgotten with it.
        try client.socket.joined {
            try client.send(Self.get)
            client.finishSending()
        }
        try upstream.waitForRequests(1)
        gate.resolve(true)
        #expect(try client.response().text == "late")
        #expect(client.receiveToEnd().ending == .closeNotify)
    }

    @Test(
        "a client that leaves while the ticket system thinks is noticed at once, with a goodbye or without", arguments: [false, true],
        [false, true])
    func leaves(saysGoodbye: Bool, atOnce: Bool) throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                _ = gate.wait(seconds: 60)
                try connection.respond(body: "to nobody")
            })
        defer { gate.resolve(true) }
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        func leave() {
            if saysGoodbye { client.finishSending() }
            client.socket.finishSending()
        }
        try client.socket.joined {
            try client.send(Self.get)
            if atOnce { leave() }
        }
        try upstream.waitForRequests(1)
        if !atOnce { leave() }
        let line = try daemon.waitForLine(event: "request")
        #expect(line["outcome"] == "client_gone")
        #expect(line.number("status") == 0)
    }

    /// One that is waited for, one that passes as it comes, one that is collected.
    private static let uploads = ["Content-Length: 1000\r\n\r\nbegun", "Content-Length: 100000\r\n\r\nbegun", chunkedUpload]
    private static let chunkedUpload = "Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n"

    @Test(
        "a body cut off without close_notify never becomes a whole request, and its end is written down", arguments: uploads, [false, true])
    func truncatedUpload(upload: String, atOnce: Bool) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        let beginning = "POST / HTTP/1.1\r\nHost: tickets\r\n" + upload
        if atOnce {
            try client.socket.joined {
                try client.send(beginning)
                client.socket.finishSending()
            }
        } else {
            try client.send(beginning)
            if upload.contains("100000") { try upstream.waitForConnections(1) }
            client.socket.finishSending()
        }
        _ = client.receiveToEnd()
        let line = try daemon.waitForLine { $0["outcome"] != nil }
        #expect(line["outcome"] == "client_gone")
        #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
        #expect(upstream.requests.isEmpty)
    }
}
