import Testing

@testable import Gatekeeper

struct SocketFilterTests {
    private func filter(_ networks: [String]) throws -> SocketFilter {
        SocketFilter(keeping: try networks.map { try AddressPrefix(parsing: $0) })
    }

    private func keeps(_ address: String, _ filter: SocketFilter) throws -> Bool {
        try FilterMachine.keeps(PeerAddress(parsing: address), filter)
    }

    @Test("without a list everybody is dropped", arguments: ["0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "ffff::"])
    func empty(address: String) throws {
        #expect(try !keeps(address, filter([])))
    }

    @Test("what is neither IPv4 nor IPv6 is dropped, whatever is listed")
    func otherVersions() throws {
        let filter = try filter(["0.0.0.0/0", "::/0"])
        for version in 0..<16 {
            let header = [UInt8(version << 4)] + [UInt8](repeating: 0, count: 39)
            #expect(try FilterMachine.run(filter, on: header).keeps == (version == 4 || version == 6))
        }
    }

    @Test("an address and its neighbours")
    func exact() throws {
        let filter = try filter(["192.0.2.9", "2001:db8::1:0:0:9"])
        #expect(!filter.isCoarse)
        for kept in ["192.0.2.9", "2001:db8::1:0:0:9"] { #expect(try keeps(kept, filter)) }
        for dropped in [
            "192.0.2.8", "192.0.2.10", "2001:db8::1:0:0:8", "2001:db8::1:0:0:a", "2001:db8::2:0:0:9", "2001:db9::1:0:0:9", "::",
        ] {
            #expect(try !keeps(dropped, filter), "\(dropped)")
        }
    }

    @Test(
        "a network is kept from its first address to its last",
        arguments: [
            ("0.0.0.0/0", [], ["::", "::1"]), ("0.0.0.0/1", ["0.0.0.0", "127.255.255.255"], ["128.0.0.0", "::"]),
            ("128.0.0.0/1", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255"]),
            ("10.1.2.128/25", ["10.1.2.128", "10.1.2.255"], ["10.1.2.127", "10.1.3.0"]),
            ("255.255.255.255", ["255.255.255.255"], ["255.255.255.254"]), ("0.0.0.0", ["0.0.0.0"], ["0.0.0.1", "::"]),
            ("::", ["::"], ["::1", "0.0.0.0"]),
            ("::/0", ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["0.0.0.0", "255.255.255.255"]),
            ("2001:db8::/33", ["2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"], ["2001:db8:8000::", "2001:db7:ffff::"]),
            ("2001:db8:0:8::/61", ["2001:db8:0:8::", "2001:db8:0:f:ffff:ffff:ffff:ffff"], ["2001:db8:0:7::", "2001:db8:0:10::"]),
            ("2001:db8::ff00/120", ["2001:db8::ff00", "2001:db8::ffff"], ["2001:db8::fe00", "2001:db8::1:0"]),
            ("ffff:ffff::/32", ["ffff:ffff::", "ffff:ffff:ffff::"], ["ffff:fffe::"]),
        ])
    func edges(network: String, kept: [String], dropped: [String]) throws {
        let filter = try filter([network])
        for address in kept { #expect(try keeps(address, filter), "\(address)") }
        for address in dropped { #expect(try !keeps(address, filter), "\(address)") }
    }

    @Test("an IPv4 peer passes by the entry in IPv4's form and in the mapped one")
    func mapped() throws {
        let filter = try filter(["::ffff:192.0.2.0/120"])
        #expect(try keeps("192.0.2.77", filter))
        #expect(try keeps("::ffff:192.0.2.77", filter))
        #expect(try !keeps("::192.0.2.77", filter))
    }

    @Test("networks that touch or overlap become one range, and families stay apart")
    func joining() throws {
        let prefixes = try ["10.0.1.0/24", "10.0.0.0/24", "10.0.0.7", "255.255.255.255", "::", "::1"].map { try AddressPrefix(parsing: $0) }
        #expect(
            AddressRange.disjoint(prefixes) == [
                AddressRange(isIPv4: true, first: 0x0a00_0000, last: 0x0a00_01ff),
                AddressRange(isIPv4: true, first: 0xffff_ffff, last: 0xffff_ffff), AddressRange(isIPv4: false, first: 0, last: 1),
            ])
    }

    @Test("of ranges that are too many the nearest are joined, by the part of their family that lies between, and never across families")
    func joiningByWidth() throws {
        let ranges = AddressRange.disjoint(
            try ["10.0.0.0", "10.0.0.2", "10.0.1.0", "2001:db8::1", "2001:db8::ffff", "fd80::1"].map { try AddressPrefix(parsing: $0) })
        func spans(_ count: Int) -> [Int] {
            AddressRange.joined(ranges, to: count).map { range in ranges.count { range.first <= $0.first && $0.last <= range.last } }
        }
        #expect(spans(6) == [1, 1, 1, 1, 1, 1])
        #expect(spans(5) == [1, 1, 1, 2, 1])
        #expect(spans(4) == [2, 1, 2, 1])
        #expect(spans(3) == [3, 2, 1])
        for count in 0...2 { #expect(spans(count) == [3, 3]) }
    }

    @Test("agrees with the allow-list on random lists and the edges of their networks")
    func oracle() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for round in 0..<80 {
            let entries = (0..<Int.random(in: 0..<(round % 8 == 0 ? 300 : 40), using: &random)).map { _ in
                let address = Self.address(&random)
                let length = Bool.random(using: &random) ? 128 : Int.random(in: (address.isIPv4 ? 96 : 0)...128, using: &random)
                return Settings.AllowEntry(prefix: AddressPrefix(containing: address, length: length))
            }
            let filter = SocketFilter(keeping: entries.map(\.prefix))
            try #require(!filter.isCoarse, "seed \(seed)")
            let list = AllowList(entries)
            var peers = (0..<100).map { _ in Self.address(&random) }
            for entry in entries { peers += Self.edges(of: entry.prefix) }
            for peer in peers {
                let isListed = list.entry(for: peer, nowUnixSeconds: 0) != nil
                let isKept = try FilterMachine.keeps(peer, filter)
                // The kernel's filter can't see by which interface a link-local address (fe80::/10) came: it lets more through there.
                let isLinkLocal = !peer.isIPv4 && peer.high >> 54 == 0x3fa
                #expect(isKept == isListed || isLinkLocal && isKept, "seed \(seed), peer \(peer)")
            }
        }
    }

    @Test("a list that doesn't fit is coarsened, fits, and loses nobody", arguments: [64, 300, 4096])
    func coarse(limit: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for families in [[true], [false], [true, false]] {
            let prefixes = (0..<limit).map { _ in
                let isIPv4 = families.randomElement(using: &random) ?? true
                return AddressPrefix(
                    isIPv4
                        ? PeerAddress(ipv4: UInt32.random(in: .min ... .max, using: &random))
                        : PeerAddress(high: 0x2001_0db8 << 32 | UInt64.random(in: 0..<0x1_0000_0000, using: &random), low: random.next()))
            }
            let filter = SocketFilter(keeping: prefixes, instructionsMax: limit)
            #expect(filter.isCoarse)
            #expect(
                filter.instructions.count <= limit && filter.instructions.count > limit / 2, "\(filter.instructions.count), seed \(seed)")
            for prefix in prefixes { #expect(try FilterMachine.keeps(prefix.address, filter), "seed \(seed), \(prefix)") }
            // It still is a filter: of IPv4 the widest gaps stay closed.
            let strangers = (0..<2000).map { _ in PeerAddress(ipv4: UInt32.random(in: .min ... .max, using: &random)) }
            let kept = try strangers.count { try FilterMachine.keeps($0, filter) }
            #expect(kept < strangers.count * 9 / 10, "\(kept), seed \(seed)")
        }
    }

    @Test("nearest neighbours are joined first")
    func nearest() throws {
        let networks = (0..<40).map { "10.\($0).0.0" } + ["10.3.0.2"]
        let prefixes = try networks.map { try AddressPrefix(parsing: $0) }
        let whole = SocketFilter(keeping: prefixes)
        let filter = SocketFilter(keeping: prefixes, instructionsMax: whole.instructions.count - 1)
        #expect(filter.isCoarse)
        #expect(try keeps("10.3.0.1", filter))
        #expect(try !keeps("10.4.0.1", filter))
    }

    @Test("a thousand addresses of each family fit or nearly, and a look at one takes a dozen steps or two")
    func depth() throws {
        var random = SeededGenerator(seed: 7)
        let addresses = (0..<1900).map { _ in PeerAddress(ipv4: UInt32.random(in: .min ... .max, using: &random)) }
        let filter = SocketFilter(keeping: addresses.map { AddressPrefix($0) })
        #expect(!filter.isCoarse)
        for address in addresses {
            let run = try FilterMachine.run(filter, on: FilterMachine.header(from: address))
            #expect(run.keeps && run.steps <= 25, "\(run.steps)")
        }
    }

    /// Of either family, from few networks, so that lists and peers meet.
    private static func address(_ random: inout SeededGenerator) -> PeerAddress {
        let words: [UInt64] = [0, 1, 0x2001_0db8, 0xffff_ffff, UInt64(UInt32.random(in: .min ... .max, using: &random))]
        func word() -> UInt64 { words.randomElement(using: &random) ?? 0 }
        if Bool.random(using: &random) { return PeerAddress(ipv4: UInt32(truncatingIfNeeded: word() ^ word())) }
        return PeerAddress(high: word() << 32 | word(), low: word() << 32 | word())
    }

    /// First and last address and those beside them, where the family goes on.
    private static func edges(of prefix: AddressPrefix) -> [PeerAddress] {
        let range = AddressRange(prefix)
        let limit: UInt128 = prefix.isIPv4 ? 0xffff_ffff : .max
        let values = [range.first, range.last, range.first == 0 ? 0 : range.first - 1, range.last == limit ? limit : range.last + 1]
        return values.map { value in
            prefix.isIPv4
                ? PeerAddress(ipv4: UInt32(value)) : PeerAddress(high: UInt64(value >> 64), low: UInt64(truncatingIfNeeded: value))
        }
    }
}
