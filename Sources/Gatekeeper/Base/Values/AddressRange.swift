/// Addresses from one to another, both included, of one family: what networks become when they are sorted and joined.
struct AddressRange: Equatable, Sendable {
    var isIPv4: Bool
    /// An IPv4 address counts from 0 here, as its own 32 bits do.
    var first: UInt128
    var last: UInt128

    init(isIPv4: Bool, first: UInt128, last: UInt128) {
        self.isIPv4 = isIPv4
        self.first = first
        self.last = last
    }

    init(_ prefix: AddressPrefix) {
        isIPv4 = prefix.isIPv4
        // As packets have it: the kernel's filter keeps a link-local address of whatever interface.
        let network = prefix.address.withoutZone
        let address = UInt128(network.high) << 64 | UInt128(network.low)
        first = isIPv4 ? address & 0xffff_ffff : address
        last = first | (prefix.length == 0 ? .max : (1 << (128 - UInt128(prefix.length))) - 1)
    }

    /// Bits of an address of the family.
    var bits: Int { isIPv4 ? 32 : 128 }

    /// The addresses of all networks, IPv4 before IPv6, in order, none touching the next.
    static func disjoint(_ prefixes: some Sequence<AddressPrefix>) -> [AddressRange] {
        let sorted = prefixes.map(AddressRange.init).sorted { a, b in
            a.isIPv4 == b.isIPv4 ? (a.first, a.last) < (b.first, b.last) : a.isIPv4
        }
        var ranges: [AddressRange] = []
        for range in sorted {
            guard let before = ranges.last, before.isIPv4 == range.isIPv4, before.last == .max || range.first <= before.last + 1 else {
                ranges.append(range)
                continue
            }
            ranges[ranges.count - 1].last = max(before.last, range.last)
        }
        return ranges
    }

    /// At most `count` ranges, or one for each family, that hold all of these: those are joined between which there is the least part of their
    /// family's addresses.
    static func joined(_ ranges: [AddressRange], to count: Int) -> [AddressRange] {
        guard ranges.count > count else { return ranges }
        func width(_ index: Int) -> UInt128 {
            let gap = ranges[index].first - ranges[index - 1].last
            return ranges[index].isIPv4 ? gap << 96 : gap
        }
        // By the index of the range behind each; where one family ends is no gap.
        let gaps = ranges.indices.dropFirst().filter { ranges[$0].isIPv4 == ranges[$0 - 1].isIPv4 }
            .map { (index: $0, width: width($0)) }.sorted { ($0.width, $0.index) < ($1.width, $1.index) }
        let closed = Set(gaps.prefix(ranges.count - count).map(\.index))
        var joined: [AddressRange] = []
        for (index, range) in ranges.enumerated() {
            if closed.contains(index) { joined[joined.count - 1].last = range.last } else { joined.append(range) }
        }
        return joined
    }
}
