import Gatekeeper
import Testing

@testable import gatekeeperd

/// A vendor that comes every hour for three weeks and then doesn't, by a clock that the test turns: what an admin is told.
@Suite("Silent sources, while the service runs")
struct SilenceWatchTests {
    private let folder: ScratchFolder
    private let clock = TurnedClock()
    private let plane = FakeDataPlane()

    init() throws {
        folder = try ScratchFolder()
    }

    /// What is restarted.
    private final class Process {
        let ledger: ServiceLedger?
        let watch: SilenceWatch

        init(_ test: SilenceWatchTests, _ settings: Settings, hasLedger: Bool = true) {
            let ledger = hasLedger ? ServiceLedger(folder: test.folder.path, at: test.clock.now.wallTime) : nil
            self.ledger = ledger
            let names: ReverseNames.Ask = { "\($0)" == "203.0.113.9" ? "out.vendor.example" : nil }
            watch = SilenceWatch(
                settings, ledger: ledger, on: test.plane, names: ReverseNames(ask: names), at: test.clock.now.wallTime)
        }
    }

    private func settings(_ onDeny: Settings.OnDeny = .reset, label: String = "Vendor") throws -> Settings {
        var settings = Settings.empty
        var entry = Settings.AllowEntry(prefix: try AddressPrefix(parsing: "192.0.2.7"), label: label)
        entry.origin = "gatekeeper.yaml:3:5 (preset tier2tickets)"
        settings.allow = [entry]
        settings.onDeny = onDeny
        return settings
    }

    /// So many hours pass, in each of which the vendor comes or doesn't, and a stranger knocks or doesn't. Written down as the service does.
    private func pass(hours: Int, _ process: Process, comes: Bool, knocking stranger: String? = nil, reason: DenialReason = .notListed)
        throws
    {
        for _ in 0..<hours {
            clock.turn(milliseconds: 3_600_000)
            let now = clock.now
            let hour = now.wallTime.milliseconds / 3_600_000
            let traffic = comes ? ["Vendor": TrafficHour(succeeded: 4)] : [:]
            var since = ServiceLedger.TrafficSince()
            since.sources[hour] = traffic
            since.door[hour] = DoorHour(milliseconds: 3_600_000, strangers: true)
            _ = process.ledger?.record(since, run: nil, at: now.wallTime, prunes: false, isLast: false)
            if let stranger {
                let at = now.wallTime.milliseconds
                let denial = DenialSummary(
                    peer: reason == .dropped ? nil : try PeerAddress(parsing: stranger), reason: reason, count: 3, firstMilliseconds: at,
                    lastMilliseconds: at, sources: 1)
                _ = process.ledger?.record([denial], at: now.wallTime)
            }
            process.watch.take(traffic.mapValues(\.requests), strangers: true, milliseconds: 3_600_000, at: now)
        }
    }

    private func silent() -> [String] { plane.takeEvents().filter { $0.hasPrefix("source_") } }

    @Test("one that stays away is said once, over a restart too, and that it is back; its new address is shown and not let in")
    func story() throws {
        let first = Process(self, try settings())
        try pass(hours: 21 * 24, first, comes: true)
        #expect(silent().isEmpty && first.watch.silences.isEmpty)
        try pass(hours: 12, first, comes: false, knocking: "203.0.113.9")
        let said = silent()
        #expect(said.count == 1 && said[0].hasPrefix("source_silent label=Vendor since="))
        #expect(said[0].contains("requests a day on average") && said[0].contains("candidates=203.0.113.9 (new, "))

        let second = Process(self, try settings())
        try pass(hours: 30, second, comes: false, knocking: "203.0.113.9")
        #expect(silent().isEmpty, "it was said")
        let silence = try #require(second.watch.silences.first)
        #expect(silence.since == WallTime(milliseconds: silence.since.milliseconds / 3_600_000 * 3_600_000))
        #expect(silence.candidates.map(\.address.description) == ["203.0.113.9"])
        #expect(silence.page == "https://docs.tier2tickets.com/content/general/firewall/")
        #expect(plane.admitted.isEmpty && plane.applied.isEmpty)

        try pass(hours: 1, second, comes: true)
        #expect(silent().map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == ["source_back label=Vendor"])
        #expect(second.watch.silences.isEmpty)
        #expect(Process(self, try settings()).watch.silences.isEmpty)
    }

    @Test("what to type stands on the screen with the address left out, and in no notice; the vendor's page comes first")
    func screen() throws {
        let process = Process(self, try settings())
        try pass(hours: 21 * 24, process, comes: true)
        try pass(hours: 12, process, comes: false, knocking: "203.0.113.9")
        var circumstances = Circumstances(at: clock.now.wallTime)
        circumstances.silences = process.watch.silences
        let problem = try #require(circumstances.problems.first { $0.kind == .sourceSilent })
        #expect(problem.cure.hasPrefix("see whether the vendor's page lists other addresses by now: https://docs.tier2tickets.com/"))
        let command = "gatekeeperd grant ADDRESS --for 2h --label Vendor"
        #expect(problem.lines(at: clock.now.wallTime).contains { $0.contains(command) })
        #expect(problem.lines(at: clock.now.wallTime).contains { $0.contains("candidate: 203.0.113.9") })
        for format in [Notifier.Format.json, .slack, .teams, .ntfy] {
            let body = NoticeBody(Notice(begun: [problem]), as: format, host: "door", at: clock.now.wallTime)
            let text = String(decoding: body.bytes, as: UTF8.self)
            #expect(text.contains("Vendor has not come") && !text.contains("grant") && !text.contains("203.0.113.9"), "\(text)")
        }
    }

    @Test("with drop, after a shield, and without a state folder it is said why there are no candidates")
    func none() throws {
        let dropping = Process(self, try settings(.drop))
        try pass(hours: 21 * 24, dropping, comes: true)
        try pass(hours: 30, dropping, comes: false)
        #expect(silent().first?.contains("candidates=none: on_deny is drop") == true)
        let shielded = Process(self, try settings())
        try pass(hours: 2, shielded, comes: false, knocking: "203.0.113.9", reason: .dropped)
        #expect(shielded.watch.silences.first?.details.first?.hasPrefix("no candidates: the shield was up meanwhile") == true)
        let forgetful = Process(self, try settings(), hasLedger: false)
        try pass(hours: 21 * 24, forgetful, comes: true)
        _ = silent()
        try pass(hours: 30, forgetful, comes: false)
        #expect(silent().first?.contains("candidates=none: who knocks is kept in the state folder") == true)
    }

    @Test(
        "strangers can't have a vendor called silent that comes, nor hide one that doesn't behind six hundred of them",
        arguments: [true, false])
    func strangers(areNew: Bool) throws {
        let process = Process(self, try settings())
        try pass(hours: 21 * 24, process, comes: true, knocking: "192.0.2.9")
        if !areNew { try horde(process, knocks: 600, comes: true) }
        #expect(silent().isEmpty, "a neighbour in its hours is nothing while it comes")
        for hour in 1...6 {
            try horde(process, knocks: 600, with: "203.0.113.9", comes: false)
            if hour == 2 { #expect(silent().isEmpty) }
        }
        #expect(silent().count == 1)
        let candidates = try #require(process.watch.silences.first).candidates.map(\.address.description)
        #expect(candidates.count == CandidateRanking.shownMax)
        // Who knew the hour can hide the new address among others that are new; who has always knocked can't.
        if !areNew { #expect(candidates.first == "203.0.113.9") }
    }

    /// One hour, in which so many strangers knock, and one more.
    private func horde(_ process: Process, knocks count: Int, with stranger: String? = nil, comes: Bool) throws {
        try pass(hours: 1, process, comes: comes, knocking: stranger)
        let at = clock.now.wallTime.milliseconds
        let horde = (0..<count).map { index in
            DenialSummary(
                peer: PeerAddress(ipv4: 0xc633_0000 + UInt32(index)), reason: .notListed, count: 3, firstMilliseconds: at,
                lastMilliseconds: at, sources: 1)
        }
        _ = process.ledger?.record(horde, at: clock.now.wallTime)
    }

    @Test("whom a lockdown keeps out isn't called silent, neither meanwhile nor at once when it is over")
    func lockdown() throws {
        let process = Process(self, try settings())
        try pass(hours: 21 * 24, process, comes: true)
        process.watch.isSuspended = true
        try pass(hours: 30, process, comes: false)
        process.watch.isSuspended = false
        try pass(hours: 2, process, comes: false)
        #expect(silent().isEmpty)
        try pass(hours: 30, process, comes: false)
        #expect(silent().count == 1)
    }

    @Test("a calendar a year ahead is not believed for a day, and forgets nothing")
    func calendar() throws {
        let process = Process(self, try settings())
        try pass(hours: 21 * 24, process, comes: true)
        let right = clock.now.wallTime
        clock.setCalendar(right.advanced(byMilliseconds: 365 * 86_400_000))
        try pass(hours: 3, process, comes: false)
        clock.setCalendar(right.advanced(byMilliseconds: 3 * 3_600_000))
        try pass(hours: 2, process, comes: true)
        #expect(silent().isEmpty)
        try pass(hours: 30, process, comes: false)
        #expect(silent().count == 1)
    }

    @Test("one that leaves the list is missed no longer")
    func delisted() throws {
        let process = Process(self, try settings())
        try pass(hours: 21 * 24, process, comes: true)
        try pass(hours: 30, process, comes: false)
        #expect(process.watch.silences.count == 1)
        process.watch.follow(try settings(label: "Other"), at: clock.now.wallTime)
        #expect(process.watch.silences.isEmpty)
    }

    @Test("a label is quoted for the shell that the command is pasted into")
    func quoting() {
        #expect(Silence.shellWord("Tier2Tickets") == "Tier2Tickets")
        #expect(Silence.shellWord("a b'; rm") == "'a b'\\''; rm'")
        #expect(Silence.shellWord("-x") == "'-x'" && Silence.shellWord("") == "''")
    }
}
