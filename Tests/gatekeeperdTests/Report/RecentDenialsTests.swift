import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Who knocks now")
struct RecentDenialsTests {
    private let now = GrantScene.start
    private var recent = RecentDenials()

    private func denial(_ number: UInt32, _ count: UInt64 = 1, _ reason: DenialReason = .notListed, at time: WallTime) -> DenialSummary {
        DenialSummary(
            peer: PeerAddress(ipv4: number), reason: reason, count: count, firstMilliseconds: time.milliseconds,
            lastMilliseconds: time.milliseconds, sources: 1)
    }

    private func later(_ seconds: Int64) -> WallTime { now.advanced(byMilliseconds: seconds * 1000) }

    @Test("addresses are told with their counts and reasons, the latest first, those of the list with its words")
    mutating func order() {
        recent.count([denial(1, 3, at: now), denial(2, 1, .connectionsPerSource, at: later(-5))], at: now)
        recent.count([denial(1, 2, .expired, at: later(-9)), denial(3, 1, at: later(20))], at: later(20))
        let sources = recent.sources(at: later(20)) { $0 == PeerAddress(ipv4: 2) ? "vendor" : nil }
        #expect(sources.map(\.address) == [3, 1, 2].map { PeerAddress(ipv4: $0) })
        #expect(sources.map(\.count) == [1, 5, 1])
        #expect(sources.map(\.reasons) == [["not_listed"], ["expired", "not_listed"], ["connections_per_source"]])
        #expect(sources.map(\.listedAs) == [nil, nil, "vendor"])
    }

    @Test("what was ten minutes ago is past, and counts no more")
    mutating func past() {
        recent.count([denial(1, 100, at: now), denial(2, at: now)], at: now)
        recent.count([denial(1, 1, at: later(500))], at: later(500))
        #expect(recent.sources(at: later(599)) { _ in nil }.map(\.count) == [101, 1])
        #expect(recent.sources(at: later(601)) { _ in nil }.map(\.count) == [1])
        #expect(recent.sources(at: later(1_101)) { _ in nil }.isEmpty)
    }

    @Test("of a flood the latest are kept")
    mutating func flood() {
        for second: UInt32 in 0..<100 {
            let time = later(Int64(second))
            recent.count((0..<100).map { denial(second * 100 + $0, at: time) }, at: time)
        }
        let sources = recent.sources(at: later(100)) { _ in nil }
        #expect(sources.count == RecentDenials.sourcesMax)
        #expect(sources.allSatisfy { $0.lastAt >= later(97) })
    }

    @Test("a calendar that is set back leaves nothing behind that would come later")
    mutating func setBack() {
        recent.count([denial(1, at: later(3_600))], at: later(3_600))
        #expect(recent.sources(at: now) { _ in nil }.isEmpty)
        recent.count([denial(2, at: now)], at: now)
        #expect(recent.sources(at: now) { _ in nil }.map(\.address) == [PeerAddress(ipv4: 2)])
    }

    @Test("what the disk refuses and comes once more is counted once; nobody and packets aren't sources")
    mutating func passedOver() {
        let first = denial(1, 3, at: now)
        recent.count([first], at: now)
        recent.passOver([first])
        recent.count([denial(1, 5, at: later(10))], at: later(10))
        var nobody = denial(9, at: later(10))
        nobody.peer = nil
        recent.count([nobody, denial(8, 1, .dropped, at: later(10))], at: later(10))
        #expect(recent.sources(at: later(10)) { _ in nil }.map(\.count) == [5])
    }
}
