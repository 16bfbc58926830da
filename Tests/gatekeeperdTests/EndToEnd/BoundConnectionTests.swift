import Foundation
import Testing

@Suite("A login that belongs to a connection is one client's")
struct BoundConnectionTests {
    /// One run of the real curl: `count` requests, over as few connections as it likes.
    private static func curl(_ user: String?, _ daemon: Daemon, count: Int, _ more: [String] = []) throws -> (ChildProcess, TemporaryFolder)
    {
        let folder = try TemporaryFolder()
        var environment: [String: String] = [:]
        if let user { environment["NTLM_USER_FILE"] = try folder.write(Apache.credentials(of: user) + "\n", to: "users") }
        let login = user == nil ? [] : ["--negotiate", "-u", ":"]
        let urls = (1...count).map { "\(daemon.url)/\($0)" }
        let process = try ChildProcess(
            "curl",
            ["-q", "-sS", "-i", "--max-time", "60", "--interface", "127.0.0.2", "--cacert", Certificates.shared().authority] + login + more
                + urls,
            output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("errors")), environment: environment)
        return (process, folder)
    }

    private static func output(_ run: (process: ChildProcess, folder: TemporaryFolder)) throws -> String {
        #expect(try run.process.waitForEnd(seconds: 90) == .exited(0))
        return try String(contentsOfFile: run.folder.file("out"), encoding: .utf8)
    }

    private static func users(_ output: String) -> [String] {
        output.matches(of: #/X-User: ([^\r\n]*)/#).map { String($0.1) }
    }

    @Test(
        "two users and a stranger at the same time, through the same door, from the same address: each is who he is",
        arguments: ["GET", "POST"])
    func interleaved(method: String) throws {
        let apache = try Apache(users: ["alice", "bob"])
        let daemon = try Daemon(upstream: apache.url, settings: "workers: 2")
        // Bodies, after a stranger's first 401 has told that this ticket system has such logins.
        let more = method == "POST" ? ["--data-binary", "a ticket"] : []
        #expect(try Self.output(Self.curl(nil, daemon, count: 1)).contains("401"))
        let runs = try ["alice", "bob", nil, "alice", "bob"].map { user in (user, try Self.curl(user, daemon, count: 20, more)) }
        for (user, run) in runs {
            let found = Self.users(try Self.output(run))
            if let user {
                #expect(found.count(where: { $0 == "TICKETS\\\(user)" }) == 20, "\(user): \(found)")
                #expect(found.allSatisfy { $0 == "TICKETS\\\(user)" || $0 == "(null)" || $0.isEmpty }, "\(user): \(found)")
            } else {
                #expect(!found.contains { $0.contains("TICKETS") }, "\(found)")
            }
        }
    }

    /// Takes whoever speaks for who has logged in on the connection, as IIS does.
    private static let windows = UpstreamScript { connection in
        var user: String?
        while let request = try connection.request() {
            switch request["authorization"] {
            case .some(let login) where login.hasPrefix("NTLM user-"): user = String(login.dropFirst("NTLM user-".count))
            case .some: user = nil
            case nil: break
            }
            let fields = ["X-Connection: \(connection.number)", "X-User: \(user ?? "nobody")"]
            guard user != nil else {
                try connection.respond("401 Unauthorized", fields: fields + ["WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM"])
                continue
            }
            try connection.respond(fields: fields)
        }
    }

    private static func request(_ login: String? = nil, method: String = "GET", body: String = "") -> String {
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        return "\(method) /a HTTP/1.1\r\nHost: tickets\r\n" + (login.map { "Authorization: \($0)\r\n" } ?? "") + length + "\r\n" + body
    }

    @Test("each client's connection has one of its own, also with several ticket systems, until it ends", arguments: [1, 3])
    func bound(upstreams count: Int) throws {
        let upstreams = try (1...count).map { _ in try ScriptedUpstream(Self.windows) }
        let daemon = try Daemon(upstreams: upstreams.map(\.url), settings: "workers: 1", upstreamLines: ["order: round_robin"])
        var clients = try ["alice", "bob"].map { (user: $0, client: try RawClient(to: daemon)) }
        for (_, client) in clients { #expect(try client.exchange(Self.request("NTLM first")).status == 401) }
        var own: [String: Set<String>] = [:]
        for (user, client) in clients {
            let answer = try client.exchange(Self.request("NTLM user-\(user)", method: "POST", body: "ticket"))
            #expect(answer.status == 200)
        }
        for round in 1...3 {
            for (user, client) in clients {
                let answer = try client.exchange(round == 2 ? Self.request(method: "POST", body: "ticket") : Self.request())
                #expect(answer["x-user"] == user)
                own[user, default: []].insert(answer["x-connection"] ?? "")
            }
            // Somebody else from the same address.
            #expect(try RawClient(to: daemon).exchange(Self.request()).status == 401)
        }
        #expect(own.values.allSatisfy { $0.count == 1 })
        let before = upstreams.map { $0.waitForOpenConnections(atMost: 100) }.reduce(0, +)
        #expect(before >= 2)
        clients.removeAll()
        for upstream in upstreams { #expect(upstream.waitForOpenConnections(atMost: 0) == 0) }
    }

    @Test("one that lies idle ends with upstream.idle.for, and the client goes on with another")
    func idle() throws {
        let upstream = try ScriptedUpstream(Self.windows)
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "idle: {for: 300ms}", settings: "workers: 1")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.request("NTLM user-alice"))["x-user"] == "alice")
        #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
        let answer = try client.exchange(Self.request())
        #expect(answer.status == 401 && answer["x-connection"] == "2")
    }

    @Test("what hides in a body never reaches a ticket system that asks for no logins, whichever one of several does")
    func mixed() throws {
        let bound = try ScriptedUpstream(Self.windows)
        let careless = try ScriptedUpstream(.leavesBodiesUnread)
        let daemon = try Daemon(
            upstreams: [bound.url, careless.url],
            settings: "workers: 1\nroutes: [{path: /a, methods: [GET, POST, PUT]}]", upstreamLines: ["order: round_robin"])
        let hidden = "DELETE /hidden HTTP/1.1\r\nHost: tickets\r\n\r\n"
        func login(as user: String?, until isThere: (RawMessage) -> Bool) throws -> RawClient {
            while true {
                let client = try RawClient(to: daemon)
                if try isThere(client.exchange(Self.request(user.map { "NTLM user-\($0)" }))) { return client }
            }
        }
        _ = try login(as: nil) { $0.status == 401 }
        // A login whose connection ends between a request's head and its body, which goes on with another then.
        for _ in 1...4 {
            let client = try login(as: "alice") { $0["x-user"] == "alice" }
            let request = Self.request(method: "PUT", body: hidden)
            try client.send(String(request.dropLast(hidden.count)))
            // What came before an answered request has been looked at, with one worker.
            _ = try RawClient(to: daemon).exchange(Self.request())
            bound.closeConnections()
            #expect(bound.waitForOpenConnections(atMost: 0) == 0)
            _ = try RawClient(to: daemon).exchange(Self.request())
            try client.send(hidden)
            _ = try? client.response(to: "PUT")
        }
        for _ in 1...4 {
            let other = try RawClient(to: daemon)
            _ = try? other.exchange(Self.request("NTLM user-bob", method: "POST", body: hidden))
            _ = try? other.exchange(Self.request("NTLM user-bob", method: "POST", body: hidden))
        }
        #expect(!careless.requests.contains { $0.target == "/hidden" })
        #expect(careless.requests.allSatisfy { $0["content-length"] == nil || $0["connection"] == "close" })
    }
}
