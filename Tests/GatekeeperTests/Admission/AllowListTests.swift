import Testing

@testable import Gatekeeper

struct AllowListTests {
    private let now: Int64 = 1_800_000_000

    @Test("an empty list admits nobody")
    func empty() throws {
        let list = AllowList([])
        #expect(list.entry(for: PeerAddress(ipv4: 0), nowUnixSeconds: now) == nil)
        #expect(list.entry(for: PeerAddress(high: 0, low: 0), nowUnixSeconds: now) == nil)
    }

    @Test("the longest prefix decides, wherever it stands in the list")
    func longest() throws {
        let list = try makeList(["0.0.0.0/0", "10.1.0.0/16", "10.0.0.0/8", "10.1.2.3"])
        #expect(list.entry(for: try PeerAddress(parsing: "10.1.2.3"), nowUnixSeconds: now) == 3)
        #expect(list.entry(for: try PeerAddress(parsing: "10.1.2.4"), nowUnixSeconds: now) == 1)
        #expect(list.entry(for: try PeerAddress(parsing: "10.2.2.4"), nowUnixSeconds: now) == 2)
        #expect(list.entry(for: try PeerAddress(parsing: "11.2.2.4"), nowUnixSeconds: now) == 0)
        #expect(list.entry(for: try PeerAddress(parsing: "::1"), nowUnixSeconds: now) == nil)
    }

    @Test("of equal prefixes the first decides")
    func duplicates() throws {
        let list = try makeList(["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1/32"])
        #expect(list.entry(for: try PeerAddress(parsing: "192.0.2.1"), nowUnixSeconds: now) == 0)
    }

    @Test("a peer in the IPv4-mapped form is the IPv4 peer")
    func mapped() throws {
        let list = try makeList(["192.0.2.0/24"])
        #expect(list.entry(for: try PeerAddress(parsing: "::ffff:192.0.2.77"), nowUnixSeconds: now) == 0)
        #expect(list.entry(for: try PeerAddress(parsing: "::192.0.2.77"), nowUnixSeconds: now) == nil)
    }

    @Test("IPv6 networks that span the mapped range admit no IPv4 peer", arguments: ["::/0", "::/1", "::/80", "::/95"])
    func familiesStayApart(network: String) throws {
        let list = try makeList([network])
        #expect(list.entry(for: try PeerAddress(parsing: "192.0.2.1"), nowUnixSeconds: now) == nil)
        #expect(list.entry(for: try PeerAddress(parsing: "::1"), nowUnixSeconds: now) == 0)
    }

    @Test("knows which prefixes stand on it, ended or not, and which only lie in one of them")
    func holds() throws {
        for end in [nil, Int64(1)] {
            var entries = try ["10.1.0.0/16", "10.0.0.0/8", "10.1.2.3", "::/0", "2001:db8::/32"].map {
                Settings.AllowEntry(prefix: try AddressPrefix(parsing: $0))
            }
            for index in entries.indices { entries[index].endsAtUnixSeconds = end }
            let list = AllowList(entries)
            for entry in entries { #expect(list.holds(entry.prefix)) }
            for other in ["10.1.0.0/17", "10.1.2.4", "10.0.0.0", "0.0.0.0/0", "::", "2001:db8::/33", "2001::/16"] {
                #expect(!list.holds(try AddressPrefix(parsing: other)), "\(other)")
            }
        }
    }

    @Test("agrees with looking through the list one by one")
    func oracle() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let entries = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
                Settings.AllowEntry(
                    prefix: AddressPrefix(containing: address(&random), length: Int.random(in: 0...128, using: &random)))
            }
            let list = AllowList(entries)
            for round in 0..<400 {
                var peer = address(&random)
                if round % 2 == 0, let entry = entries.randomElement(using: &random) { peer = entry.prefix.address }
                if round % 4 == 0 { peer.low ^= 1 << UInt64.random(in: 0..<32, using: &random) }
                let expected = entries.indices.filter { entries[$0].prefix.contains(peer) }
                    .max { (entries[$0].prefix.length, $1) < (entries[$1].prefix.length, $0) }
                #expect(list.entry(for: peer, nowUnixSeconds: now) == expected, "seed \(seed), peer \(peer)")
            }
        }
    }

    @Test("a hundred thousand addresses are all found, their neighbours not")
    func large() {
        let entries = (0..<100_000).map { Settings.AllowEntry(prefix: AddressPrefix(PeerAddress(ipv4: UInt32($0 * 2)))) }
        let list = AllowList(entries)
        func index(of address: Int) -> Int? { list.entry(for: PeerAddress(ipv4: UInt32(address)), nowUnixSeconds: now) }
        let isRight = (0..<100_000).allSatisfy { index(of: $0 * 2) == $0 && index(of: $0 * 2 + 1) == nil }
        #expect(isRight)
    }

    @Test("an entry that has ended admits nobody, to the second")
    func ends() throws {
        let list = try makeList(["192.0.2.1", "192.0.2.2"], ends: [now, nil])
        let peer = try PeerAddress(parsing: "192.0.2.1")
        #expect(list.find(peer, nowUnixSeconds: now - 1) == .entry(0))
        #expect(list.find(peer, nowUnixSeconds: now) == .ended)
        #expect(list.find(try PeerAddress(parsing: "192.0.2.2"), nowUnixSeconds: .max) == .entry(1))
        #expect(list.find(try PeerAddress(parsing: "192.0.2.3"), nowUnixSeconds: now) == .stranger)
    }

    @Test("where one entry has ended, another that covers the address admits")
    func endsBesideOthers() throws {
        let list = try makeList(["192.0.2.1", "192.0.2.0/24", "192.0.2.1", "192.0.0.0/16"], ends: [now - 9, now + 9, now, nil])
        let peer = try PeerAddress(parsing: "192.0.2.1")
        #expect(list.find(peer, nowUnixSeconds: now - 10) == .entry(2))
        #expect(list.find(peer, nowUnixSeconds: now - 5) == .entry(2))
        #expect(list.find(peer, nowUnixSeconds: now) == .entry(1))
        #expect(list.find(peer, nowUnixSeconds: now + 9) == .entry(3))
    }

    @Test("of equal prefixes without an end the first decides, also in a list where others end")
    func equalBesideEnds() throws {
        let list = try makeList(["192.0.2.7", "192.0.2.1", "192.0.2.1"], ends: [now, nil, nil])
        #expect(list.find(try PeerAddress(parsing: "192.0.2.1"), nowUnixSeconds: now) == .entry(1))
    }

    @Test("the next end is the first that is still to come")
    func nextEnd() throws {
        var settings = Settings(
            listeners: [], tls: Settings.TLS([]), allow: Array(try makeList(["::1", "::2", "::3"], ends: [now, now + 5, nil]).entries),
            upstream: Settings.Upstream([]))
        #expect(settings.nextEnd(afterUnixSeconds: now - 1) == now)
        #expect(settings.nextEnd(afterUnixSeconds: now) == now + 5)
        #expect(settings.nextEnd(afterUnixSeconds: now + 5) == nil)
        settings.allow = []
        #expect(settings.nextEnd(afterUnixSeconds: 0) == nil)
    }

    private func makeList(_ texts: [String], ends: [Int64?] = []) throws -> AllowList {
        var entries = try texts.map { Settings.AllowEntry(prefix: try AddressPrefix(parsing: $0)) }
        for (index, end) in ends.enumerated() { entries[index].endsAtUnixSeconds = end }
        return AllowList(entries)
    }

    /// Few distinct high bits, so that networks and peers meet.
    private func address(_ random: inout SeededGenerator) -> PeerAddress {
        let low = random.next() & 0xf00f_0000_ff0f_ff0f
        if Bool.random(using: &random) { return PeerAddress(ipv4: UInt32(truncatingIfNeeded: low)) }
        return PeerAddress(high: low & 0xf << 60, low: low)
    }
}
