import Foundation
import Testing

@testable import gatekeeperd

/// What the rhythm is worth, in figures: how often a vendor is said to be silent that isn't, and how soon one that has moved is.
///
/// A vendor of each kind has a year without a move, and four that come regularly move in one: what a test has time for without
/// optimization. GATEKEEPER_TRACES=20 makes twenty of each, and forty moves; the figures of decision 0031 are of so many and more. How
/// they were made is said at `VendorTrace`. The seeds are of the hold-out set, GATEKEEPER_SEEDS=tuning takes the other; they are fixed, so
/// that a change of the rhythm that makes it worse fails here.
@Suite("The rhythm, over years")
struct RhythmSimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seeds = VendorTrace.Seeds(rawValue: environment["GATEKEEPER_SEEDS"] ?? "") ?? .holdOut
    private static let wished = UInt64(environment["GATEKEEPER_TRACES"] ?? "")
    private static let years = seeds.first(wished ?? 1)
    private static let moves = seeds.first(wished.map { 2 * $0 } ?? 4)

    @Test("nobody is said to be silent in vain more than once a year", arguments: VendorTrace.Kind.allCases)
    func falseAlarms(kind: VendorTrace.Kind) throws {
        let outcomes = try Self.years.map { try VigilSimulation().run(VendorTrace(kind, seed: $0)) }
        for alarms in [outcomes.map(\.counting.falseAlarms), outcomes.map(\.dropping.falseAlarms)] {
            // Of three thousand vendors of the tuning set it was twice for four.
            #expect(alarms.allSatisfy { $0 <= (Self.seeds == .holdOut ? 1 : 2) }, "\(alarms)")
            // As seldom as the figures say.
            #expect(alarms.reduce(0, +) <= 1 + alarms.count / 5, "\(alarms)")
            // Nothing about these is a matter of luck.
            if [.poller, .monthly].contains(kind) { #expect(alarms.allSatisfy { $0 == 0 }, "\(alarms)") }
        }
    }

    @Test(
        "a vendor that has moved is noticed within one of its working days, and its new address is shown; where nobody knows who knocks, days later",
        arguments: [VendorTrace.Kind.office, .officeAndOnCall, .poller])
    func moves(kind: VendorTrace.Kind) throws {
        let outcomes = try Self.moves.map { try VigilSimulation().run(VendorTrace(kind, seed: $0, moves: true), hours: 200 * 24) }
        let hours = try outcomes.map { try #require($0.counting.workingHours) }
        // A new address whose first ticket comes late in the morning isn't recognised by it.
        #expect(hours.count { $0 <= 9 } * 20 >= hours.count * 19, "\(hours)")
        #expect(hours.allSatisfy { $0 <= 19 }, "\(hours)")
        #expect(outcomes.count(where: \.counting.isFound) * 20 >= outcomes.count * 19, "its new address is shown")
        let later = try outcomes.map { try #require($0.dropping.workingHours) }
        #expect(later.allSatisfy { $0 <= 36 }, "\(later)")
        if kind == .poller { #expect((hours + later).allSatisfy { $0 <= 7 }, "\(hours) \(later)") }
    }

    @Test("three tickets a week are missed after weeks")
    func seldom() throws {
        for seed in Self.years {
            let hours = try #require(try VigilSimulation().run(VendorTrace(.seldom, seed: seed, moves: true)).counting.hours)
            #expect(hours <= 60 * 24, "\(hours)")
        }
    }
}
