import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

/// A vendor that has moved, as the commands tell of it to whoever looks at who was turned away.
@Suite("The day the vendor moves, at the commands")
struct VendorMovedTests {
    /// The ledger of three weeks in which the vendor came each hour, and of the twelve hours since; in eleven of them somebody near it knocked.
    private static func writeLedger(_ folder: String) throws {
        let now = WallTime.now()
        let hour = now.hour
        let ledger = ServiceLedger(folder: folder, at: now)
        var traffic = ServiceLedger.TrafficSince()
        for past in hour - 21 * 24..<hour {
            traffic.door[past] = DoorHour(milliseconds: 3_600_000, strangers: true)
            if past < hour - 12 { traffic.sources[past] = ["Vendor": TrafficHour(succeeded: 4)] }
        }
        try #require(ledger.record(traffic, run: nil, at: now, prunes: false, isLast: false))
        func deny(_ address: String, _ count: UInt64, in hour: Int64) throws {
            let at = WallTime(hour: hour).milliseconds + 1_000
            let denial = DenialSummary(
                peer: try PeerAddress(parsing: address), reason: .notListed, count: count, firstMilliseconds: at, lastMilliseconds: at,
                sources: 1)
            guard case .done = ledger.record([denial], at: now) else { throw Failure("no ledger") }
        }
        for past in hour - 11..<hour { try deny("127.0.0.9", 3, in: past) }
        // Scanners, who come all the time.
        for number in 1...20 {
            try deny("127.9.0.\(number)", 50, in: hour - 300)
            try deny("127.9.0.\(number)", 50, in: hour - 5)
        }
        ledger.record(ToldSilence(label: "Vendor", since: WallTime(hour: hour - 12), saidAt: now, usual: "4 requests an hour"))
    }

    @Test("denials marks who may be the silent vendor, with rank and reason as status has them, and finds a place for it among many")
    func candidates() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let control = folder.file("c.sock")
        let first = try Daemon(upstream: upstream.url, settings: "control: \(control)")
        try first.rewriteConfiguration("  - \"127.0.0.3\"", "  - {address: 127.0.0.3, label: Vendor}")
        try first.rewriteConfiguration("control: \(control)", "control: \(control)\nstate: \(folder.file("state"))")
        try first.terminate()
        try Self.writeLedger(folder.file("state"))
        let daemon = try Daemon(restarting: first)

        func run(_ words: String...) throws -> String { try Daemon.run(words + ["--config", daemon.configuration]).output }
        let reason = "same /24 as 127.0.0.3, new, 33 times in 11 hours"
        let status = try run("status")
        #expect(status.contains("candidate: 127.0.0.9 (\(reason)"), "\(status)")
        let lines = try run("denials").split(separator: "\n")
        #expect(lines.first { $0.hasPrefix("127.0.0.9 ") }?.contains("  candidate 1 for Vendor: \(reason)") == true, "\(lines)")
        #expect(lines.last?.hasPrefix("silent: Vendor, since 20") == true && lines.last?.hasSuffix("ask the vendor first") == true)

        let json = try #require(JSONReader.read(Array(try run("denials", "--json", "--top", "1").utf8)))
        guard case .array(let sources)? = json["sources"], case .array(let places)? = sources.first?["candidate_of"] else {
            throw Failure(json.text)
        }
        #expect(sources.count == 1 && sources[0].string("address") == "127.0.0.9")
        #expect(places.count == 1 && places[0].string("label") == "Vendor" && places[0]["rank"]?.integer == 1)
        #expect(places[0].string("why")?.hasPrefix(reason) == true)
        guard case .array(let silent)? = json["silent"], case .array(let candidates)? = silent.first?["candidates"] else {
            throw Failure(json.text)
        }
        #expect(silent[0].string("label") == "Vendor" && candidates.first?.string("address") == "127.0.0.9")
        #expect(json["total"]?.integer == 33 + 20 * 50)
        // Somebody who has one is let in by nobody but a person.
        #expect(try RawClient(to: daemon, from: "127.0.0.9", security: .plain).receive() == .ended(.reset))
    }
}
