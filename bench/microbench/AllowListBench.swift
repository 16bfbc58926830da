import Gatekeeper

/// What it costs to find out whether a peer is on the list, for lists of different sizes and shapes.
///
/// `same` asks for one address again and again (a busy source, or one stranger): everything is in the nearest cache. `any` asks for 65 536
/// different ones, so that a large list comes from memory: the difference between sizes is then the machine's, not the algorithm's.
struct AllowListBench {
    /// Prefix lengths mixed evenly into a list; 128 is an exact address.
    static let lengthSets: [[Int]] = [[128], [128, 120, 112, 104], [128, 124, 123, 122, 121, 120, 119, 118, 117, 116, 112, 104]]

    private let list: AllowList
    private let title: String
    private let hits: [PeerAddress]
    private let misses: [PeerAddress]

    init(entries: Int, lengths: [Int]) {
        var random = SeededGenerator(seed: 7)
        // Listed networks lie in 0.0.0.0/1, strangers in 128.0.0.0/1.
        var listed: [Settings.AllowEntry] = []
        listed.reserveCapacity(entries)
        for index in 0..<entries {
            let address = PeerAddress(ipv4: UInt32(truncatingIfNeeded: random.next()) >> 1)
            listed.append(Settings.AllowEntry(prefix: AddressPrefix(containing: address, length: lengths[index % lengths.count])))
        }
        list = AllowList(listed)
        title = "\(entries)".padded(to: 9) + "\(lengths.count)".padded(to: 8)
        hits = (0..<65_536).map { _ in
            let prefix = listed[Int(random.next() % UInt64(entries))].prefix
            let host = prefix.isExact ? 0 : random.next() & (UInt64.max >> (UInt64(prefix.length) - 64))
            return PeerAddress(high: prefix.address.high, low: prefix.address.low | host)
        }
        misses = (0..<65_536).map { _ in PeerAddress(ipv4: UInt32(truncatingIfNeeded: random.next()) | 1 << 31) }
    }

    func run() {
        print("  entries \(title) lengths  " + report("hit", hits, expected: true) + report("miss", misses, expected: false))
    }

    private func report(_ name: String, _ peers: [PeerAddress], expected: Bool) -> String {
        let same = measure([PeerAddress](repeating: peers[0], count: peers.count), expected)
        let any = measure(peers, expected)
        return "\(name): same \(same.nanoseconds.short.padded(to: 6)) any \(any.nanoseconds.short.padded(to: 6))"
            + " malloc \("\(same.allocations + any.allocations)".padded(to: 4))"
    }

    private func measure(_ peers: [PeerAddress], _ expected: Bool) -> Stopwatch.Figure {
        Stopwatch.measure(count: peers.count) {
            var found = 0
            for peer in peers where list.entry(for: peer, nowUnixSeconds: 1_770_000_000) != nil { found += 1 }
            precondition(found == (expected ? peers.count : 0))
        }
    }
}
