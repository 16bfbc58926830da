import Synchronization
import Testing

@testable import Gatekeeper

@Suite("The places of those who come while a challenge is pending")
struct ChallengeVisitsTests {
    private final class Leavers: Sendable {
        let places = Mutex<[ChallengeVisits.Place]>([])
    }

    private final class Scene {
        let visits = ChallengeVisits()
        private let leavers = Leavers()
        var hasLeft: [ChallengeVisits.Place] { leavers.places.withLock { $0 } }
        var milliseconds = 1_000

        var now: Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }

        func enter(_ address: String) throws -> ChallengeVisits.Place? {
            let peer = try PeerAddress(parsing: address)
            return visits.enter(from: peer, now: now) { [leavers] place in leavers.places.withLock { $0.append(place) } }
        }

        func begin(_ place: ChallengeVisits.Place?) -> Bool { place.map { visits.turn(of: $0, now: now) == .now } ?? false }
    }

    @Test(
        "a network has four, and its oldest without a hello gives way",
        arguments: [
            ["192.0.2.1", "192.0.2.255", "192.0.2.7", "192.0.2.7", "192.0.2.9"],
            ["2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"],
        ])
    func network(addresses: [String]) throws {
        let scene = Scene()
        let places = try addresses.prefix(4).map { try scene.enter($0) }
        _ = try (scene.enter("198.51.100.1"), scene.enter("2001:db8:2::1"))
        #expect(scene.hasLeft == [])
        // The first has said what it wants: the second is the one.
        #expect(scene.begin(places[0]))
        #expect(try scene.enter(addresses[4]) != nil)
        #expect(scene.hasLeft == [places[1]])
        #expect(!scene.begin(places[1]))
    }

    @Test("those with a hello are firm for a second, and who comes meanwhile is turned away")
    func firm() throws {
        let scene = Scene()
        let places = try (1...4).map { index in
            let place = try scene.enter("192.0.2.\(index)")
            #expect(scene.begin(place))
            if index < 4 { scene.milliseconds += 500 }
            return place
        }
        // The first is 1.5 s old; others have begun less than a second ago, or just then.
        scene.visits.leave(try #require(places[0]))
        let fresh = try #require(try scene.enter("192.0.2.8"))
        scene.milliseconds += 500
        #expect(scene.begin(fresh))
        scene.milliseconds += 400
        #expect(try scene.enter("192.0.2.9") != nil)
        #expect(scene.hasLeft == [places[1]])
        scene.visits.leave(try #require(places[2]))
        scene.visits.leave(try #require(places[3]))
    }

    @Test("while every one of a network has just said hello, another of it gets nothing")
    func turnedAway() throws {
        let scene = Scene()
        for index in 1...2 { #expect(scene.begin(try scene.enter("192.0.2.\(index)"))) }
        scene.milliseconds += 1_000
        for index in 3...4 { #expect(scene.begin(try scene.enter("192.0.2.\(index)"))) }
        scene.milliseconds -= 500
        #expect(try scene.enter("192.0.2.5") == nil)
        #expect(scene.hasLeft == [])
    }

    @Test("with more names there is more room, and more may begin")
    func names() throws {
        let scene = Scene()
        let peer = try PeerAddress(parsing: "192.0.2.1")
        let places = (0..<8).compactMap { _ in scene.visits.enter(from: peer, names: 2, now: scene.now) { _ in Issue.record("gave way") } }
        #expect(places.count == 8)
        #expect(
            places.map { scene.visits.turn(of: $0, names: 2, now: scene.now) } == Array(repeating: .now, count: 4)
                + Array(repeating: .later, count: 4))
        scene.milliseconds += 500
        #expect(places[4...].map { scene.visits.turn(of: $0, names: 2, now: scene.now) } == [.now, .now, .later, .later])
        scene.visits.leave(places[7])
        #expect(scene.visits.turn(of: places[7], names: 2, now: scene.now) == .never)
    }

    @Test("a network begins two handshakes a second, others theirs")
    func rate() throws {
        let scene = Scene()
        var begun = 0
        // One after the other for ten seconds, each gone at once.
        for _ in 0..<1_000 {
            let place = try #require(try scene.enter("192.0.2.1"))
            if scene.begin(place) { begun += 1 }
            scene.visits.leave(place)
            scene.milliseconds += 10
        }
        #expect((20...22).contains(begun))
        #expect(scene.begin(try scene.enter("192.0.3.1")))
    }

    @Test("there are sixty-four, and whoever came first and said nothing gives way to any network")
    func full() throws {
        let scene = Scene()
        let places = try (0..<64).map { try scene.enter("10.0.\($0).1") }
        #expect(Set(places).count == 64 && !places.contains(nil))
        #expect(scene.begin(places[0]))
        for index in 1...3 { #expect(try scene.enter("10.1.\(index).1") != nil) }
        #expect(scene.hasLeft == places[1...3].compactMap(\.self))
        scene.visits.leave(try #require(places[10]))
        #expect(try scene.enter("10.2.1.1") != nil)
        #expect(scene.hasLeft.count == 3)
    }

    @Test("with sixty-four hellos none is heard, until the oldest of them is a second old")
    func fullOfHellos() throws {
        let scene = Scene()
        let places = try (0..<64).map { try scene.enter("10.0.\($0).1") }
        for place in places { #expect(scene.begin(place)) }
        #expect(try scene.enter("192.0.2.1") == nil)
        scene.milliseconds += 1_001
        #expect(try scene.enter("192.0.2.1") != nil)
        #expect(scene.hasLeft == [places[0]])
    }
}
