import Testing

@testable import Gatekeeper

struct SourceAggregatorTests {
    private let peer = PeerAddress(ipv4: 0xcb00_7109)
    private let start = Instant(nanoseconds: 1_000_000_000)

    @Test("the first denial of a source is a line, the others are one summary")
    func oneSource() {
        let denials = Denials(SourceAggregator())
        #expect(denials.denied(peer, reason: .notListed, wallMilliseconds: 10, now: start))
        for moment in 11...14 {
            #expect(!denials.denied(peer, reason: .notListed, wallMilliseconds: Int64(moment), now: start))
        }
        #expect(denials.summaries(now: start.advanced(byMilliseconds: 59_999)) == [])
        let end = start.advanced(byMilliseconds: 60_000)
        #expect(denials.deadline == end)
        #expect(
            denials.summaries(now: end) == [
                DenialSummary(peer: peer, reason: .notListed, count: 4, firstMilliseconds: 11, lastMilliseconds: 14, sources: 1)
            ])
    }

    @Test("a source that goes on is only summarised; one that was quiet for an interval is a first again")
    func forgetting() {
        let denials = Denials(SourceAggregator())
        _ = denials.denied(peer, reason: .notListed, wallMilliseconds: 1, now: start)
        _ = denials.denied(peer, reason: .notListed, wallMilliseconds: 2, now: start)
        let first = start.advanced(byMilliseconds: 60_000)
        #expect(denials.summaries(now: first).count == 1)
        #expect(!denials.denied(peer, reason: .notListed, wallMilliseconds: 3, now: first))
        let second = first.advanced(byMilliseconds: 60_000)
        #expect(denials.summaries(now: second).map(\.count) == [1])
        let third = second.advanced(byMilliseconds: 60_000)
        #expect(denials.summaries(now: third) == [])
        #expect(denials.deadline == nil)
        #expect(denials.denied(peer, reason: .notListed, wallMilliseconds: 4, now: third))
    }

    @Test("another reason is another line")
    func reasons() {
        let denials = Denials(SourceAggregator())
        #expect(denials.denied(peer, reason: .notListed, wallMilliseconds: 1, now: start))
        #expect(denials.denied(peer, reason: .connectionsPerSource, wallMilliseconds: 1, now: start))
    }

    @Test("sources beyond the bound end up in others, with their number")
    func others() {
        let denials = Denials(SourceAggregator(sourcesMax: 10, firstLinesMax: 5))
        let lines = (0..<1_000).count { index in
            denials.denied(PeerAddress(ipv4: UInt32(index)), reason: .notListed, wallMilliseconds: Int64(index), now: start)
        }
        #expect(lines == 5)
        let summaries = denials.finish()
        #expect(summaries.count == 6)
        #expect(summaries.last?.peer == nil)
        #expect(summaries.last?.count == 990)
        #expect(summaries.last?.firstMilliseconds == 10)
        #expect(summaries.last?.lastMilliseconds == 999)
        #expect((850...1_130).contains(summaries.last?.sources ?? 0))
    }

    @Test("strangers of one IPv6 /64 are one source, called by their network once several of them came; listed ones aren't")
    func networks() throws {
        let denials = Denials(SourceAggregator())
        func deny(_ address: String, _ reason: DenialReason = .notListed, at moment: Int64) throws -> Bool {
            denials.denied(try PeerAddress(parsing: address), reason: reason, wallMilliseconds: moment, now: start)
        }
        #expect(try deny("2001:db8:0:1::1", at: 1))
        #expect(try !deny("2001:db8:0:1::2", at: 2))
        #expect(try !deny("2001:db8:0:1:ffff::3", at: 3))
        // One address alone keeps its name.
        #expect(try deny("2001:db8:0:2::9", at: 4))
        #expect(try !deny("2001:db8:0:2::9", at: 5))
        #expect(try deny("192.0.2.1", at: 6))
        #expect(try deny("192.0.2.2", at: 7))
        // Known by its entry, which may be a single address.
        #expect(try deny("2001:db8:0:3::1", .connectionsPerSource, at: 8))
        #expect(try deny("2001:db8:0:3::2", .connectionsPerSource, at: 9))
        let summaries = denials.finish()
        #expect(
            summaries.map { "\($0.peer?.description ?? "others") \($0.isNetwork) \($0.count) \($0.sources)" } == [
                "2001:db8:0:1:: true 2 1", "2001:db8:0:2::9 false 1 1",
            ])
    }

    @Test("others never counts more addresses than there were connections", arguments: 1...60)
    func othersBounded(count: Int) throws {
        let denials = Denials(SourceAggregator(sourcesMax: 0, firstLinesMax: 0))
        let counts = try DenialCounts(sourcesMax: 0)
        for index in 0..<count {
            let peer = PeerAddress(ipv4: UInt32(index) &* 2_654_435_761)
            _ = denials.denied(peer, reason: .notListed, wallMilliseconds: 1, now: start)
            counts.count(peer, reason: .notListed, wallMilliseconds: 1)
        }
        for summary in denials.finish() + counts.take() {
            #expect(summary.count == UInt64(count) && UInt64(summary.sources) <= summary.count)
        }
    }

    @Test("denials without an address count among the others")
    func unseen() {
        let denials = Denials(SourceAggregator())
        denials.deniedUnseen(0, reason: .notListed, wallMilliseconds: 1, now: start)
        #expect(denials.deadline == nil)
        denials.deniedUnseen(7, reason: .connections, wallMilliseconds: 1, now: start)
        #expect(denials.finish().map(\.count) == [7])
    }

    @Test("whatever happens, the counts of the lines add up and the lines are bounded")
    func countsAddUp() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let sourcesMax = Int.random(in: 1..<50, using: &random)
            let firstLinesMax = Int.random(in: 0..<20, using: &random)
            let addresses = UInt32.random(in: 1..<200, using: &random)
            let denials = Denials(SourceAggregator(sourcesMax: sourcesMax, firstLinesMax: firstLinesMax))
            var now = start
            var fed: UInt64 = 0
            var told: UInt64 = 0
            var firstLines = 0
            for _ in 0..<3_000 {
                now = now.advanced(byMilliseconds: Int.random(in: 0..<200, using: &random))
                let reason = DenialReason.allCases.randomElement(using: &random)!
                if Int.random(in: 0..<50, using: &random) == 0 {
                    denials.deniedUnseen(3, reason: reason, wallMilliseconds: 1, now: now)
                    fed += 3
                } else {
                    fed += 1
                    let source = PeerAddress(ipv4: UInt32.random(in: 0..<addresses, using: &random))
                    if denials.denied(source, reason: reason, wallMilliseconds: 1, now: now) {
                        told += 1
                        firstLines += 1
                    }
                }
                let summaries = denials.summaries(now: now)
                told += summaries.reduce(0) { $0 + $1.count }
                #expect(summaries.count <= sourcesMax + DenialReason.allCases.count, "seed \(seed)")
                #expect(firstLines <= firstLinesMax, "seed \(seed)")
                if denials.deadline.map({ $0 > now.advanced(byMilliseconds: 59_999) }) ?? true { firstLines = 0 }
            }
            told += denials.finish().reduce(0) { $0 + $1.count }
            #expect(told == fed, "seed \(seed)")
            #expect(denials.finish() == [])
        }
    }
}

/// The aggregator behind a reference, since `#expect` takes no mutating calls.
private final class Denials {
    private var aggregator: SourceAggregator<DenialReason>

    init(_ aggregator: SourceAggregator<DenialReason>) {
        self.aggregator = aggregator
    }

    var deadline: Instant? { aggregator.deadline }

    func denied(_ peer: PeerAddress, reason: DenialReason, wallMilliseconds: Int64, now: Instant) -> Bool {
        aggregator.add(peer, reason: reason, wallMilliseconds: wallMilliseconds, now: now)
    }

    func deniedUnseen(_ count: UInt64, reason: DenialReason, wallMilliseconds: Int64, now: Instant) {
        aggregator.addUnseen(count, reason: reason, wallMilliseconds: wallMilliseconds, now: now)
    }

    func summaries(now: Instant) -> [DenialSummary] { aggregator.summaries(now: now) }

    func finish() -> [DenialSummary] { aggregator.finish() }
}
