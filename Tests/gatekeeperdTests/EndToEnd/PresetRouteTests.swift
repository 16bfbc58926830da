import Testing

@testable import gatekeeperd

@Suite("Presets of routes: what clients of a ticket system need, and nothing else")
struct PresetRouteTests {
    /// What an installation with a base must let through and what not; the first of those that pass ends in a fixed segment.
    struct Judged: CustomTestStringConvertible, Sendable {
        let preset: String
        var base = ""
        let passes: [String]
        let refused: [String]

        var testDescription: String { preset }
    }

    private static let cases = [
        Judged(
            preset: "osticket", base: "/support", passes: ["POST /support/api/tickets.json", "POST /support/api/tickets%2Ejson?x=1"],
            refused: [
                "GET /support/api/tickets.json", "GET /support/api/tickets.json?_method=POST", "POST /api/tickets.json",
                "POST /support/api/tickets.xml", "POST /support/api/tickets.email", "POST /support/api/tasks/cron",
                "POST /support/api/http.php/tickets.json", "GET /support/scp/login.php", "POST /support/setup/install.php",
                "GET /support/", "POST /support/api/http.php/tasks/cron", "POST /support/api/tickets.JSON",
                "POST /support/api/tickets.json%20", "POST /support/api/cron.php", "POST /support/api/pipe.php",
                "POST /support/api/tickets", "GET /support/ajax.php/config/client",
            ]),
        Judged(
            preset: "halopsa",
            passes: [
                "POST /auth/token?tenant=acme", "GET /API/Users?search=a@b.example", "GET /api/asset?client_id=1&search=PC",
                "POST /api/Tickets", "POST /api/actions", "GET /api/client/12", "GET /api/tickets/7", "HEAD /api/status",
            ],
            refused: [
                "GET /auth/token", "DELETE /api/tickets/7", "PUT /api/tickets", "POST /api/users", "GET /api/actions",
                "GET /api/client/1/2", "GET /api/report", "POST /api/report", "GET /api/", "GET /", "POST /api/agent", "GET /portal/ticket",
            ]),
        Judged(
            preset: "connectwise",
            passes: [
                "GET /v4_6_release/apis/3.0/system/info", "GET /V4_6_Release/APIs/3.0/company/Companies?conditions=name=%22a%22",
                "POST /v4_6_release/apis/3.0/service/tickets", "PATCH /v4_6_release/apis/3.0/service/tickets/5",
                "GET /v4_6_release/apis/3.0/service/boards/1/statuses", "POST /v4_6_release/apis/3.0/service/tickets/5/notes",
                "POST /v4_6_release/apis/3.0/system/documents",
            ],
            refused: [
                "DELETE /v4_6_release/apis/3.0/service/tickets/5", "PUT /v4_6_release/apis/3.0/service/tickets/5",
                "PATCH /v4_6_release/apis/3.0/company/companies/1", "GET /v4_6_release/apis/3.0/system/members",
                "POST /v4_6_release/apis/3.0/company/contacts", "GET /v4_6_release/apis/3.0/finance/invoices",
                "GET /v4_6_release/apis/3.0/service/boards/1/statuses/2", "GET /v4_6_release/", "POST /login/companyapi",
            ]),
        Judged(
            preset: "erpnext",
            passes: [
                "POST /api/method/upload_file", "GET /api/resource/Issue?fields=[%22name%22]", "POST /api/resource/Communication",
                "PUT /api/resource/Issue/ISS-2026-00001", "GET /api/resource/Contact/A%20B",
            ],
            refused: [
                "POST /api/method/frappe.client.delete", "GET /api/method/upload_file", "DELETE /api/resource/Issue/1",
                "GET /api/resource/User", "POST /api/resource/User", "PUT /api/resource/Customer/1", "GET /api/v2/document/Issue",
                "GET /app", "POST /api/resource/System%20Settings", "GET /api/resource/Communication/1/2",
            ]),
        Judged(
            preset: "topdesk",
            passes: [
                "GET /tas/api/version", "POST /tas/api/incidents", "PATCH /tas/api/incidents/id/ab-1",
                "POST /tas/api/incidents/id/ab-1/attachments", "GET /tas/api/persons?query=email==a@b.example",
                "GET /tas/api/assetmgmt/assets",
            ],
            refused: [
                "POST /tas/api/persons", "DELETE /tas/api/incidents/id/ab-1", "GET /tas/api/incidents/number/I1", "GET /tas/public/ssp/",
                "POST /tas/api/assetmgmt/assets", "GET /tas/api/operators/id/1", "GET /tas/secure/login",
            ]),
        Judged(
            preset: "rt", base: "/rt",
            passes: [
                "GET /rt/REST/2.0/rt", "POST /rt/REST/2.0/ticket", "PUT /rt/REST/2.0/ticket/1", "POST /rt/REST/2.0/ticket/1/comment",
                "POST /rt/REST/2.0/ticket/1/correspond", "GET /rt/REST/2.0/tickets?query=Subject%20LIKE%20'x';page=2",
                "GET /rt/REST/2.0/attachment/3",
            ],
            refused: [
                "DELETE /rt/REST/2.0/ticket/1", "GET /rt/REST/2.0/users", "POST /rt/REST/2.0/user", "POST /rt/REST/2.0/tickets/bulk",
                "GET /REST/2.0/rt", "GET /rt/REST/1.0/ticket/1", "GET /rt/Ticket/Display.html", "POST /rt/NoAuth/Login.html",
                "GET /rt/REST/2.0/queues/all", "GET /rt/rest/2.0/rt",
            ]),
        Judged(
            preset: "redmine",
            passes: [
                "POST /issues.json", "GET /issues.json?limit=5", "PUT /issues/1.json", "GET /issues/1.json?include=journals",
                "POST /uploads.json?filename=a.png", "GET /attachments/download/1/a%20b.png", "GET /search.json?q=x",
            ],
            refused: [
                "DELETE /issues/1.json", "DELETE /issues.json", "GET /issues/1.xml", "GET /issues/1", "POST /issues/bulk_update.json",
                "GET /users.json", "POST /users.json", "GET /settings", "GET /projects.json", "POST /mail_handler", "GET /issues/.json",
                "PUT /issues/1/relations.json",
            ]),
        Judged(
            preset: "roundup", base: "/demo",
            passes: [
                "POST /demo/rest/data/issue", "GET /demo/rest/data/issue?@page_size=5", "PATCH /demo/rest/data/issue/1",
                "PUT /demo/rest/data/issue/1", "POST /demo/rest/data/file", "GET /demo/rest/data/file/1/binary_content",
            ],
            refused: [
                "DELETE /demo/rest/data/issue/1", "GET /demo/rest/data/user", "PUT /demo/rest/data/user/1", "POST /demo/rest/data/user",
                "DELETE /demo/rest/data/issue", "GET /other/rest/data/issue", "GET /demo/", "POST /demo/xmlrpc", "GET /demo/rest/data",
                "PUT /demo/rest/data/issue/1/title", "POST /demo/rest/data/issue/@poe",
            ]),
    ]

    private func exchange(_ daemon: Daemon, _ line: String, _ field: String = "") throws -> Int {
        let hasBody = ["POST", "PUT", "PATCH"].contains { line.hasPrefix($0) }
        let length = hasBody ? "Content-Length: 0\r\n" : ""
        return try RawClient(to: daemon).exchange("\(line) HTTP/1.1\r\nHost: t\r\n\(length)\(field)\r\n").status
    }

    /// The ways around a route that ends in a fixed segment, each with the answer.
    private func attacks(_ method: String, _ path: String, tellsCase: Bool) -> [(line: String, status: Int)] {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let (folder, last) = (path[..<slash], path[path.index(after: slash)...])
        let ambiguous = [
            "/x/..\(path)", "/x/%2e%2e\(path)", "\(path)/..", "\(path)/.", "/\(path)", "\(folder)//\(last)", "\(folder)%2f\(last)",
            "\(folder)%5c\(last)", "\(folder)/..;/\(last)", "\(path);a=b", "\(path)%00", "\(folder)/%252e%252e/\(last)",
            "\(folder)/%c0%ae%c0%ae/\(last)",
        ]
        return ambiguous.map { ("\(method) \($0)", 400) }
            + [
                ("\(method) \(path)/", 403), ("\(method) \(path)x", 403), ("\(method) /x\(path)", 403),
                ("\(method) \(folder.isEmpty ? "/" : folder)", 403), ("DELETE \(path)", 403), ("TRACE \(path)", 501),
                ("PROPFIND \(path)", 403),
                ("\(method.lowercased()) \(path)", 501),
                ("\(method) \(path.uppercased())", tellsCase ? 403 : 200), ("OPTIONS *", 403),
            ]
    }

    @Test("each lets through what is needed, refuses the rest, and every way around it", arguments: cases)
    func isJudged(_ judged: Judged) throws {
        let upstream = try ScriptedUpstream(.echo)
        let base = judged.base.isEmpty ? "" : ", base: \(judged.base)"
        let daemon = try Daemon(upstream: upstream.url, settings: "routes: [{preset: \(judged.preset)\(base)}]")
        for line in judged.passes { #expect(try exchange(daemon, line) == 200, "\(line)") }
        #expect(upstream.requests.map { "\($0.method) \($0.target)" } == judged.passes)
        for line in judged.refused { #expect(try exchange(daemon, line) == 403, "\(line)") }
        let words = judged.passes[0].split(separator: " ").map(String.init)
        let path = String(words[1].prefix { $0 != "?" })
        let preset = try #require(TicketSystemPreset.all.first { $0.name == judged.preset })
        for (line, status) in attacks(words[0], path, tellsCase: preset.tellsCase) {
            #expect(try exchange(daemon, line) == status, "\(line)")
        }
        for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
            #expect(try exchange(daemon, judged.passes[0], "\(name): DELETE\r\n") == 403)
        }
        #expect(upstream.requests.count == judged.passes.count + (preset.tellsCase ? 0 : 1))

        let explained = try Daemon.run(["explain", "127.0.0.2", words[0], words[1], "--config", daemon.configuration])
        #expect(explained.ending == .exited(0) && explained.output.contains(" (preset \(judged.preset): "), "\(explained.output)")
    }

    @Test("every preset of routes is judged")
    func complete() {
        #expect(Self.cases.map(\.preset).sorted() == TicketSystemPreset.all.filter { !$0.routes.isEmpty }.map(\.name).sorted())
    }

    @Test("a real Roundup does all that a client needs behind its preset, and nothing else of it is reached")
    func roundup() throws {
        let roundup = try Roundup(settings: "routes: [{preset: roundup, base: /demo}]")
        let json = ["-H", "Content-Type: application/json"]
        #expect(try roundup.curl("issue", json + ["-d", #"{"title": "printer on fire"}"#]).status == 201)
        let read = try roundup.curl("issue/1", ["-i"])
        let etag = try #require(read.text.firstMatch(of: /(?i)\r\netag: ([^\r]+)\r\n/)?.1)
        let match = ["-H", "If-Match: \(etag)"]
        #expect(try roundup.curl("issue/1", json + match + ["-X", "PUT", "-d", #"{"title": "out"}"#]).status == 200)
        #expect(try roundup.curl("file", ["-F", "name=a.txt", "-F", "type=text/plain", "-F", "content=hello"]).status == 201)
        #expect(try roundup.curl("file/1/binary_content").text.contains("hello"))
        for path in ["user", "user/1", "issue/1/title"] { #expect(try roundup.curl(path).status == 403, "\(path)") }
        #expect(try roundup.curl("issue/1", ["-X", "DELETE"]).status == 403)
        #expect(try Curl(["\(roundup.url)/"]).status == 403)
    }
}
