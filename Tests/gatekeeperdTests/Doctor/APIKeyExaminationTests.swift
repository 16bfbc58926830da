import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Does the ticket system bind keys to addresses?")
struct APIKeyExaminationTests {
    private static let json = "/api/tickets.json"

    /// One that answers so at one path, with a page at `/`.
    private func examine(
        _ status: UInt16, _ body: String, at path: String = json, fields: [UpstreamAnswer.Field] = [], obstacle: String? = nil,
        records: [AccessRecord]? = nil, preset: String? = nil, root: (status: UInt16, body: String) = (200, "Valid API key required"),
        others: [(path: String, status: UInt16, body: String)] = [], problems: [ServiceState.Problem] = [],
        shown: Settings.Upstream.ClientAddress = .init()
    ) throws -> [ExaminationFinding] {
        let address = try PeerAddress(parsing: "10.0.0.9")
        let answers = ([("/", root.status, root.body), (path, status, body)] + others).map { path, status, body in
            TicketSystem.Answer(
                path: path, answer: UpstreamAnswer(status: status, fields: fields, body: Array(body.utf8), ownAddress: address))
        }
        let system = TicketSystem(Settings.Upstream.Server(endpoint: .unix("/x"), name: "http://t"), answers: answers, obstacle: obstacle)
        return APIKeyExamination(systems: [system], records: records, preset: preset, clientAddress: shown, problems: problems).findings
    }

    private func answered(_ statuses: Int..., by peer: String = "127.0.0.2", at path: String = json) -> [AccessRecord] {
        statuses.map { AccessRecord(peer: peer, path: path, status: $0) }
    }

    @Test("osTicket is known by its refusal, and told of with the address that it sees, which is no finding before a client was refused")
    func osTicket() throws {
        let findings = try examine(401, "Valid API key required")
        #expect(findings.map(\.severity) == [.note])
        #expect(
            findings[0].seen.hasPrefix(
                "http://t answers 401 to GET /api/tickets.json: osTicket binds each key to the address of its client, and takes 10.0.0.9 for that "
                    + "unless it was told otherwise. Whether it was, GET doesn't show, and what clients are answered isn't known"))
        #expect(findings[0].advice?.contains("define('TRUSTED_PROXIES', '10.0.0.9'); in include/ost-config.php") == true)
        #expect(findings[0].advice?.contains("set_real_ip_from 10.0.0.9") == true)
        #expect(try examine(400, "URL not supported", records: []).map(\.severity) == [.note])
        let refused = try examine(400, "URL not supported", records: answered(401))
        #expect(refused.map(\.severity) == [.wrong])
        // The key is what is wrong more often.
        #expect(
            refused[0].advice?.hasPrefix("look at the key, and at what the client is told: \"Valid API key required\" is no key") == true)
        #expect(refused[0].advice?.contains("define('TRUSTED_PROXIES', '10.0.0.9')") == true)
    }

    @Test("a real osTicket is known by what 1.18.1 answers to GET, whatever its language, and judged by the last five requests")
    func realOsTicket() throws {
        let cookie = [UpstreamAnswer.Field(name: "set-cookie", value: "OSTSESSID=abc; path=/; secure; HttpOnly")]
        func severity(_ statuses: Int..., at path: String = Self.json) throws -> ExaminationFinding.Severity? {
            let records = statuses.map { AccessRecord(path: path, status: $0) }
            let findings = try examine(400, "URL not supported", fields: cookie, records: records)
            return findings.count == 1 ? findings[0].severity : nil
        }
        #expect(try examine(400, "URL nicht unterstützt", fields: cookie).map(\.severity) == [.note])
        #expect(try examine(400, "Bad Request", fields: [.init(name: "set-cookie", value: "sid=OSTSESSID=")]).map(\.severity) == [.ok])
        #expect(try severity() == .note && severity(401) == .wrong && severity(201) == .ok)
        // One old success outweighs nothing.
        #expect(try severity(201, 401, 401, 401, 401, 401) == .wrong && severity(201, 401) == .wrong)
        #expect(try severity(401, 401, 401, 401, 401, 201) == .ok)
        #expect(try severity(201, 201, 201, at: "/login") == .note)
        // XML and mail go by the same keys, wherever it is.
        for path in ["/api/tickets.xml", "/api/tickets.email", "/api/http.php/tickets.xml", "/support/api/tickets.json"] {
            #expect(try severity(201, at: path) == .ok, "\(path)")
        }
        let told = try examine(400, "URL not supported", records: answered(201, 401, 401, 401, 401, 401))
        #expect(told[0].seen.hasSuffix("and refused 5 of the last 5 requests there"))
    }

    @Test("only 201 is a ticket: an error of PHP's or another page with 200 lets nobody in")
    func hollow() throws {
        let findings = try examine(400, "URL not supported", records: answered(201, 200, 200))
        #expect(findings.map(\.severity) == [.wrong])
        #expect(findings[0].seen.hasSuffix(", and answered 200 to 2 of the last 3 requests there, which lets nobody in"))
        #expect(try examine(400, "URL not supported", records: answered(200, 201)).map(\.severity) == [.ok])
    }

    @Test("one client that is refused throughout while another is let in has no key, or a wrong one")
    func perClient() throws {
        func findings(_ records: [AccessRecord]) throws -> [ExaminationFinding] { try examine(400, "URL not supported", records: records) }
        let other = answered(401, 401, 401, by: "127.0.0.3")
        for records in [answered(201, 201) + other, other + answered(401, 201, 201, 201, 201, 201, 201)] {
            let found = try findings(records)
            #expect(found.map(\.severity) == [.wrong])
            #expect(
                found[0].seen
                    == "http://t refuses each of the last 3 requests of 127.0.0.3, admits 127.0.0.2: a key for that address is missing or wrong"
            )
            #expect(found[0].advice?.hasPrefix("look at the key") == true && found[0].advice?.contains("TRUSTED_PROXIES") == false)
        }
        #expect(
            try findings(answered(401, by: "127.0.0.3") + answered(201)).first?.seen.contains("refuses the last request of 127.0.0.3")
                == true)
        #expect(try findings(other + answered(201, by: "127.0.0.3")).map(\.severity) == [.ok])
        #expect(try findings(answered(201) + answered(201, by: "127.0.0.3")).map(\.severity) == [.ok])
        #expect(try findings(answered(401) + other).first?.seen.hasSuffix("refused 4 of the last 4 requests there") == true)
    }

    @Test("where no log can be read, the service's own account of keys that are refused is one")
    func account() throws {
        let problem = ServiceState.Problem(
            kind: "requests_unauthorized", subject: "Vendor", text: "each of the last 12 requests of Vendor was answered 401", cure: "")
        let found = try examine(400, "URL not supported", problems: [problem])
        #expect(found.map(\.severity) == [.wrong] && found[0].seen.hasSuffix("; each of the last 12 requests of Vendor was answered 401"))
        #expect(try examine(400, "URL not supported", records: answered(201), problems: [problem]).map(\.severity) == [.ok])
    }

    @Test("osTicket that answers by its script alone lacks the rewrite, unless clients get in")
    func rewrite() throws {
        func findings(_ status: UInt16, records: [AccessRecord]? = nil) throws -> [ExaminationFinding] {
            try examine(
                status, "no", records: records, preset: "osticket", others: [("/api/http.php/tickets.json", 400, "URL not supported")])
        }
        for status: UInt16 in [404, 200] {
            let found = try findings(status)
            #expect(found.map(\.severity) == [.wrong])
            #expect(
                found[0].seen
                    == "http://t answers 400 to GET /api/http.php/tickets.json as osTicket does, and \(status) to GET /api/tickets.json")
            #expect(
                found[0].advice?.hasPrefix("its rewrite is missing (Apache: a2enmod rewrite, AllowOverride All; nginx: a location") == true)
        }
        #expect(try findings(404, records: answered(201, at: "/api/http.php/tickets.json")).map(\.severity) == [.ok])
    }

    @Test("a ticket system that the preset names and that isn't to be seen is a finding, with where to look")
    func absent() throws {
        let found = try examine(404, "Not Found", preset: "osticket", others: [("/support/api/tickets.json", 200, "<html>portal</html>")])
        #expect(found.map(\.severity) == [.wrong])
        #expect(
            found[0].seen
                == "upstream.preset says osTicket, and GET /api/tickets.json is answered 404, GET /support/api/tickets.json is answered 200"
        )
        #expect(
            found[0].advice?.hasPrefix("is it in a folder (then /FOLDER/api/tickets.json), or is its rewrite missing (Apache: a2enmod")
                == true)
        let portal = try examine(200, "<html>portal</html>", records: answered(200, 200), preset: "osticket")
        #expect(portal[0].seen.hasSuffix("is answered 200, and answered 200 to 2 of the last 2 requests there, which lets nobody in"))
        #expect(try examine(405, "", records: answered(201), preset: "osticket").map(\.severity) == [.ok])
        #expect(try examine(404, "", preset: "roundup").map(\.severity) == [.ok])
        let cookie = try examine(200, "<html>portal</html>", fields: [.init(name: "set-cookie", value: "OSTSESSID=abc")])
        #expect(
            cookie.map(\.severity) == [.wrong] && cookie[0].seen.hasPrefix("http://t sets osTicket's cookie, and GET /api/tickets.json"))
        let nameless = try examine(404, "")
        #expect(nameless.map(\.severity) == [.ok] && nameless[0].seen.hasSuffix("if it is osTicket or GLPI, say so by upstream.preset"))
    }

    @Test(
        "while the ticket system answers with an error nothing is known of its keys",
        arguments: [(500, ""), (200, "<b>Fatal error</b>: x"), (400, "The plain HTTP request was sent to HTTPS port")])
    func faulty(status: UInt16, body: String) throws {
        let root = (status: status, body: body)
        for preset in [nil, "osticket"] {
            #expect(try examine(root.status, root.body, preset: preset, root: root).map(\.severity) == [.unexamined])
        }
        #expect(try examine(400, "URL not supported", records: answered(201), root: root).map(\.severity) == [.ok])
    }

    @Test("where connections show the client, no field is to be believed, and what this host is answered is no finding")
    func shownClient() throws {
        var (told, own) = (Settings.Upstream.ClientAddress(), Settings.Upstream.ClientAddress())
        (told.proxyProtocol, own.source) = (.v2, .client)
        func findings(_ records: [AccessRecord], _ shown: Settings.Upstream.ClientAddress) throws -> [ExaminationFinding] {
            let findings = try examine(400, "URL not supported", records: records, shown: shown)
            #expect(!"\(findings)".contains("X-Forwarded-For") && !"\(findings)".contains("TRUSTED_PROXIES"))
            return findings
        }
        let asked = try findings([], told)
        #expect(asked.map(\.severity) == [.note])
        #expect(
            asked[0].seen.hasSuffix(
                "(upstream.proxy_protocol). Whether its web server goes by that, GET doesn't show, and nobody has asked of late"))
        #expect(
            asked[0].advice?.contains("nginx: set_real_ip_from 10.0.0.9; real_ip_header proxy_protocol; Apache: RemoteIPProxyProtocol On")
                == true)
        #expect(
            try findings(answered(201), told).first?.seen.contains("or what it admits is 10.0.0.9 itself, and with it everybody") == true)
        let refused = try findings(answered(401), told)
        #expect(
            refused.map(\.severity) == [.wrong]
                && refused[0].advice?.contains(". If it takes every client for 10.0.0.9: have its web") == true)

        #expect(try findings([], own).map(\.severity) == [.ok], "nothing is to be done before somebody is refused")
        let admitted = try findings(answered(201), own)
        #expect(admitted.map(\.severity) == [.ok] && admitted[0].seen.hasSuffix("to /api/tickets.json: it sees the client's address"))
        let wrong = try findings(answered(401), own)
        #expect(wrong.map(\.severity) == [.wrong] && wrong[0].advice?.hasSuffix("as 2001:db8::6") == true, "it is the key: \(wrong)")

        let objection = #"["ERROR_NOT_ALLOWED_IP","There isn't an active API client matching your IP address"]"#
        #expect(try examine(400, objection, records: [], shown: told).map(\.severity) == [.note])
        #expect(try examine(400, objection, records: [], shown: own).map(\.severity) == [.ok])
        let other = try examine(404, "", records: Array(repeating: AccessRecord(path: "/a", status: 401), count: 5), shown: own)
        #expect(other.first?.advice?.hasSuffix("It sees the client's, by the connection") == true)
    }

    @Test("GLPI's objection is one to this host itself")
    func glpi() throws {
        let findings = try examine(400, #"["ERROR_NOT_ALLOWED_IP","There isn't an active API client matching your IP address"]"#)
        #expect(findings.map(\.severity) == [.wrong] && findings[0].seen.contains("GLPI admits API clients by address"))
        #expect(findings[0].advice?.contains("GLPI_TRUSTED_REVERSE_PROXIES in config/local_define.php") == true)
    }

    @Test("GLPI that the preset names is there when it speaks of anything but the address, and else ought to be")
    func glpiExpected() throws {
        let path = "/apirest.php/initSession"
        let there = try examine(400, #"["ERROR_LOGIN_PARAMETERS_MISSING","parameter(s) login missing"]"#, at: path, preset: "glpi")
        #expect(there == [.ok(.apiKeys, "GLPI answers to GET /apirest.php/initSession, and doesn't mind the address of a client")])
        let absent = try examine(404, "Not Found", at: path, preset: "glpi")
        #expect(absent.map(\.severity) == [.wrong])
        #expect(absent[0].seen == "upstream.preset says GLPI, and GET /apirest.php/initSession is answered 404")
    }

    @Test("another that speaks of addresses when it refuses is a finding too")
    func unknown() throws {
        let findings = try examine(403, "API key not found or Source IP not authorized")
        #expect(findings.map(\.severity) == [.wrong] && findings[0].seen.contains("its API speaks of addresses"))
    }

    @Test("other answers, and the same words with another status, say nothing")
    func others() throws {
        #expect(try examine(401, "{\"error\":\"unauthorized\"}").map(\.severity) == [.ok])
        #expect(try examine(404, "Valid API key required").map(\.severity) == [.ok])
        #expect(try examine(200, "your IP address is 10.0.0.9").map(\.severity) == [.ok])
    }

    @Test("what couldn't be asked is told as not examined")
    func obstacle() throws {
        #expect(try examine(404, "", obstacle: "response_timeout").map(\.severity) == [.unexamined])
    }

    @Test("the log's word that clients are admitted there outweighs what can be seen from here, and proves no more than it does")
    func admitted() throws {
        let findings = try examine(401, "Valid API key required", records: answered(201, 401, 201))
        #expect(findings.map(\.severity) == [.ok])
        #expect(
            findings[0].seen.hasSuffix(
                "; it admitted 2 of the last 3 requests to /api/tickets.json: either it was told whom to trust, or the key is made for 10.0.0.9 "
                    + "itself, and then good for everybody who is admitted"))
        for (path, status) in [("/", 201), (Self.json, 302)] {
            #expect(try examine(401, "Valid API key required", records: answered(status, at: path)).map(\.severity) == [.note])
        }
    }

    @Test("when the last requests are refused there is one finding, whatever the ticket system is and whatever was before")
    func refusals() throws {
        func severity(_ statuses: [Int], path: (Int) -> String = { _ in "/rest/ticket" }) throws -> [ExaminationFinding.Severity] {
            try examine(404, "", records: statuses.enumerated().map { AccessRecord(path: path($0), status: $1) }).map(\.severity)
        }
        let (refused, admitted) = (Array(repeating: 403, count: 5), Array(repeating: 200, count: 100))
        #expect(try severity(refused.dropLast()) == [.ok] && severity(refused) == [.wrong])
        #expect(try severity(admitted + refused) == [.wrong] && severity(refused + admitted) == [.ok])
        #expect(try severity(admitted + refused + [200]) == [.ok])
        // Another path that works doesn't hide it, and paths that differ each time are judged together.
        #expect(try severity(refused + admitted) { $0 < 5 ? "/ticket" : "/status" } == [.wrong])
        let many = Array(repeating: 401, count: 20)
        #expect(try severity(many) { "/ticket/\($0)" } == [.wrong] && severity(many.dropLast()) { "/ticket/\($0)" } == [.ok])
        let seen = try examine(404, "", records: refused.map { AccessRecord(path: "/a", status: $0) })[0].seen
        #expect(seen == "each of the last 5 requests to \"/a\" was answered 401 or 403 by the ticket system")
        // One finding of one fault.
        let records = many.map { AccessRecord(path: "/api/tickets.json", status: $0) }
        #expect(try examine(401, "Valid API key required", records: records).map(\.severity) == [.wrong])
    }

    @Test("requests are read off the log's lines, since a moment, and everything else is passed over")
    func log() throws {
        func line(_ time: String, _ event: String, _ path: String, _ status: String, _ outcome: String) -> String {
            #"{"time":"\#(time)","event":"\#(event)","peer":"10.0.0.2","path":"\#(path)","status":\#(status),"outcome":"\#(outcome)"}"#
        }
        let lines = [
            "tail of a line\"}", line("2026-03-01T12:00:00.012Z", "request", "/a", "200", "completed"),
            line("2026-03-01T12:00:01.000Z", "request", "/b?key=x", "401", "completed"),
            line("2026-03-01T11:59:59.999Z", "request", "/early", "200", "completed"),
            line("2026-03-01T12:00:02.000Z", "request", "/gone", "200", "client_gone"),
            line("2026-03-01T12:00:02.000Z", "refused", "/c", "403", "completed"), line("never", "request", "/d", "200", "completed"),
            line("2026-03-01T12:00:02.000Z", "request", "/e", "1e99", "completed"), "", "{", "\u{0}", "null",
        ]
        let start = WallTime(milliseconds: try CalendarTime.unixSeconds("2026-03-01T12:00:00Z") * 1000)
        let records = AccessRecord.records(in: Array(lines.joined(separator: "\n").utf8), since: start)
        #expect(records == answered(200, by: "10.0.0.2", at: "/a") + answered(401, by: "10.0.0.2", at: "/b"))
    }

    @Test("the end of a file is read, and no more of it than is wanted")
    func fileEnd() throws {
        let folder = try ScratchFolder(["log": "0123456789"])
        for (bytesMax, text) in [(4, "6789"), (10, "0123456789"), (100, "0123456789"), (0, "")] {
            #expect(String(decoding: try FileContents.readEnd(of: folder.file("log"), bytesMax: bytesMax), as: UTF8.self) == text)
        }
        #expect(throws: FileFailure.self) { try FileContents.readEnd(of: folder.file("missing"), bytesMax: 1) }
        #expect(throws: FileFailure.self) { try FileContents.readEnd(of: folder.path, bytesMax: 1) }
    }

    @Test("it is asked for somebody of the list, from outside if there is one")
    func client() throws {
        func client(_ list: String...) throws -> String? {
            DoctorFacts.client(of: try list.map { try AddressPrefix(parsing: $0) })?.description
        }
        #expect(try client("10.0.0.7", "192.0.2.0/24", "34.202.14.153", "3.209.57.193") == "34.202.14.153")
        #expect(try client("192.0.2.0/24", "10.0.0.7") == "10.0.0.7" && client("192.0.2.0/24") == nil && client() == nil)
    }

    @Test("it is asked where it is as a rule, where routes say that it is and where clients asked for it, a few times at most")
    func probes() {
        let usual = ["/api/tickets.json", "/api/http.php/tickets.json", "/apirest.php/initSession"]
        #expect(AddressBoundAPI.probes() == usual)
        let routes = ["/support/api/tickets.json", "/api/tickets.json", "/delete/everything", "/{x}/api/tickets.json"]
        let support = ["/support/api/tickets.json", "/support/api/http.php/tickets.json"]
        #expect(AddressBoundAPI.probes(routes: routes) == usual + support)
        for path in ["/support/api/tickets.xml", "/support/api/tickets.email", "/support/api/http.php/tickets.json"] {
            #expect(AddressBoundAPI.probes(asked: [path, path]) == usual + support)
        }
        #expect(AddressBoundAPI.probes(routes: ["/support/api/**"]) == usual + support + ["/support/api/apirest.php/initSession"])
        #expect(AddressBoundAPI.probes(routes: ["/glpi/apirest.php/**"]).last == "/glpi/apirest.php/initSession")
        #expect(AddressBoundAPI.probes(asked: ["/a b/api/tickets.json", "/\u{9b}/api/tickets.json"]) == usual)
        #expect(AddressBoundAPI.probes(routes: (0..<100).map { "/\($0)/api/tickets.json" }).count == 12)
    }
}
