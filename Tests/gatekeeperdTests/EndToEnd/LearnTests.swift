import Foundation
import Testing

@testable import gatekeeperd

@Suite("Learn, shadow, enforce: from an open API to routes")
struct LearnTests {
    private let state: TemporaryFolder
    private let upstream: ScriptedUpstream

    init() throws {
        state = try TemporaryFolder()
        upstream = try ScriptedUpstream(.echo)
    }

    private func daemon(_ settings: String) throws -> Daemon {
        try Daemon(
            upstream: upstream.url, allow: ["127.0.0.2"],
            settings: "state: \(state.path)\ncontrol: \(state.file("c.sock"))\nstatus: 127.0.0.1:0\nworkers: 2\n\(settings)")
    }

    private func exchange(_ client: RawClient, _ line: String) throws -> Int? {
        let length = line.hasPrefix("GET") || line.hasPrefix("HEAD") ? "" : "Content-Length: 0\r\n"
        return try client.exchange("\(line) HTTP/1.1\r\nHost: tickets\r\n\(length)\r\n").status
    }

    private func run(_ daemon: Daemon, _ arguments: String...) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
        try Daemon.run(arguments + ["--config", daemon.configuration])
    }

    /// Everything that lies in the state folder.
    private func stateBytes() throws -> Data {
        try FileManager.default.contentsOfDirectory(atPath: state.path).reduce(into: Data()) { all, name in
            if let bytes = FileManager.default.contents(atPath: state.file(name)) { all += bytes }
        }
    }

    @Test("what is learned is asked of the service and of its ledger, and no secret of a path or query lies in the folder")
    func learned() throws {
        let daemon = try daemon("learn: true\nlog: {access: false}")
        let client = try RawClient(to: daemon)
        for _ in 0..<3 { #expect(try exchange(client, "POST /api/tickets.json?apikey=QUERYSECRET") == 200) }
        for secret in ["PATHSECRETONE", "PATHSECRETTWO", "PATHSECRETONE"] {
            #expect(try exchange(client, "GET /hooks/\(secret)/tickets") == 200)
        }
        for _ in 0..<4 { #expect(try exchange(client, "GET /hooks/user%40PERSON.example/tickets") == 200) }
        for number in 1...3 { #expect(try exchange(client, "GET /hooks/0123456\(number)LONGKEY/tickets") == 200) }

        func paths() throws -> [String] {
            // Of one day nothing is proposed yet.
            let asked = try run(daemon, "routes", "propose", "--json")
            #expect(asked.ending == .exited(3))
            guard let json = JSONReader.read(Array(asked.output.utf8)), case .array(let items)? = json["left_out"] else {
                throw Failure(asked.output + asked.errors)
            }
            return items.compactMap { $0["request"]?.string("path") }.sorted()
        }
        #expect(try eventually { try paths().contains("/api/tickets.json") && paths().contains("/hooks/{id}/tickets") })
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.lines("request").isEmpty)
        #expect(try paths().contains("/hooks/{name}/{name}"))
        let bytes = try stateBytes()
        #expect(bytes.range(of: Data("/api/tickets.json".utf8)) != nil)
        for secret in ["QUERYSECRET", "apikey", "PATHSECRET", "PERSON", "LONGKEY"] {
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(secret)")
        }
    }

    @Test("without learn nothing is kept, and learn without state is a mistake")
    func off() throws {
        let daemon = try daemon("")
        let client = try RawClient(to: daemon)
        for _ in 0..<3 { #expect(try exchange(client, "POST /api/tickets.json") == 200) }
        let asked = try run(daemon, "routes", "propose")
        #expect(asked.ending == .exited(3) && asked.output.contains("nothing to propose"), "\(asked.output)")
        #expect(try daemon.terminate() == .exited(0))
        #expect(try stateBytes().range(of: Data("tickets.json".utf8)) == nil)
        let scene = try ConfigurationScene(upstream: "http://127.0.0.1:1", "learn: true")
        let check = try scene.run("check")
        #expect(check.ending == .exited(2))
        let told = check.lines.joined(separator: "\n") + check.errors
        #expect(told.contains("learn: what is learned has to be kept on disk; set state"), "\(told)")
    }

    @Test("in shadow what would be refused passes, and is counted in status, metrics and the page, and check says that nothing is enforced")
    func shadow() throws {
        let daemon = try daemon("routes:\n  - {methods: [POST], path: /api/tickets.json}\nroutes_mode: shadow")
        let client = try RawClient(to: daemon)
        for line in ["POST /api/tickets.json", "GET /admin", "GET /admin/../x"] { #expect(try exchange(client, line) == 200) }
        // A request is counted when its client has had the answer.
        let told = "routes in shadow, nothing is enforced: 2 requests would have been refused"
        #expect(try eventually { try run(daemon, "status").output.contains(told) })
        let json = try #require(JSONReader.read(Array(try run(daemon, "status", "--json").output.utf8)))
        #expect(json["routes"]?["shadow_refused"]?.integer == 2 && json["routes"]?.string("mode") == "shadow")
        let page = try #require(json.string("status_page"))
        let metrics = try Curl(["http://\(page)/metrics"])
        #expect(metrics.text.contains("\ngatekeeper_routes_shadow_refused_total 2\n"), "\(metrics.text)")
        #expect(metrics.text.contains("\ngatekeeper_routes_enforced 0\n"))
        #expect(try Curl(["http://\(page)/"]).text.contains("2 requests would have been refused"))
        let check = try run(daemon, "check")
        #expect(check.ending == .exited(0))
        #expect((check.output + check.errors).contains("routes_mode: nothing is enforced"), "\(check.output) \(check.errors)")
        let explained = try run(daemon, "explain", "127.0.0.2", "GET", "/admin")
        #expect(explained.ending == .exited(0) && explained.output.contains("would be refused (shadow)"), "\(explained.output)")
    }

    @Test("routes are judged by what was learned before they are in force, and a log by a configuration")
    func judged() throws {
        let daemon = try daemon("learn: true")
        let client = try RawClient(to: daemon)
        for _ in 0..<3 { for line in ["POST /api/tickets.json", "GET /api/assets"] { #expect(try exchange(client, line) == 200) } }
        func difference(_ routes: String) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
            try run(daemon, "routes", "diff", state.write("routes:\n\(routes)\n", to: "edited.yaml"))
        }
        #expect(try eventually { try difference("  - /nothing").output.contains("would refuse  GET /api/assets: 3 times") })
        #expect(try difference("  - /nothing").ending == .exited(3))
        #expect(try difference("  - /api/{any}").ending == .exited(0))
        let mistaken = try difference("  - {paht: /api}")
        #expect(mistaken.ending == .exited(2) && mistaken.errors.contains("paht"), "\(mistaken.errors)")
        #expect(try daemon.terminate() == .exited(0))

        try daemon.rewriteConfiguration("learn: true", "routes:\n  - {methods: [POST], path: /api/tickets.json}")
        let log = try state.write(daemon.log.all.map(\.text).joined(separator: "\n") + "\n", to: "access.log")
        let replayed = try run(daemon, "explain", "--replay", log)
        #expect(replayed.ending == .exited(3))
        #expect(
            replayed.output.split(separator: "\n").map(String.init) == [
                "3  admitted", "3  refused 403 route", "refused", "  3  GET /api/assets from 127.0.0.2: refused 403 route",
            ], "\(replayed.output) \(replayed.errors)")
        let piped = try Self.run(
            "sh", ["-c", "grep -v assets '\(log)' | '\(Daemon.binary)' explain --replay - --config '\(daemon.configuration)'"])
        #expect(piped.ending == .exited(0) && piped.output.hasPrefix("3  admitted"), "\(piped)")
    }

    @Test("what is proposed is taken by check as it stands")
    func roundTrip() throws {
        let daemon = try daemon("learn: true")
        let client = try RawClient(to: daemon)
        for _ in 0..<3 { #expect(try exchange(client, "POST /api/tickets.json") == 200) }
        #expect(try eventually { try run(daemon, "routes", "propose", "--json").output.contains("tickets.json") })
        #expect(try daemon.terminate() == .exited(0))
        // As if the same had come on the day before.
        try Self.sql(
            state.file("ledger.sqlite"),
            "INSERT INTO learned SELECT day - 1, label, method, template, c2, c3, c4, c5, last_failure, first_at, last_at FROM learned")
        let proposed = try run(daemon, "routes", "propose")
        #expect(proposed.ending == .exited(0) && proposed.output.contains("  - {methods: [POST], path: \"/api/tickets.json\"}"))
        try daemon.rewriteConfiguration("learn: true", "learn: true\n\(proposed.output)")
        #expect(try run(daemon, "check").ending == .exited(0))
        let edited = daemon.configuration
        #expect(try run(daemon, "routes", "diff", edited).ending == .exited(0))
        #expect(try run(daemon, "explain", "127.0.0.2", "POST", "/api/tickets.json").ending == .exited(0))
        #expect(try run(daemon, "explain", "127.0.0.2", "GET", "/api/tickets.json").ending == .exited(3))
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> (ending: ChildProcess.Ending, output: String) {
        let folder = try TemporaryFolder()
        let output = try OpenFile(creating: folder.file("out"))
        let ending = try ChildProcess(program, arguments, output: output, errors: output).waitForEnd()
        return (ending, try String(contentsOfFile: folder.file("out"), encoding: .utf8))
    }

    private static func sql(_ file: String, _ statement: String) throws {
        let program = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
        let run = try run("python3", ["-c", program, file, statement])
        guard run.ending == .exited(0) else { throw Failure("\(run)") }
    }
}
