import Testing

@testable import Gatekeeper

@Suite("The allow-list in a lockdown")
struct AllowListLockdownTests {
    private let now: Int64 = 1_800_000_000

    private func list(_ entries: (String, LockdownEffect, Int64?)...) throws -> AllowList {
        AllowList(
            try entries.map { text, effect, end in
                var entry = Settings.AllowEntry(prefix: try AddressPrefix(parsing: text))
                (entry.lockdown, entry.endsAtUnixSeconds) = (effect, end)
                return entry
            })
    }

    private func find(_ text: String, in list: AllowList) throws -> AllowList.Match {
        list.find(try PeerAddress(parsing: text), nowUnixSeconds: now)
    }

    @Test("who is shut out is told from a stranger, and the narrowest entry says who somebody is")
    func narrowest() throws {
        let list = try list(
            ("10.0.0.0/8", .none, nil), ("10.1.2.3", .shutOut, nil), ("192.0.2.0/24", .shutOut, nil), ("192.0.2.7", .none, nil))
        #expect(try find("10.1.2.4", in: list) == .entry(0))
        #expect(try find("10.1.2.3", in: list) == .shutOut(1))
        #expect(try find("192.0.2.8", in: list) == .shutOut(2))
        #expect(try find("192.0.2.7", in: list) == .entry(3))
        #expect(try find("198.51.100.1", in: list) == .stranger)
        #expect(list.listedEntry(for: try PeerAddress(parsing: "10.1.2.3"), nowUnixSeconds: now) == 1)
        #expect(list.listedEntry(for: try PeerAddress(parsing: "10.1.2.4"), nowUnixSeconds: now) == 0)
        #expect(list.listedEntry(for: try PeerAddress(parsing: "198.51.100.1"), nowUnixSeconds: now) == nil)
    }

    @Test("one that is passed over leaves the decision to a wider entry, and is the reason where there is none")
    func passedOver() throws {
        let list = try list(("192.0.2.7", .passedOver, now + 60), ("192.0.2.0/24", .none, nil), ("198.51.100.7", .passedOver, now + 60))
        #expect(try find("192.0.2.7", in: list) == .entry(1))
        #expect(try find("198.51.100.7", in: list) == .shutOut(2))
        #expect(try find("198.51.100.8", in: list) == .stranger)
    }

    @Test("of equal prefixes the one that admits decides, wherever it stands, and what has ended shuts nobody out")
    func equal() throws {
        let list = try list(
            ("192.0.2.7", .shutOut, nil), ("192.0.2.7", .none, now + 60), ("192.0.2.9", .shutOut, now - 1),
            ("192.0.2.11", .passedOver, now - 1))
        #expect(try find("192.0.2.7", in: list) == .entry(1))
        #expect(try find("192.0.2.9", in: list) == .ended)
        #expect(try find("192.0.2.11", in: list) == .ended)
    }

    @Test("admission says lockdown and counts nothing")
    func denial() throws {
        let counters = SourceCounters()
        let list = try list(("192.0.2.7", .shutOut, nil), ("192.0.2.9", .none, nil))
        let admission = Admission(list, limits: Settings.Limits(), counters: counters)
        let (out, kept) = (try PeerAddress(parsing: "192.0.2.7"), try PeerAddress(parsing: "192.0.2.9"))
        #expect(admission.decide(out, nowUnixSeconds: now) == .denied(.lockdown))
        #expect(counters.connections == 0)
        #expect(admission.decide(kept, nowUnixSeconds: now) == .admitted(entry: 1))
        #expect(admission.entry(for: out, nowUnixSeconds: now) == nil)
    }
}
