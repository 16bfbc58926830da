import Foundation
import Testing

/// CL.0 and its relatives: an upstream that leaves a body unread takes it for a request, one that no route has seen, that nobody logged, with
/// fields of the sender's choice, and whose answer is somebody else's. `Connection: close` is what keeps it from reading on.
@Suite("A request that hides in another one's body stays a body")
struct HiddenRequestTests {
    /// What the hidden request asks for; with an unfinished one, whatever comes next would be its body.
    private static let hidden = [
        "whole": "POST /hidden HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 10.6.6.6\r\nContent-Length: 6\r\n\r\nstolen",
        "unfinished": "POST /hidden HTTP/1.1\r\nHost: t\r\nContent-Length: 4000\r\n\r\nticket=",
        // Longer than what is waited for before the upstream is asked at all (decision 0004).
        "long": "GET /hidden HTTP/1.1\r\nHost: t\r\n\r\n" + String(repeating: "GET /hidden HTTP/1.1\r\nHost: t\r\n\r\n", count: 1_000),
    ]

    private static let routes = "routes: [{methods: [GET, POST, DELETE], path: /open/**}]"

    private static func framed(_ body: String, _ framing: String) -> (field: String, body: String) {
        framing == "length"
            ? ("Content-Length: \(body.utf8.count)\r\n", body)
            : ("Transfer-Encoding: chunked\r\n", "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
    }

    private static func carrier(_ method: String, _ framing: String, _ kind: String) throws -> String {
        let (field, body) = framed(try #require(hidden[kind]), framing)
        return "\(method) /open/first HTTP/1.1\r\nHost: t\r\n\(field)\r\n\(body)"
    }

    /// Others ask with credentials, each over a connection of its own, and get what they asked for.
    private func expectNobodyIsHarmed(at upstream: ScriptedUpstream, behind daemon: Daemon) throws {
        for number in 1...4 {
            let victim = try RawClient(to: daemon, from: number % 2 == 0 ? "127.0.0.2" : "127.0.0.3")
            let answer = try victim.exchange("GET /open/\(number) HTTP/1.1\r\nHost: t\r\nAuthorization: Basic dmljdGlt\r\n\r\n")
            #expect(answer.status == 200 && answer.text == "/open/\(number)")
        }
        #expect(!upstream.requests.contains { $0.target.contains("hidden") || $0.method == "ticket=GET" })
        let victims = upstream.requests.filter { $0["authorization"] != nil }
        #expect(victims.map(\.target) == (1...4).map { "/open/\($0)" })
    }

    private static let scripts: [String: UpstreamScript] = ["unread": .leavesBodiesUnread, "late": .readsBodiesLate]

    @Test(
        "whatever method carries it, and however it is framed", arguments: ["POST", "PUT", "GET", "DELETE", "OPTIONS", "REPORT"],
        ["whole", "unfinished", "long"])
    func carried(method: String, kind: String) throws {
        for script in Self.scripts.values {
            let upstream = try ScriptedUpstream(script)
            let daemon = try Daemon(upstream: upstream.url)
            for framing in ["length", "chunked"] {
                let attacker = try RawClient(to: daemon, from: "127.0.0.3")
                _ = attacker.trySending(Array(try Self.carrier(method, framing, kind).utf8))
                #expect(try attacker.response(to: method).text == "/open/first")
            }
            try expectNobodyIsHarmed(at: upstream, behind: daemon)
            let carriers = upstream.requests.filter { $0.target == "/open/first" }
            #expect(carriers.count == 2 && carriers.allSatisfy { $0["connection"] == "close" })
        }
    }

    /// Logins that belong to a connection need one that is kept; who only says that he brings one gets none.
    @Test("behind credentials that a connection would have to be kept for", arguments: ["NTLM TlRMTVNTUAAB", "Negotiate YII="])
    func claimedIdentity(credentials: String) throws {
        let upstream = try ScriptedUpstream(.leavesBodiesUnread)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.routes)
        let attacker = try RawClient(to: daemon, from: "127.0.0.3")
        let carrier = try Self.carrier("POST", "length", "whole").replacing(
            "Host: t\r\nContent", with: "Host: t\r\nAuthorization: \(credentials)\r\nContent", maxReplacements: 1)
        #expect(carrier.contains(credentials))
        #expect(try attacker.exchange(carrier).text == "/open/first")
        #expect(upstream.requests.first?["connection"] == "close")
        #expect(!upstream.requests.contains { $0.target == "/hidden" })
    }

    @Test("behind routes, in a POST or a DELETE that they let pass", arguments: ["POST", "DELETE"], ["whole", "unfinished"])
    func routed(method: String, kind: String) throws {
        let upstream = try ScriptedUpstream(.leavesBodiesUnread)
        // What is known of a ticket system that reads a POST's body says nothing of a DELETE's.
        let upstreamSettings = method == "DELETE" ? "reuse_after_body: true" : ""
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: upstreamSettings, settings: Self.routes)
        let attacker = try RawClient(to: daemon, from: "127.0.0.3")
        #expect(try attacker.exchange(Self.carrier(method, "length", kind)).text == "/open/first")
        try expectNobodyIsHarmed(at: upstream, behind: daemon)
    }

    @Test("behind routes, a body where the method has none is a 400", arguments: ["GET", "HEAD", "OPTIONS"], ["length", "chunked"])
    func bodyUnexpected(method: String, framing: String) throws {
        let upstream = try ScriptedUpstream(.leavesBodiesUnread)
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "reuse_after_body: true", settings: "routes: [/open/**]")
        let attacker = try RawClient(to: daemon, from: "127.0.0.3")
        let answer = try attacker.exchange(Self.carrier(method, framing, "whole"))
        #expect(answer.status == 400 && answer["connection"] == "close")
        let line = try daemon.waitForLine(event: "refused")
        #expect(line["reason"] == "body_unexpected" && line["stage"] == "policy")
        #expect(upstream.connectionCount == 0)
        let shadow = try Daemon(
            upstream: upstream.url, upstreamSettings: "reuse_after_body: true", settings: "routes: [/open/**]\nroutes_mode: shadow")
        #expect(try RawClient(to: shadow).exchange(Self.carrier(method, framing, "whole")).status == 200)
        #expect(try shadow.waitForLine(event: "request")["shadow"] == "body_unexpected")
        #expect(upstream.requests.map { $0["connection"] } == ["close"])
        // None is none, also where it is said.
        let none = try RawClient(to: daemon).exchange("GET /open/none HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
        #expect(none.text == "/open/none")
    }

    @Test("a body that comes behind an early answer goes nowhere", arguments: ["POST", "GET"], ["", "Expect: 100-continue\r\n"])
    func behindAnEarlyAnswer(method: String, expect: String) throws {
        for script in Self.scripts.values {
            let door = try Door(script)
            let (field, body) = Self.framed(try #require(Self.hidden["long"]), "length")
            try door.client.send("\(method) /open/first HTTP/1.1\r\nHost: t\r\n\(expect)\(field)\r\n")
            let answer = try door.client.response()
            #expect(answer.text == "/open/first" && answer["connection"] == "close")
            _ = door.client.trySending(Array(body.utf8))
            _ = door.client.receiveToEnd()
            try expectNobodyIsHarmed(at: door.upstream, behind: door.daemon)
        }
    }

    /// What the setting gives, and what it takes: the same attack works on a ticket system that doesn't keep its promise.
    @Test("reuse_after_body uses the connection of a POST again, and is believed", arguments: [false, true])
    func reuse(reuses: Bool) throws {
        for isHonest in [true, false] {
            let upstream = try ScriptedUpstream(isHonest ? .echo : .leavesBodiesUnread)
            let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "reuse_after_body: \(reuses)", settings: "workers: 1")
            let client = try RawClient(to: daemon)
            _ = try client.exchange(Self.carrier("POST", "length", "whole"))
            let post = try #require(upstream.requests.first)
            #expect(post["connection"] == (reuses ? nil : "close"))
            if isHonest {
                let next = try client.exchange("GET /open/next HTTP/1.1\r\nHost: t\r\n\r\n")
                #expect((try next.json["connection"]?.number == 1) == reuses)
            } else {
                let isTaken = upstream.requests.contains { $0.target == "/hidden" }
                #expect(reuses || !isTaken)
            }
        }
    }

    // MARK: A real one

    /// Roundup's own server is Python's `http.server`: it reads no body of a GET, nor of a POST outside of a tracker.
    @Test("a real tracker never sees it, with routes and without", arguments: ["", "routes: [{methods: [GET, POST], path: /**}]"])
    func roundup(routes: String) throws {
        let roundup = try Roundup(settings: routes)
        let kinds = [
            "whole": "POST /demo/rest/data/issue HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Hidden: 1\r\nContent-Length: 2\r\n\r\n{}",
            "unfinished": "POST /demo/hidden HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\ntitle=",
        ]
        for (kind, hidden) in kinds {
            for line in ["POST /", "POST /favicon.ico", "POST /demo/nothing", "GET /demo/", "GET /favicon.ico", "DELETE /demo/x"] {
                let client = try RawClient(to: roundup.daemon, from: "127.0.0.3")
                let answer = try client.exchange(
                    "\(line) HTTP/1.1\r\nHost: 127.0.0.1:\(roundup.daemon.port)\r\nContent-Length: \(hidden.utf8.count)\r\n\r\n\(hidden)")
                if !routes.isEmpty, line.hasPrefix("GET") { #expect(answer.status == 400, "\(kind) \(line)") }
                // Whoever comes next gets his own.
                let next = try roundup.curl("issue")
                #expect(next.status == 200 && next.text.contains("collection"), "\(kind) \(line): \(next.text)")
            }
        }
        #expect(!roundup.log.contains("/demo/hidden") && !roundup.log.contains("POST /demo/rest/data/issue"), "\(roundup.log)")
        #expect(roundup.log.contains("POST /demo/nothing"), "\(roundup.log)")
    }
}
