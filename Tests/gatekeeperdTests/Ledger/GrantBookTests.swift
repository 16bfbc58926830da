import Gatekeeper
import Testing

@testable import gatekeeperd

struct GrantBookTests {
    @Test("a grant ends on a full second, at the earliest when it was asked to")
    func fullSecond() throws {
        let scene = try GrantScene()
        for offset in [0, 1, 500, 999] as [Int64] {
            let now = WallTime(milliseconds: 1_770_000_000_000 + offset)
            let request = try GrantRequest(address: "192.0.2.\(offset % 250 + 1)", seconds: 3, reason: "look")
            let end = try scene.book.grant(request, by: GrantScene.alice, at: now).grant.endsAt
            #expect(end.milliseconds % 1000 == 0 && (3_000..<4_000).contains(end.milliseconds(since: now)))
        }
    }

    @Test("a grant admits until the millisecond of its end, and expires once")
    func expiry() throws {
        let scene = try GrantScene()
        let outcome = try scene.grant("192.0.2.9", seconds: 3)
        #expect(outcome.change == .made)
        #expect(scene.book.nextExpiry == outcome.grant.endsAt)
        scene.now = outcome.grant.endsAt.advanced(byMilliseconds: -1)
        #expect(scene.active == ["192.0.2.9"])
        #expect(scene.expire().isEmpty)
        scene.now = outcome.grant.endsAt
        #expect(scene.active.isEmpty)
        let expired = scene.expire()
        #expect(expired.map(\.ending) == [Grant.Ending(at: outcome.grant.endsAt, how: .expired)])
        #expect(scene.expire().isEmpty)
        #expect(scene.book.nextExpiry == nil)
    }

    @Test("a process that has handed over goes by what the next one writes, and writes nothing itself")
    func follow() throws {
        let scene = try GrantScene()
        for (address, seconds) in [("192.0.2.8", 30), ("192.0.2.9", 3), ("192.0.2.10", 3)] { try scene.grant(address, seconds: seconds) }
        #expect(!scene.book.follow(at: scene.now))
        let next = try GrantScene(folder: scene.folder, now: scene.now)
        #expect(next.book.revoke(try AddressPrefix(parsing: "192.0.2.8"), by: GrantScene.bob, at: next.now) != nil)
        try next.grant("192.0.2.10", seconds: 60)
        #expect(scene.book.follow(at: scene.now))
        #expect(Set(scene.active) == ["192.0.2.9", "192.0.2.10"])
        scene.pass(seconds: 3)
        #expect(scene.book.follow(at: scene.now))
        #expect(scene.active == ["192.0.2.10"])
        #expect(!scene.book.follow(at: scene.now))
        #expect(try next.book.history().filter { $0.ending == nil }.count == 2)
    }

    @Test("a grant's label is kept over a restart, stays when the end is put off without one, and is changed by another")
    func label() throws {
        let scene = try GrantScene()
        #expect(try scene.grant("192.0.2.9", label: "Tickets").grant.label == "Tickets")
        scene.pass(seconds: 10)
        let later = try scene.grant("192.0.2.9", reason: "more")
        #expect(later.grant.label == "Tickets" && later.grant.reason == "more")
        let other = try scene.grant("192.0.2.9", seconds: 60, reason: "assets", label: "Assets")
        #expect(other.change == .labelled && other.grant.endsAt == later.grant.endsAt)
        #expect(try scene.grant("192.0.2.9", seconds: 60, label: "Assets").change == .none)
        try scene.grant("192.0.2.8")
        let next = try GrantScene(folder: scene.folder, now: scene.now)
        #expect(next.book.active(at: next.now).map(\.label) == ["Assets", nil])
    }

    @Test("granting again puts the end off, never forward")
    func extension_() throws {
        let scene = try GrantScene()
        let first = try scene.grant("192.0.2.0/24", seconds: 100)
        scene.pass(seconds: 10)
        let second = try scene.grant("192.0.2.0/24", seconds: 200, reason: "more", by: GrantScene.bob)
        #expect(second.change == .extended(from: first.grant.endsAt))
        #expect(second.grant.identifier == first.grant.identifier)
        #expect(second.grant.endsAt == scene.now.advanced(byMilliseconds: 200_000))
        #expect(second.grant.madeBy == GrantScene.alice)
        #expect(second.grant.extended == Grant.Extension(at: scene.now, by: GrantScene.bob))
        #expect(try scene.grant("192.0.2.0/24", seconds: 5).change == .none)
        #expect(scene.book.nextExpiry == second.grant.endsAt)
        #expect(try GrantScene(folder: scene.folder, now: scene.now).book.active(at: scene.now) == [second.grant])
    }

    @Test("what is granted, used, extended, revoked and expired is the same after a restart")
    func restart() throws {
        let scene = try GrantScene()
        try scene.grant("192.0.2.1")
        try scene.grant("2001:db8::/32", seconds: 30, by: GrantScene.bob)
        try scene.grant("192.0.2.3", reason: "Käse 'quoted' \"twice\" ; -- %")
        scene.pass(seconds: 5)
        #expect(scene.book.recordUse(by: try peer("192.0.2.3"), at: scene.now).count == 1)
        #expect(scene.book.revoke(try prefix("192.0.2.1"), by: GrantScene.bob, at: scene.now) != nil)
        scene.pass(seconds: 60)
        #expect(scene.expire().map(\.address.description) == ["2001:db8::/32"])
        let again = try GrantScene(folder: scene.folder, now: scene.now)
        #expect(again.book.active(at: scene.now) == scene.book.active(at: scene.now))
        #expect(again.active == ["192.0.2.3"])
        #expect(try again.book.history() == scene.book.history())
        #expect(try again.book.history().map(\.ending?.how) == [nil, .expired, .revoked(by: GrantScene.bob)])
        #expect(again.expire().isEmpty)
        #expect(again.book.recordUse(by: try peer("192.0.2.3"), at: scene.now).isEmpty)
    }

    @Test("what ended while the service was down is found at the next start, once")
    func downtime() throws {
        let scene = try GrantScene()
        try scene.grant("192.0.2.1", seconds: 10)
        scene.pass(seconds: 3600)
        let next = try GrantScene(folder: scene.folder, now: scene.now)
        #expect(next.active.isEmpty)
        #expect(next.expire().map(\.ending) == [Grant.Ending(at: GrantScene.start.advanced(byMilliseconds: 10_000), how: .expired)])
        #expect(try GrantScene(folder: scene.folder, now: scene.now).expire().isEmpty)
    }

    @Test("the first use is told of once, for every grant that covers the peer and no other")
    func firstUse() throws {
        let scene = try GrantScene()
        for address in ["192.0.2.0/24", "192.0.2.7", "192.0.3.0/24", "2001:db8::/32"] { try scene.grant(address) }
        scene.pass(seconds: 1)
        let used = scene.book.recordUse(by: try peer("192.0.2.7"), at: scene.now)
        #expect(Set(used.map(\.address.description)) == ["192.0.2.0/24", "192.0.2.7"])
        #expect(used.allSatisfy { $0.firstUsedAt == scene.now })
        scene.pass(seconds: 1)
        #expect(scene.book.recordUse(by: try peer("192.0.2.7"), at: scene.now).isEmpty)
        scene.pass(seconds: 7200)
        #expect(scene.book.recordUse(by: try peer("192.0.3.1"), at: scene.now).isEmpty)
    }

    @Test("an expired grant that is made anew is another, and the first one is still told of")
    func anew() throws {
        let scene = try GrantScene()
        let first = try scene.grant("192.0.2.1", seconds: 1).grant
        scene.pass(seconds: 5)
        let second = try scene.grant("192.0.2.1", seconds: 60)
        #expect(second.change == .made)
        #expect(second.grant.identifier != first.identifier)
        #expect(scene.active == ["192.0.2.1"])
        #expect(scene.book.nextExpiry == first.endsAt)
        #expect(scene.expire().map(\.identifier) == [first.identifier])
        #expect(scene.expire().isEmpty)
        #expect(scene.book.nextExpiry == second.grant.endsAt)
        #expect(scene.active == ["192.0.2.1"])
    }

    @Test("nobody revokes what isn't granted, what covers it, or what is revoked already")
    func revoke() throws {
        let scene = try GrantScene()
        try scene.grant("192.0.2.0/24")
        for address in ["192.0.2.1", "198.51.100.1", "192.0.2.0/25"] {
            #expect(scene.book.revoke(try prefix(address), by: GrantScene.bob, at: scene.now) == nil)
        }
        let revoked = scene.book.revoke(try prefix("192.0.2.0/24"), by: GrantScene.bob, at: scene.now)
        #expect(revoked?.ending == Grant.Ending(at: scene.now, how: .revoked(by: GrantScene.bob)))
        #expect(scene.book.revoke(try prefix("192.0.2.0/24"), by: GrantScene.bob, at: scene.now) == nil)
        #expect(scene.expire().isEmpty)
    }

    @Test("there are at most so many grants at a time, and one more is refused by name")
    func bound() throws {
        let scene = try GrantScene()
        for number in 0..<GrantBook.countMax { try scene.grant("10.0.\(number / 250).\(number % 250)") }
        #expect(throws: LedgerError.self) { try scene.grant("192.0.2.1") }
        #expect(scene.active.count == GrantBook.countMax)
        #expect(scene.book.failure == nil)
        #expect(try scene.grant("10.0.0.1", seconds: 7200).change != .none)
    }
}
