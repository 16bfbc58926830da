import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Does the ticket system answer, and lead its clients back?")
struct UpstreamExaminationTests {
    private func examine(
        _ status: UInt16, body: String = "", location: String? = nil, publicHost: String? = "t.example",
        upstream: String = "http://10.0.0.5:8080"
    ) throws -> [ExaminationFinding] {
        let url = try UpstreamURL(upstream, directory: "")
        let fields = location.map { [UpstreamAnswer.Field(name: "location", value: $0)] } ?? []
        let system = TicketSystem(
            Settings.Upstream.Server(endpoint: url.endpoint, name: upstream), addresses: [try SocketAddress(parsing: "10.0.0.5:8080")],
            answers: [TicketSystem.Answer(path: "/", answer: UpstreamAnswer(status: status, fields: fields, body: Array(body.utf8)))])
        return UpstreamExamination(systems: [system], publicHost: publicHost).findings
    }

    @Test("any answer is one that isn't of a fault", arguments: [200, 302, 401, 404])
    func answers(status: UInt16) throws {
        #expect(try examine(status) == [.ok(.upstream, "http://10.0.0.5:8080 answers, with \(status)")])
    }

    @Test("an answer of a fault is a finding", arguments: [500, 502, 503])
    func faults(status: UInt16) throws {
        #expect(
            try examine(status) == [.wrong(.upstream, "http://10.0.0.5:8080 answers \(status) to GET /", advice: "look into its log")])
    }

    @Test(
        "an error of PHP's is a finding whatever its status, and nothing of it is quoted",
        arguments: [
            "<br />\n<b>Fatal error</b>:  Uncaught mysqli_sql_exception: Secret in /srv/secret.php:69",
            "PHP Fatal error:  Uncaught PDOException: secret", "Uncaught App\\SecretException: secret", "<html>secret<b>Parse error</b>: x",
        ])
    func errorPages(body: String) throws {
        for (status, taken) in [(200, ": clients get this page and think that it worked"), (500, "")] {
            let found = try examine(UInt16(status), body: body)
            #expect(found.map(\.severity) == [.wrong])
            #expect(found[0].seen == "http://10.0.0.5:8080 answers \(status) to GET / with an error of PHP's\(taken)")
            #expect(found[0].advice?.hasPrefix("is its database up") == true && found[0].advice?.contains("ecret") == false)
        }
    }

    @Test("PHP that isn't run is a finding, and an article about an error is none")
    func sources() throws {
        let found = try examine(200, body: "\n<?php\n$password = 1;")
        #expect(found.map(\.severity) == [.wrong] && found[0].seen.contains("answers 200 to GET / with the source of a PHP script"))
        #expect(try examine(200, body: "<html><li>Uncaught TypeError: what to do</html>").map(\.severity) == [.ok])
        #expect(try examine(200, body: "Uncaught rabbits, and a fatal error of <?php").map(\.severity) == [.ok])
    }

    @Test("none is a finding with the log's word for why")
    func silence() {
        let system = TicketSystem(Settings.Upstream.Server(endpoint: .unix("/x"), name: "unix:/x"), obstacle: "connect_refused")
        let findings = UpstreamExamination(systems: [system], publicHost: nil).findings
        #expect(findings.map(\.severity) == [.wrong] && findings[0].seen == "unix:/x does not answer: connect_refused")
    }

    @Test(
        "redirects to the public name, by either scheme, and to a path are well",
        arguments: ["/login", "https://t.example/login", "http://T.example:443/x", "//elsewhere/x", "demo/index", "https://t.example"])
    func ownName(location: String) throws {
        #expect(try examine(302, location: location).map(\.severity) == [.ok])
    }

    @Test(
        "a redirect to a host that only insiders know is a finding",
        arguments: [
            "http://10.0.0.5:8080/login", "http://localhost/", "https://tickets/", "http://tickets.local/", "http://rt.internal:80/rt",
            "http://[fd00::5]/", "http://127.0.0.1",
        ])
    func insiders(location: String) throws {
        let findings = try examine(302, location: location)
        #expect(findings.map(\.severity) == [.wrong])
        #expect(findings[0].seen.contains("redirects clients of t.example to \"\(location)\", which they can't reach"))
        #expect(findings[0].advice?.contains("https://t.example") == true)
    }

    @Test("one to another public host is a note: it may be a login elsewhere")
    func elsewhere() throws {
        #expect(try examine(302, location: "https://login.example.org/?x").map(\.severity) == [.note])
        #expect(try examine(302, location: "http://rt.corp.example/", upstream: "http://rt.corp.example").map(\.severity) == [.wrong])
    }

    @Test("without a public name nothing is said of redirects, and words of the ticket system's are shown without controls")
    func words() throws {
        #expect(try examine(302, location: "http://10.0.0.5/", publicHost: nil).map(\.severity) == [.ok])
        let seen = try examine(302, location: "http://localhost/\u{9b}31m\u{1b}[0m")[0].seen
        #expect(seen.contains("\"http://localhost/?31m?[0m\""))
    }
}
