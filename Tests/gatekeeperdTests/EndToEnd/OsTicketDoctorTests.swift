import Foundation
import Testing

/// Each state in which a real osTicket was met, and what an admin is told of it.
@Suite("gatekeeperd doctor, in front of an osTicket")
struct OsTicketDoctorTests {
    /// Vendors that are admitted, and what doctor says then.
    private struct Scene {
        let upstream: ScriptedUpstream
        let daemon: Daemon
        let folder: TemporaryFolder

        init(_ script: UpstreamScript, preset: Bool = false, told: Bool = false, settings: String = "") throws {
            folder = try TemporaryFolder()
            upstream = try ScriptedUpstream(script)
            let lines = (preset ? ["preset: osTicket"] : []) + (told ? ["proxy_protocol: v2"] : [])
            daemon = try Daemon(
                upstream: upstream.url, upstreamSettings: lines.joined(separator: "\n  "),
                settings: "control: \(folder.file("c.sock"))\nstate: \(folder.file("state"))\nlimits: {connections: 100}\n\(settings)")
        }

        /// Tickets of one client, by one key.
        func post(_ count: Int, from source: String, key: String, path: String = "/api/tickets.json") throws {
            let before = daemon.lines("request").count
            for _ in 0..<count {
                let client = try RawClient(to: daemon, from: source)
                try client.send("POST \(path) HTTP/1.1\r\nHost: t.example\r\nX-API-Key: \(key)\r\nContent-Length: 2\r\n\r\n{}")
                _ = try client.response(to: "POST")
            }
            guard eventually({ daemon.lines("request").count == before + count }) else { throw Failure("lines are missing") }
        }

        /// What is said of one examination, as severity, sentence and advice; with `logged`, by the lines that the service has written.
        func findings(of examination: String, logged: Bool = true) throws -> [(severity: String, seen: String, advice: String)] {
            let log = try folder.write(daemon.log.all.map(\.text).joined(separator: "\n") + "\n", to: "access.log")
            let run = try Daemon.run(
                ["doctor", "--config", daemon.configuration, "--json", "--skip", "clock", "--skip", "certificate"]
                    + (logged ? ["--set", "log.to=\(log)"] : []))
            let findings = try JSONValue(parsing: run.output.utf8)["remarks"]?.array ?? []
            return findings.filter { $0["examination"]?.string == examination }.map {
                ($0["severity"]?.string ?? "", $0["seen"]?.string ?? "", $0["advice"]?.string ?? "")
            }
        }

        /// The one finding on keys.
        func keys(logged: Bool = true) throws -> (severity: String, seen: String, advice: String) {
            let findings = try findings(of: "api_keys", logged: logged)
            #expect(findings.count == 1, "\(findings)")
            return try #require(findings.first)
        }
    }

    @Test("before anybody has asked it is a note with the line that is needed, and after refusals a finding that looks at the key first")
    func refused() throws {
        let scene = try Scene(.osTicket(.well(trusting: false), keys: ["127.0.0.2": "k2"]))
        let before = try scene.keys(logged: false)
        #expect(before.severity == "note" && before.seen.contains("answers 400 to GET /api/tickets.json for 127.0.0.2"), "\(before)")
        #expect(before.advice.contains("define('TRUSTED_PROXIES', '127.0.0.1'); in include/ost-config.php"), "\(before)")
        try scene.post(2, from: "127.0.0.2", key: "k2")
        let after = try scene.keys()
        #expect(after.severity == "finding" && after.seen.hasSuffix("and refused 2 of the last 2 requests there"), "\(after)")
        #expect(after.advice.hasPrefix("look at the key") && after.advice.contains("TRUSTED_PROXIES"), "\(after)")
        #expect(scene.upstream.requests.allSatisfy { $0.method == "GET" || $0["x-api-key"] != nil })
    }

    @Test("one that is told of clients by the PROXY protocol sees them, and is not said to take them for the door")
    func told() throws {
        let scene = try Scene(.osTicket(.told, keys: ["127.0.0.2": "k2", "127.0.0.3": "k3"]), told: true)
        let before = try scene.keys(logged: false)
        #expect(before.severity == "note" && before.seen.contains("is told the client's (upstream.proxy_protocol)"), "\(before)")
        #expect(before.advice.contains("nginx: set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;"), "\(before)")
        #expect(!"\(before)".contains("X-Forwarded-For") && !"\(before)".contains("TRUSTED_PROXIES"), "\(before)")
        for (source, key) in [("127.0.0.2", "k2"), ("127.0.0.3", "k3")] { try scene.post(1, from: source, key: key) }
        let after = try scene.keys()
        #expect(after.severity == "ok" && after.seen.contains("it admitted 2 of the last 2 requests to /api/tickets.json"), "\(after)")
        try scene.post(1, from: "127.0.0.3", key: "k2")
        #expect(scene.daemon.lines("request").map { $0.number("status") } == [201, 201, 401])
    }

    @Test("a PROXY header that isn't read, and one that isn't sent, are findings of their own, and nothing is said of keys")
    func introduction() throws {
        let unread = try Scene(.osTicket(.well(trusting: true)), preset: true, told: true)
        let found = try unread.findings(of: "upstream", logged: false)
        #expect(found.map(\.severity) == ["finding"])
        #expect(found.first?.seen.hasSuffix("answers without a PROXY header and not behind one") == true, "\(found)")
        #expect(try unread.keys(logged: false).severity == "unexamined")
        let missing = try Scene(.osTicket(.told), preset: true)
        let missed = try missing.findings(of: "upstream", logged: false)
        #expect(missed.map(\.severity) == ["finding"], "\(missed)")
        #expect(missed.first?.advice.hasPrefix("say upstream.proxy_protocol: v2") == true, "\(missed)")
        #expect(try missing.keys(logged: false).severity == "unexamined")
    }

    @Test("one that nobody has installed sends everybody to its setup, which is found by the preset")
    func uninstalled() throws {
        let keys = try Scene(.osTicket(.uninstalled), preset: true).keys(logged: false)
        #expect(keys.severity == "finding" && keys.seen.hasSuffix("osTicket, and GET /api/tickets.json is answered 302"), "\(keys)")
        #expect(keys.advice.contains("302 to setup/ is one that isn't installed"), "\(keys)")
    }

    @Test("a key for the door's own address lets everybody in, and that isn't taken for trust")
    func doorKey() throws {
        let scene = try Scene(.osTicket(.well(trusting: false), keys: ["127.0.0.1": "door"]))
        try scene.post(1, from: "127.0.0.2", key: "door")
        try scene.post(1, from: "127.0.0.3", key: "door", path: "/api/tickets.xml")
        let keys = try scene.keys()
        #expect(keys.severity == "ok" && keys.seen.contains("it admitted 2 of the last 2 requests"), "\(keys)")
        #expect(keys.seen.hasSuffix("or the key is made for 127.0.0.1 itself, and then good for everybody who is admitted"), "\(keys)")
    }

    @Test("of a vendor's two addresses the one without a key is found, though the other one's tickets get through")
    func oneOfTwo() throws {
        let scene = try Scene(.osTicket(.well(trusting: true), keys: ["127.0.0.2": "k2", "127.0.0.3": "k3"]))
        try scene.post(2, from: "127.0.0.3", key: "k2")
        try scene.post(2, from: "127.0.0.2", key: "k2")
        let keys = try scene.keys()
        #expect(keys.severity == "finding")
        #expect(
            keys.seen.hasSuffix(
                "refuses each of the last 2 requests of 127.0.0.3, admits 127.0.0.2: a key for that address is missing or wrong"),
            "\(keys)")
    }

    @Test("where the log goes elsewhere, refusals that the service itself tells of are one finding, with the cure")
    func elsewhere() throws {
        let scene = try Scene(.osTicket(.well(trusting: true), keys: ["127.0.0.2": "k2"]))
        try scene.post(10, from: "127.0.0.2", key: "wrong")
        let keys = try scene.keys(logged: false)
        #expect(keys.severity == "finding" && keys.seen.contains("each of the last 10 requests of 127.0.0.2 was answered 401"), "\(keys)")
        #expect(try scene.findings(of: "service", logged: false).filter { $0.seen.contains("answered 401") }.isEmpty)
        try scene.post(1, from: "127.0.0.2", key: "k2")
        #expect(try scene.keys(logged: false).severity == "note")
    }

    @Test("200 with an error of PHP's, and a 500, are findings that quote nothing, and nothing is said of keys")
    func down() throws {
        let scene = try Scene(.osTicket(.databaseDown), preset: true)
        try scene.post(2, from: "127.0.0.2", key: "k2")
        let upstream = try scene.findings(of: "upstream")
        #expect(upstream.map(\.severity) == ["finding"])
        #expect(
            upstream.first?.seen.hasSuffix("answers 200 to GET / with an error of PHP's: clients get this page and think that it worked")
                == true, "\(upstream)")
        #expect(upstream.first?.advice.contains("is its database up") == true && !"\(upstream)".contains("secret"), "\(upstream)")
        #expect(try scene.keys().severity == "unexamined")
        let other = try Scene(.osTicket(.unconfigured), preset: true)
        #expect(try other.findings(of: "upstream").first?.seen.hasSuffix("answers 500 to GET /") == true)
    }

    @Test("a web server that answers each POST with the portal is found by the preset, or by the portal's cookie")
    func catchAll() throws {
        let scene = try Scene(.osTicket(.catchAll), preset: true)
        try scene.post(1, from: "127.0.0.2", key: "k2")
        let keys = try scene.keys()
        #expect(
            keys.severity == "finding" && keys.seen.hasPrefix("upstream.preset says osTicket, and GET /api/tickets.json is answered 200"))
        #expect(keys.seen.hasSuffix("and answered 200 to 1 of the last 1 request there, which lets nobody in"), "\(keys)")
        #expect(keys.advice.contains("nginx: a location for /api"), "\(keys)")
        #expect(try scene.findings(of: "upstream").map(\.severity) == ["ok"])
        let nameless = try Scene(.osTicket(.catchAll)).keys(logged: false)
        #expect(
            nameless.severity == "finding" && nameless.seen.contains("sets osTicket's cookie, and GET /api/tickets.json is answered 200"))
    }

    @Test("a missing rewrite is named as that, with the path that works meanwhile")
    func rewriteMissing() throws {
        let scene = try Scene(.osTicket(.rewriteMissing))
        let keys = try scene.keys(logged: false)
        #expect(keys.severity == "finding" && keys.seen.hasSuffix("as osTicket does, and 404 to GET /api/tickets.json"), "\(keys)")
        #expect(keys.advice.hasPrefix("its rewrite is missing (Apache: a2enmod rewrite, AllowOverride All;"), "\(keys)")
    }

    @Test("one in a folder is found where the log, or a route, says that it is; else the preset says that it is missed")
    func folder() throws {
        let script = UpstreamScript.osTicket(.well(trusting: true), in: "/support", keys: ["127.0.0.2": "k2"])
        let scene = try Scene(script, preset: true)
        let lost = try scene.keys(logged: false)
        #expect(lost.severity == "finding" && lost.seen == "upstream.preset says osTicket, and GET /api/tickets.json is answered 404")
        #expect(lost.advice.hasPrefix("is it in a folder (then /FOLDER/api/tickets.json)"))
        try scene.post(1, from: "127.0.0.2", key: "k2", path: "/support/api/tickets.json")
        let found = try scene.keys()
        #expect(found.severity == "ok" && found.seen.contains("1 of the last 1 request to /support/api/tickets.json"), "\(found)")
        let routed = try Scene(script, settings: "routes:\n  - {methods: [POST], path: \"/support/api/**\"}")
        #expect(try routed.keys(logged: false).seen.contains("answers 400 to GET /support/api/tickets.json"))
    }
}
