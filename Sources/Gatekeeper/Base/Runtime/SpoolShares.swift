/// Who holds how much of the spool.
///
/// A source may hold as much as is free beside it: half of all when it is alone, a third when there are two. So there is always room for
/// somebody who comes later, however many bodies the others leave unfinished.
struct SpoolShares {
    private(set) var held = 0
    private var bySource: [PeerAddress: Int] = [:]

    /// False when there is no room for that.
    mutating func take(_ count: Int, for source: PeerAddress, totalMax: Int) -> Bool {
        let own = bySource[source] ?? 0
        guard own + count <= totalMax - held else { return false }
        held += count
        bySource[source] = own + count
        return true
    }

    mutating func give(_ count: Int, of source: PeerAddress) {
        held -= count
        let rest = (bySource[source] ?? 0) - count
        bySource[source] = rest > 0 ? rest : nil
    }
}
