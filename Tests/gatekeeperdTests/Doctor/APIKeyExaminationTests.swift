import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Does the ticket system bind keys to addresses?")
struct APIKeyExaminationTests {
    private func examine(
        _ status: UInt16, _ body: String, fields: [UpstreamAnswer.Field] = [], obstacle: String? = nil, records: [AccessRecord]? = nil
    ) throws -> [Remark] {
        let address = try PeerAddress(parsing: "10.0.0.9")
        let answers = [("/", 200, "Valid API key required"), ("/api/tickets.json", status, body)].map { path, status, body in
            TicketSystem.Answer(
                path: path, answer: UpstreamAnswer(status: status, fields: fields, body: Array(body.utf8), ownAddress: address))
        }
        let system = TicketSystem(Settings.Upstream.Server(endpoint: .unix("/x"), name: "http://t"), answers: answers, obstacle: obstacle)
        return APIKeyExamination(systems: [system], records: records).remarks
    }

    @Test("osTicket is known by its refusal, and told of with the address that it sees")
    func osTicket() throws {
        let remarks = try examine(401, "Valid API key required")
        #expect(remarks.map(\.severity) == [.finding])
        #expect(
            remarks[0].seen
                == "http://t answers 401 to GET /api/tickets.json: osTicket binds each key to the address of its client, and takes 10.0.0.9 for that "
                + "unless it was told otherwise")
        #expect(remarks[0].advice?.contains("define('TRUSTED_PROXIES', '10.0.0.9'); in include/ost-config.php") == true)
        #expect(remarks[0].advice?.contains("set_real_ip_from 10.0.0.9") == true)
    }

    @Test("a real osTicket is known by what 1.18.1 answers to GET, whatever its language, and judged by the last five requests")
    func realOsTicket() throws {
        let cookie = [UpstreamAnswer.Field(name: "set-cookie", value: "OSTSESSID=abc; path=/; secure; HttpOnly")]
        func answered(_ statuses: Int..., path: String = "/api/tickets.json") throws -> Remark.Severity? {
            let records = statuses.map { AccessRecord(path: path, status: $0) }
            let remarks = try examine(400, "URL not supported", fields: cookie, records: records)
            return remarks.count == 1 ? remarks[0].severity : nil
        }
        #expect(try examine(400, "URL nicht unterstützt", fields: cookie).map(\.severity) == [.finding])
        #expect(try examine(400, "URL not supported").map(\.severity) == [.finding])
        #expect(try examine(400, "Bad Request", fields: [.init(name: "set-cookie", value: "sid=OSTSESSID=")]).map(\.severity) == [.ok])
        #expect(try answered() == .finding && answered(401) == .finding && answered(201) == .ok)
        // One old success outweighs nothing.
        #expect(try answered(201, 401, 401, 401, 401, 401) == .finding && answered(201, 401) == .finding)
        #expect(try answered(401, 401, 401, 401, 401, 201) == .ok)
        #expect(try answered(201, 201, 201, path: "/login") == .finding)
        let told = try examine(
            400, "URL not supported", records: [201, 401, 401, 401, 401, 401].map { AccessRecord(path: "/api/tickets.json", status: $0) })
        #expect(told[0].seen.hasSuffix("and refused 5 of the last 5 requests there"))
    }

    @Test("GLPI's objection is one to this host itself")
    func glpi() throws {
        let remarks = try examine(400, #"["ERROR_NOT_ALLOWED_IP","There isn't an active API client matching your IP address"]"#)
        #expect(remarks.map(\.severity) == [.finding] && remarks[0].seen.contains("GLPI admits API clients by address"))
        #expect(remarks[0].advice?.contains("GLPI_TRUSTED_REVERSE_PROXIES in config/local_define.php") == true)
    }

    @Test("another that speaks of addresses when it refuses is a finding too")
    func unknown() throws {
        let remarks = try examine(403, "API key not found or Source IP not authorized")
        #expect(remarks.map(\.severity) == [.finding] && remarks[0].seen.contains("its API speaks of addresses"))
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

    @Test("the log's word that clients are admitted there outweighs what can be seen from here")
    func admitted() throws {
        let admitted = AccessRecord(path: "/api/tickets.json", status: 201)
        let records = [admitted, AccessRecord(path: "/api/tickets.json", status: 401), admitted]
        let remarks = try examine(401, "Valid API key required", records: records)
        #expect(remarks.map(\.severity) == [.ok])
        #expect(remarks[0].seen.hasSuffix("it has been told otherwise, for it admitted 2 of the last 3 requests to /api/tickets.json"))
        for (path, status) in [("/", 200), ("/api/tickets.json", 401), ("/api/tickets.json", 302)] {
            let others = [AccessRecord(path: path, status: status)]
            #expect(try examine(401, "Valid API key required", records: others).map(\.severity) == [.finding])
        }
    }

    @Test("when the last requests are refused there is one finding, whatever the ticket system is and whatever was before")
    func refusals() throws {
        func severity(_ statuses: [Int], path: (Int) -> String = { _ in "/rest/ticket" }) throws -> [Remark.Severity] {
            try examine(404, "", records: statuses.enumerated().map { AccessRecord(path: path($0), status: $1) }).map(\.severity)
        }
        let (refused, admitted) = (Array(repeating: 403, count: 5), Array(repeating: 200, count: 100))
        #expect(try severity(refused.dropLast()) == [.ok] && severity(refused) == [.finding])
        #expect(try severity(admitted + refused) == [.finding] && severity(refused + admitted) == [.ok])
        #expect(try severity(admitted + refused + [200]) == [.ok])
        // Another path that works doesn't hide it, and paths that differ each time are judged together.
        #expect(try severity(refused + admitted) { $0 < 5 ? "/ticket" : "/status" } == [.finding])
        let many = Array(repeating: 401, count: 20)
        #expect(try severity(many) { "/ticket/\($0)" } == [.finding] && severity(many.dropLast()) { "/ticket/\($0)" } == [.ok])
        let seen = try examine(404, "", records: refused.map { AccessRecord(path: "/a", status: $0) })[0].seen
        #expect(seen == "each of the last 5 requests to \"/a\" was answered 401 or 403 by the ticket system")
        // One finding of one fault.
        let records = many.map { AccessRecord(path: "/api/tickets.json", status: $0) }
        #expect(try examine(401, "Valid API key required", records: records).map(\.severity) == [.finding])
    }

    @Test("requests are read off the log's lines, since a moment, and everything else is passed over")
    func log() throws {
        func line(_ time: String, _ event: String, _ path: String, _ status: String, _ outcome: String) -> String {
            #"{"time":"\#(time)","event":"\#(event)","path":"\#(path)","status":\#(status),"outcome":"\#(outcome)"}"#
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
        #expect(records == [AccessRecord(path: "/a", status: 200), AccessRecord(path: "/b", status: 401)])
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

    @Test("it is asked where it is as a rule, and where routes say that it is, a few times at most")
    func paths() {
        let usual = ["/api/tickets.json", "/apirest.php/initSession"]
        #expect(AddressBoundAPI.paths(routes: []) == usual)
        #expect(
            AddressBoundAPI.paths(routes: ["/support/api/tickets.json", "/api/tickets.json", "/delete/everything", "/{x}/api/tickets.json"])
                == usual + ["/support/api/tickets.json"])
        #expect(AddressBoundAPI.paths(routes: (0..<100).map { "/\($0)/api/tickets.json" }).count == 8)
    }
}
