import Foundation
import Testing

@testable import gatekeeperd

/// Who was turned away, from the connection to the command's answer.
struct DenialTests {
    private let state: TemporaryFolder
    private let upstream: ScriptedUpstream
    private let daemon: Daemon

    init() throws {
        state = try TemporaryFolder()
        upstream = try ScriptedUpstream(.echo)
        daemon = try Daemon(
            upstream: upstream.url, settings: "state: \(state.path)\ncontrol: \(state.file("c.sock"))\nworkers: 2\nshield: off")
    }

    private func denials(_ arguments: String...) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
        try Daemon.run(["denials", "--config", daemon.configuration] + arguments)
    }

    private func report(_ arguments: String...) throws -> JSON {
        let run = try Daemon.run(["denials", "--config", daemon.configuration, "--json"] + arguments)
        guard run.ending == .exited(0), let json = JSONReader.read(Array(run.output.utf8)) else { throw Failure(run.output + run.errors) }
        return json
    }

    private func counts(in report: JSON) throws -> [String: Int] {
        guard case .array(let sources)? = report["sources"] else { throw Failure("no sources in \(report.text)") }
        return Dictionary(
            uniqueKeysWithValues: try sources.map { (try #require($0.string("address")), try #require($0["count"]?.integer)) })
    }

    private func beDenied(by daemon: Daemon, _ wanted: [String: Int]) throws {
        for (source, count) in wanted {
            for _ in 0..<count { #expect(try RawClient(to: daemon, from: source, security: .plain).receive() == .ended(.reset)) }
        }
    }

    /// Until the journal has heard of all of them.
    private func awaitTotal(_ count: Int) throws {
        #expect(try eventually { try report()["total"]?.integer == count })
    }

    @Test("thousands of connections from many sources are told with their numbers, in the answer as in the log, and after a restart")
    func numbers() throws {
        let wanted = Dictionary(uniqueKeysWithValues: (1...60).map { ("127.8.\($0).1", 20 + $0) })
        let total = wanted.values.reduce(0, +)
        try #require(total >= 3_000)
        try beDenied(by: daemon, wanted)
        try awaitTotal(total)
        #expect(try counts(in: report("--top", "1000")) == wanted)

        let top = try report("--top", "3")
        #expect(try counts(in: top) == ["127.8.60.1": 80, "127.8.59.1": 79, "127.8.58.1": 78])
        #expect(top["not_shown"]?["sources"]?.integer == 57)
        #expect(top["total"]?.integer == total)
        let lines = try denials("--top", "2").output.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.first?.hasPrefix("127.8.60.1    80  not_listed  first 20") == true)
        #expect(lines.last?.hasPrefix("total       \(total)  since 20") == true)

        #expect(try daemon.terminate() == .exited(0))
        let logged = daemon.log.all.filter { $0.event == "denied" || $0.event == "denied_summary" }
        #expect(logged.compactMap { $0.number("count") }.reduce(0, +) == total)
        let byLog = Dictionary(logged.map { ($0.peer ?? "", $0.number("count") ?? 0) }, uniquingKeysWith: +)
        #expect(byLog == wanted)
        // Nobody serves any more: the ledger itself is read.
        let alone = try denials("--json", "--top", "1000")
        #expect(alone.errors.contains("no service runs at \(state.file("c.sock"))"))
        #expect(try counts(in: try #require(JSONReader.read(Array(alone.output.utf8)))) == wanted)
        let next = try Daemon(restarting: daemon)
        try beDenied(by: next, ["127.8.1.1": 4])
        try awaitTotal(total + 4)
        #expect(try next.terminate() == .exited(0))
        #expect(try report()["total"]?.integer == total + 4)
    }

    @Test("a source that is listed and was turned away is told by its label")
    func listed() throws {
        try daemon.rewriteConfiguration("  - \"127.0.0.2\"", "  - {address: 127.0.0.2, label: Tier2Tickets}\n  - 127.8.5.0/24")
        try daemon.rewriteConfiguration("shield: off", "shield: off\nlimits: {connections_per_source: 1}")
        #expect(try daemon.reload().event == "reloaded")
        for source in ["127.0.0.2", "127.8.5.7"] {
            let client = try RawClient(to: daemon, from: source)
            try beDenied(by: daemon, [source: 2])
            client.close()
        }
        try beDenied(by: daemon, ["127.8.6.1": 1])
        try awaitTotal(5)
        guard case .array(let sources)? = try report()["sources"] else { throw Failure("no sources") }
        let labels = Dictionary(uniqueKeysWithValues: sources.map { ($0.string("address") ?? "", $0.string("listed_as")) })
        #expect(labels == ["127.0.0.2": "Tier2Tickets", "127.8.5.7": "127.8.5.0/24", "127.8.6.1": nil])
        #expect(try denials().output.contains("is listed as Tier2Tickets"))
    }

    @Test("what was written outlives a process that is killed, and nothing is counted twice by the next")
    func killed() throws {
        try beDenied(by: daemon, ["127.8.1.1": 5, "127.8.1.2": 3])
        try awaitTotal(8)
        daemon.kill()
        _ = try daemon.process.waitForEnd()
        #expect(try counts(in: report()) == ["127.8.1.1": 5, "127.8.1.2": 3])
        let next = try Daemon(restarting: daemon)
        #expect(try counts(in: report()) == ["127.8.1.1": 5, "127.8.1.2": 3])
        try beDenied(by: next, ["127.8.1.2": 4])
        try awaitTotal(12)
        #expect(try counts(in: report()) == ["127.8.1.1": 5, "127.8.1.2": 7])
    }

    @Test("denials are written without anybody's asking")
    func unasked() throws {
        try beDenied(by: daemon, ["127.8.2.1": 1])
        let query = try DenialQuery(seconds: 3600, top: 1)
        #expect(try eventually { try LedgerReading.denials(query, folder: state.path, at: .now()).total == 1 })
    }

    @Test("--since leaves out who came before")
    func since() throws {
        try beDenied(by: daemon, ["127.8.3.1": 2])
        try awaitTotal(2)
        #expect(try daemon.terminate() == .exited(0))
        let old = WallTime.now().milliseconds - 30 * 3_600_000
        try SQLConnection(path: state.file("ledger.sqlite")).execute(
            "INSERT INTO denials VALUES (?, '127.8.3.9', 'not_listed', 11, ?, ?, 1)",
            [.number(old / 3_600_000), .number(old), .number(old)])
        #expect(try counts(in: report()) == ["127.8.3.1": 2])
        #expect(try counts(in: report("--since", "2d")) == ["127.8.3.1": 2, "127.8.3.9": 11])
        #expect(try denials("--since", "24").ending == .exited(2))
        #expect(try denials("--top", "0").ending == .exited(2))
    }

    @Test("a ledger that can't be written is a problem of the status, one line of the log, and costs no count")
    func brokenDisk() throws {
        try beDenied(by: daemon, ["127.8.4.1": 2])
        try awaitTotal(2)
        let other = try SQLConnection(path: state.file("ledger.sqlite"))
        // The service may be writing at that moment.
        #expect(eventually { (try? other.execute("BEGIN IMMEDIATE")) != nil })
        try beDenied(by: daemon, ["127.8.4.1": 3, "127.8.4.2": 1])
        #expect(
            try eventually {
                try report()["warning"] == .string("4 more denials wait for the disk: another process holds \(state.file("ledger.sqlite"))")
            })
        #expect(try report()["total"]?.integer == 2)
        let status = try Daemon.run(["status", "--config", daemon.configuration])
        #expect(status.output.contains("problem: 4 denials wait for the disk: another process holds"))
        try daemon.waitForLine(event: "ledger_failed")
        #expect(daemon.lines("ledger_failed").count == 1)
        try other.execute("ROLLBACK")
        try awaitTotal(6)
        #expect(try report()["warning"] == nil)
        #expect(try eventually { try !Daemon.run(["status", "--config", daemon.configuration]).output.contains("problem") })
    }

    @Test("without a service and a ledger the status is 1, and both are named")
    func nobody() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("control: c.sock\nstate: nowhere\n", to: "gatekeeper.yaml")
        let run = try Daemon.run(["denials", "--config", file])
        #expect(run.ending == .exited(1))
        #expect(run.output == "")
        #expect(run.errors.contains("no service runs at \(folder.path)/c.sock"))
        #expect(run.errors.contains("there is no ledger in \(folder.path)/nowhere"))
    }
}
