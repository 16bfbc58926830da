import Foundation
import Testing

/// The table of `RetryRule` over the wire: a lost POST is a lost ticket, and so is a doubled one.
@Suite("A request is sent again where nothing can have been done, and nowhere else")
struct RepetitionTests {
    private static let fields = "Host: tickets\r\n"
    private static let first = "GET /first HTTP/1.1\r\n\(fields)\r\n"

    /// The first connection serves one request, reads the second and does `fault`; every other one serves.
    private static func failsOnSecond(_ fault: @escaping @Sendable (ScriptedConnection) throws -> Void) -> UpstreamScript {
        UpstreamScript { connection in
            var count = 0
            while try connection.request() != nil {
                count += 1
                if connection.number == 1, count == 2 { return try fault(connection) }
                try connection.respond(fields: ["X-Connection: \(connection.number)"])
            }
        }
    }

    private static let methods: [(method: String, body: String, isRepeated: Bool)] = [
        ("GET", "", true), ("HEAD", "", true), ("OPTIONS", "", true), ("DELETE", "", true), ("PUT", "ticket", true),
        ("POST", "ticket", false), ("POST", "", false), ("PATCH", "ticket", false), ("PROPFIND", "", false),
    ]

    @Test("a kept connection that closes without a byte of an answer", arguments: methods, [false, true])
    func reusedCloses(request: (method: String, body: String, isRepeated: Bool), isReset: Bool) throws {
        let door = try Door(Self.failsOnSecond { connection in if isReset { connection.reset() } })
        #expect(try door.client.exchange(Self.first)["x-connection"] == "1")
        let length = request.body.isEmpty ? "" : "Content-Length: \(request.body.utf8.count)\r\n"
        let answer = try door.client.exchange("\(request.method) /second HTTP/1.1\r\n\(Self.fields)\(length)\r\n\(request.body)")
        #expect(answer.status == (request.isRepeated ? 200 : 502))
        #expect(answer["x-connection"] == (request.isRepeated ? "2" : nil))
        let seconds = door.upstream.requests.filter { $0.target == "/second" }
        #expect(seconds.map(\.method) == Array(repeating: request.method, count: request.isRepeated ? 2 : 1))
        #expect(seconds.allSatisfy { $0.text == request.body })
    }

    @Test("a kept connection that closes within the first line of an answer", arguments: ["GET", "PUT", "POST"])
    func reusedAnswers(method: String) throws {
        let door = try Door(Self.failsOnSecond { connection in try connection.send("H") })
        #expect(try door.client.exchange(Self.first).status == 200)
        let answer = try door.client.exchange("\(method) /second HTTP/1.1\r\n\(Self.fields)Content-Length: 0\r\n\r\n")
        #expect(answer.status == 502)
        #expect(door.upstream.requests.map(\.target) == ["/first", "/second"])
    }

    @Test("a new connection that closes without a byte of an answer", arguments: ["GET", "PUT", "POST"])
    func freshCloses(method: String) throws {
        let door = try Door(UpstreamScript { connection in _ = try connection.request() })
        let answer = try door.client.exchange("\(method) / HTTP/1.1\r\n\(Self.fields)Content-Length: 0\r\n\r\n")
        #expect(answer.status == 502)
        #expect(try door.daemon.waitForLine(event: "request")["reason"] == "closed_before_response")
        #expect(door.upstream.requests.count == 1)
    }

    @Test("an upstream that is too slow, kept connection or new", arguments: [false, true])
    func tooSlow(isReused: Bool) throws {
        let upstream = try ScriptedUpstream(
            .each { request, connection in if request.target == "/first" { try connection.respond() } })
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {response: 2s}")
        let client = try RawClient(to: daemon)
        if isReused { #expect(try client.exchange(Self.first).status == 200) }
        #expect(try client.exchange("GET /slow HTTP/1.1\r\n\(Self.fields)\r\n").status == 504)
        #expect(upstream.requests.filter { $0.target == "/slow" }.count == 1)
    }

    @Test("a POST whose body is still to come when a kept connection closes", arguments: [false, true])
    func bodyToCome(hasBegun: Bool) throws {
        let (closed, again) = (Awaited<Bool>(), Awaited<Bool>())
        let door = try Door(
            UpstreamScript { connection in
                if connection.number == 1 {
                    _ = try connection.request()
                    try connection.respond()
                    guard let head = try connection.head() else { return }
                    connection.keepWithoutBody(head)
                    connection.socket.finishSending()
                    closed.resolve(true)
                    while case .bytes = connection.receive() {}
                } else if let head = try connection.head() {
                    again.resolve(true)
                    try connection.body(of: head)
                    try connection.respond()
                }
            })
        #expect(try door.client.exchange(Self.first).status == 200)
        let length = 100_000
        // What is there of the body leaves with the head, in one segment.
        try door.client.send("POST /second HTTP/1.1\r\n\(Self.fields)Content-Length: \(length)\r\n\r\n\(hasBegun ? "ticket" : "")")
        #expect(closed.wait(seconds: 30) == true)
        if hasBegun {
            #expect(try door.client.response().status == 502)
            #expect(door.upstream.requests.filter { $0.target == "/second" }.count == 1)
            #expect(door.upstream.connectionCount == 1)
        } else {
            #expect(again.wait(seconds: 30) == true)
            try door.client.send([UInt8](repeating: 0x74, count: length))
            #expect(try door.client.response().status == 200)
            #expect(door.upstream.requests.last?.bodyCount == length)
        }
    }

    // MARK: Clients that go

    @Test("a client that goes takes its request with it, and the connection serves nobody else", arguments: [false, true], [false, true])
    func clientGone(isUploading: Bool, isReset: Bool) throws {
        let arrived = Awaited<Bool>()
        let door = try Door(
            UpstreamScript { connection in
                guard let head = try connection.head() else { return }
                if connection.number > 1 { return try connection.respond(body: "connection \(connection.number)") }
                if isUploading { arrived.resolve(true) }
                try connection.body(of: head)
                // One that is whole is kept before the client goes, whatever becomes of the connection.
                arrived.resolve(true)
                _ = try connection.head()
            }, upstreamSettings: "request_buffering: off")
        let body = isUploading ? "Transfer-Encoding: chunked\r\n\r\n6\r\nticket\r\n" : "Content-Length: 6\r\n\r\nticket"
        try door.client.send("POST / HTTP/1.1\r\n\(Self.fields)\(body)")
        #expect(arrived.wait(seconds: 30) == true)
        if isReset { door.client.reset() } else { door.client.socket.finishSending() }
        #expect(door.upstream.waitForOpenConnections(atMost: 0) == 0)
        #expect(try door.daemon.waitForLine(event: "request")["outcome"] == "client_gone")
        // What was never whole for us never became whole for the upstream.
        #expect(door.upstream.requests.count == (isUploading ? 0 : 1))
        #expect(try RawClient(to: door.daemon).exchange(Self.first).text == "connection 2")
    }
}
