import Foundation
import Testing

@testable import gatekeeperd

/// What the rhythm is worth, in figures: how often a vendor is said to be silent that isn't, and how soon one that has moved is.
///
/// Nine vendors, one of each kind, have a year without a move, and nine that come regularly move in one: what a test has time for without
/// optimization. GATEKEEPER_TRACES=20 makes twenty of each; the figures of decision 0031 are of so many. How they were made is said at
/// `VendorTrace`. The seeds are fixed, so that a change of the rhythm that makes it worse fails here.
@Suite("The rhythm, over years")
struct RhythmSimulationTests {
    private static let count = UInt64(ProcessInfo.processInfo.environment["GATEKEEPER_TRACES"] ?? "") ?? 1

    @Test(
        "nobody is said to be silent in vain more than once a year on average, and none more than twice",
        arguments: VendorTrace.Kind.allCases)
    func falseAlarms(kind: VendorTrace.Kind) throws {
        let alarms = try (1...Self.count).map { try VigilSimulation().run(VendorTrace(kind, seed: $0)).falseAlarms }
        // Of one vendor alone it may be two.
        if alarms.count > 5 { #expect(alarms.reduce(0, +) <= alarms.count, "\(alarms)") }
        #expect(alarms.allSatisfy { $0 <= 2 }, "\(alarms)")
        // Nothing about these is a matter of luck.
        if [.poller, .monthly, .seldom].contains(kind) { #expect(alarms.allSatisfy { $0 == 0 }, "\(alarms)") }
    }

    @Test(
        "a vendor that has moved is noticed within one of its working days, or three hours later around weekends and holidays",
        arguments: [VendorTrace.Kind.office, .officeAndOnCall, .poller])
    func moves(kind: VendorTrace.Kind) throws {
        let outcomes = try (1...Self.count + 2).map { try VigilSimulation().run(VendorTrace(kind, seed: $0, moves: true), hours: 200 * 24) }
        let hours = try outcomes.map { try #require($0.workingHours) }.sorted()
        #expect(hours.allSatisfy { $0 <= 12 }, "\(hours)")
        #expect(hours.count { $0 <= 9 } * 4 >= hours.count * 3, "\(hours)")
        #expect(outcomes.count(where: \.isFound) * 4 >= outcomes.count * 3, "its new address is shown")
        if kind == .poller { #expect(hours.allSatisfy { $0 <= 4 }, "\(hours)") }
    }

    @Test("where nobody knows who knocks it takes the first hours of a second working day, and there are hardly any false alarms")
    func withoutCandidates() throws {
        let simulation = VigilSimulation(hasCandidates: false)
        let hours = try (1...Self.count + 1).map { seed in
            try #require(try simulation.run(VendorTrace(.office, seed: seed, moves: true), hours: 200 * 24).workingHours)
        }
        #expect(hours.allSatisfy { $0 <= 30 }, "\(hours)")
        let alarms = try (1...Self.count).map { try simulation.run(VendorTrace(.office, seed: $0)).falseAlarms }
        #expect(alarms.allSatisfy { $0 == 0 }, "\(alarms)")
    }

    @Test("three tickets a week are missed after weeks")
    func seldom() throws {
        for seed in 1...Self.count {
            let hours = try #require(try VigilSimulation().run(VendorTrace(.seldom, seed: seed, moves: true)).hours)
            #expect((7 * 24...60 * 24).contains(hours), "\(hours)")
        }
    }
}
