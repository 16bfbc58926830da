import Foundation
import Testing

@Suite("What passes in a head and what doesn't")
struct FieldTests {
    @Test("where a request comes from is ours to say, once")
    func forwarded() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon, from: "127.0.0.3")
        let claims = [
            "X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 10.0.0.2, 10.0.0.3", "X-Forwarded-Proto: http", "X-Forwarded-Host: evil.example",
            "X-Forwarded-Port: 80", "Forwarded: for=10.0.0.4;proto=http", "X-Real-IP: 10.0.0.5", "X-Client-IP: 10.0.0.6",
            "True-Client-IP: 10.0.0.7", "X_Forwarded_For: 10.0.0.8", "x-forwarded-FOR: 10.0.0.9", "X-Forwarded-Server: evil",
            "Client-IP: 10.0.0.10", "Forwarded-For: 10.0.0.11", "X-Forwarded: 10.0.0.12",
        ]
        let answer = try client.exchange("GET / HTTP/1.1\r\nHost: tickets.example:8443\r\n\(claims.joined(separator: "\r\n"))\r\n\r\n")
        #expect(answer.status == 200)
        let request = upstream.requests[0]
        #expect(request["x-forwarded-for"] == "127.0.0.3")
        #expect(request["x-forwarded-proto"] == "https")
        #expect(request["x-forwarded-host"] == "tickets.example:8443")
        #expect(request["host"] == "tickets.example:8443")
        #expect(request["x-forwarded-port"] == "8443")
        _ = try client.exchange("GET / HTTP/1.1\r\nHost: tickets.example:\r\n\r\n")
        let next = upstream.requests[1]
        #expect(next["host"] == "tickets.example" && next["x-forwarded-host"] == "tickets.example" && next["x-forwarded-port"] == "443")
        #expect(!request.head.contains("10.0.0."))
        #expect(!request.head.contains("evil"))
    }

    @Test("an answer without Date gets one, ours and the ticket system's")
    func date() throws {
        let door = try Door(
            .each { request, connection in
                try connection.send("HTTP/1.1 200 OK\r\n\(request.target == "/dated" ? "Date: then\r\n" : "")Content-Length: 0\r\n\r\n")
            })
        let form = /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/
        let answer = try door.client.exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        #expect(try #require(answer["date"]).wholeMatch(of: form) != nil)
        #expect(try door.client.exchange("GET /dated HTTP/1.1\r\nHost: t\r\n\r\n").values("date") == ["then"])
        let refusal = try door.client.exchange("GET / HTTP/1.1\r\n\r\n")
        #expect(refusal.status == 400)
        #expect(try #require(refusal["date"]).wholeMatch(of: form) != nil)
    }

    @Test("hop-by-hop fields end here, and so does what Connection names")
    func hopByHop() throws {
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                try connection.respond(fields: [
                    "Connection: X-Hop, keep-alive", "X-Hop: 1", "Keep-Alive: timeout=5", "Proxy-Authenticate: Basic", "Upgrade: h2c",
                    "X-End: 2",
                ])
            })
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        let answer = try client.exchange(
            "GET / HTTP/1.1\r\nHost: tickets\r\nConnection: X-Secret-Hop, keep-alive\r\nX-Secret-Hop: 1\r\nKeep-Alive: 300\r\n"
                + "Proxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nX-End: yes\r\n\r\n")
        #expect(answer.status == 200)
        let request = upstream.requests[0]
        for name in ["x-secret-hop", "keep-alive", "proxy-authorization", "proxy-connection"] {
            #expect(request.values(name).isEmpty, "\(name)")
        }
        #expect(request["x-end"] == "yes")
        for name in ["x-hop", "keep-alive", "upgrade"] { #expect(answer.values(name).isEmpty, "\(name)") }
        #expect(answer["x-end"] == "2")
    }

    @Test("what ticket APIs rely on passes untouched, in its order")
    func endToEnd() throws {
        let kept = [
            "Authorization: token 1-14-abc", "Origin: https://tickets.example", "Referer: https://tickets.example/a?b=c",
            "X-Requested-With: rest", "If-Match: \"abc-gzip\"", "If-None-Match: W/\"1\", \"2\"", "Accept: application/json",
            "Cookie: a=1; b=\"2\"", "X-Redmine-API-Key: 0123456789abcdef", "Range: bytes=0-5", "Accept-Encoding: gzip",
            "Content-Type: multipart/form-data; boundary=x", "User-Agent: Vendor/1.0 (+https://vendor.example)",
        ]
        let returned = [
            "Set-Cookie: a=1; Path=/; secure", "Set-Cookie: b=2; HttpOnly", "ETag: W/\"abc-gzip\"", "Last-Modified: 2026-11-22T08:44:24Z",
            "Date: Sun, 22 Nov 2026 08:00:00 GMT", "Date: Sun, 22 Nov 2026 08:00:01 GMT", "Content-Encoding: gzip",
            "Content-Disposition: attachment; filename*=UTF-8''%C3%BC.png", "Location: /rt/REST/2.0/ticket/7",
            "WWW-Authenticate: Basic realm=\"x\"", "Server: Starman", "Vary: Accept",
        ]
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                try connection.respond("404 /demo/no such path, as a reason", fields: returned, body: "{}")
            })
        let daemon = try Daemon(upstream: upstream.url)
        let target = "/a%C3%BC%20b;c=d/e?x=%2F&y=1"
        let request = "GET \(target) HTTP/1.1\r\nHost: tickets\r\n\(kept.joined(separator: "\r\n"))\r\n\r\n"
        let answer = try RawClient(to: daemon).exchange(request)

        let names = Set(kept.map { $0.prefix { $0 != ":" }.lowercased() })
        #expect(upstream.requests[0].fields.filter { names.contains($0.name.lowercased()) }.map { "\($0.name): \($0.value)" } == kept)
        #expect(answer.status == 404)
        #expect(answer.startLine.hasSuffix("404 /demo/no such path, as a reason"))
        let returnedNames = Set(returned.map { $0.prefix { $0 != ":" }.lowercased() })
        #expect(answer.fields.filter { returnedNames.contains($0.name.lowercased()) }.map { "\($0.name): \($0.value)" } == returned)
    }

    @Test(
        "a target arrives as it was sent",
        arguments: [
            "/", "/a/b", "/%C3%BC%20/x", "/a;b=c?d=e&f=%2F", "/REST/2.0/tickets?query=Subject%20LIKE%20'x'", "//double//slash/", "/?", "*",
        ])
    func target(target: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let method = target == "*" ? "OPTIONS" : "GET"
        #expect(try RawClient(to: daemon).exchange("\(method) \(target) HTTP/1.1\r\nHost: tickets\r\n\r\n").status == 200)
        #expect(upstream.requests[0].target == target)
        #expect(upstream.requests[0].method == method)
    }

    @Test(
        "a redirect to our own authority becomes https, another stays",
        arguments: [
            ("http://HOST/demo/", "https://HOST/demo/"), ("https://HOST/demo/", "https://HOST/demo/"), ("/demo/", "/demo/"),
            ("http://elsewhere.example/", "http://elsewhere.example/"), ("http://HOST.evil.example/", "http://HOST.evil.example/"),
            ("http://HOST", "https://HOST"), ("http://HOST?x=http://HOST/", "https://HOST?x=http://HOST/"),
        ])
    func location(sent: String, expected: String) throws {
        let upstream = try ScriptedUpstream(
            .each { request, connection in
                let location = sent.replacingOccurrences(of: "HOST", with: request["host"] ?? "")
                try connection.respond("302 Found", fields: ["Location: \(location)"])
            })
        let daemon = try Daemon(upstream: upstream.url)
        let host = "127.0.0.1:\(daemon.port)"
        let answer = try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(answer["location"] == expected.replacingOccurrences(of: "HOST", with: host))
    }

    @Test(
        "what two parsers could read differently never reaches the upstream",
        arguments: [
            ("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: t\n\n", 400),
            ("GET / HTTP/1.1\r\nHost : t\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: t\r\n\r\n", 400), ("GET /  HTTP/1.1\r\nHost: t\r\n\r\n", 400),
        ])
    func refused(request: String, status: Int) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        let answer = try client.exchange(request)
        #expect(answer.status == status)
        #expect(answer["content-type"] == "application/problem+json")
        #expect(client.receiveToEnd().ending == .closeNotify)
        let line = try daemon.waitForLine(event: "refused")
        #expect(line.number("status") == status)
        #expect(line.reason?.isEmpty == false)
        #expect(upstream.requests.isEmpty)
    }
}
