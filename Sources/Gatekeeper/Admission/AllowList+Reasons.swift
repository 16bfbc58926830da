/// Why an address isn't admitted: for explanations, at their leisure. Decided is by `find` alone.
extension AllowList {
    /// Of the entries for `peer` that have ended, the one that ended last.
    package func endedEntry(for peer: PeerAddress) -> EntryIndex? {
        entries.indices.filter { entries[$0].endsAtUnixSeconds != nil && entries[$0].prefix.contains(peer) }
            .max { (entries[$0].endsAtUnixSeconds ?? 0) < (entries[$1].endsAtUnixSeconds ?? 0) }
    }

    /// The entry that admits `peer`, or would but for a lockdown; nil for everybody else.
    package func listedEntry(for peer: PeerAddress, nowUnixSeconds: Int64) -> EntryIndex? {
        switch find(peer, nowUnixSeconds: nowUnixSeconds) {
        case .entry(let index), .shutOut(let index): index
        case .ended, .stranger: nil
        }
    }

    /// The entry that has most leading bits in common with a stranger, the first one if several have: a slip of a digit, often. Nil where
    /// none has as many as addresses of one network do.
    package func nearestEntry(to peer: PeerAddress) -> EntryIndex? {
        var nearest: (index: EntryIndex, bits: Int)?
        let bitsMin = peer.isIPv4 ? 96 + 8 : 16
        for index in entries.indices where entries[index].prefix.isIPv4 == peer.isIPv4 {
            let bits = Self.bitsInCommon(entries[index].prefix.address, peer)
            if bits >= bitsMin, bits > (nearest?.bits ?? 0) { nearest = (index, bits) }
        }
        return nearest?.index
    }

    private static func bitsInCommon(_ a: PeerAddress, _ b: PeerAddress) -> Int {
        let high = (a.high ^ b.high).leadingZeroBitCount
        return high < 64 ? high : 64 + (a.low ^ b.low).leadingZeroBitCount
    }
}
