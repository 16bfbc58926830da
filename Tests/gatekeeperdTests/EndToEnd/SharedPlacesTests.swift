import Foundation
import Testing

@Suite("One admitted client can't take the ticket system from the others")
struct SharedPlacesTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let upload = "POST /upload HTTP/1.1\r\nHost: tickets\r\nContent-Length: 1000000\r\n\r\n"

    /// Says which connection it was.
    private static let names = UpstreamScript.each { _, connection in try connection.respond(body: "\(connection.number)") }

    @Test("slow uploads of one source leave places for others, with one worker and with several", arguments: [1, 3])
    func slowUploads(workers: Int) throws {
        let upstream = try ScriptedUpstream(Self.names)
        let daemon = try Daemon(
            upstream: upstream.url, allow: ["127.0.0.0/8"],
            upstreamSettings: "connections_max: 16", settings: "workers: \(workers)")
        let slow = try (1...20).map { _ in try RawClient(to: daemon) }
        // Enough of each body that a place is taken for it.
        for client in slow { try client.send(Self.upload + String(repeating: "x", count: 20_000)) }
        try upstream.waitForConnections(12)
        for source in ["127.0.0.3", "127.0.0.4", "127.0.0.3"] {
            let client = try RawClient(to: daemon, from: source)
            for _ in 1...3 { #expect(try client.exchange(Self.get).status == 200) }
        }
        #expect(daemon.log.all.allSatisfy { $0["outcome"] != "upstream_failed" })
        withExtendedLifetime(slow) {}
    }

    @Test("of two sources that both want more than there is, neither waits for the other to have done")
    func turns() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { request, connection in
                if request.target == "/hold" { _ = gate.wait(seconds: 60) }
                try connection.respond()
            })
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "connections_max: 4", settings: "workers: 2")
        let many = try (1...12).map { _ in try RawClient(to: daemon, from: "127.0.0.2") }
        for client in many { try client.send("POST /hold HTTP/1.1\r\nHost: tickets\r\nContent-Length: 0\r\n\r\n") }
        try upstream.waitForConnections(3)
        let one = try RawClient(to: daemon, from: "127.0.0.3")
        for _ in 1...5 { #expect(try one.exchange("POST /a HTTP/1.1\r\nHost: tickets\r\nContent-Length: 0\r\n\r\n").status == 200) }
        gate.resolve(true)
        for client in many { #expect(try client.response().status == 200) }
        #expect(upstream.requests.count == 17)
    }

    @Test("a kept connection is its source's alone")
    func sources() throws {
        let upstream = try ScriptedUpstream(Self.names)
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 1")
        var connections: [String: Set<String>] = [:]
        for source in ["127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.3"] {
            // Another connection of the same source goes on with what it kept.
            let client = try RawClient(to: daemon, from: source)
            for _ in 1...3 { connections[source, default: []].insert(try client.exchange(Self.get).text) }
        }
        #expect(connections == ["127.0.0.2": ["1"], "127.0.0.3": ["2"]])
    }

    @Test("another source's idle connection makes place when there is none")
    func makesPlace() throws {
        let upstream = try ScriptedUpstream(Self.names)
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "connections_max: 1", settings: "workers: 1")
        let clients = try ["127.0.0.2", "127.0.0.3"].map { try RawClient(to: daemon, from: $0) }
        for _ in 1...3 {
            for client in clients { #expect(try client.exchange(Self.get).status == 200) }
        }
        #expect(upstream.connectionCount == 6)
        #expect(upstream.waitForOpenConnections(atMost: 1) == 1)
    }

    @Test("a stray body behind a 304 is nobody's answer, with requests that wait for the connection and without", arguments: [1, 6])
    func strayBody(clients count: Int) throws {
        let upstream = try ScriptedUpstream(
            .each { request, connection in
                if request.target == "/304" {
                    let stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
                    try connection.send("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n" + stray)
                } else {
                    try connection.respond(body: request.target)
                }
            })
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "connections_max: 2", settings: "workers: 1")
        let clients = try (1...count).map { _ in try RawClient(to: daemon) }
        for round in 1...5 {
            for (number, client) in clients.enumerated() {
                try client.send("GET \(number % 2 == 0 ? "/304" : "/\(number).\(round)") HTTP/1.1\r\nHost: tickets\r\n\r\n")
            }
            for (number, client) in clients.enumerated() {
                let answer = try client.response()
                if number % 2 == 0 { #expect(answer.status == 304) } else { #expect(answer.text == "/\(number).\(round)") }
            }
        }
        #expect(try clients[0].exchange(Self.get).text == "/a")
    }
}
