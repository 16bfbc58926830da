/// The addresses that may speak to the ticket API.
///
/// Consulted once per accepted connection, before a byte is read or a TLS session exists: a stranger must cost us less than
/// the `accept4` that met him. Exact addresses are one hash probe; prefixes one probe per distinct length, however long the list.
///
/// A list never changes. Reloading builds another, so looking up takes no lock and no atomic.
package struct AllowList: Sendable {
    /// As configured, in order; an `EntryIndex` is an index into it.
    package let entries: ContiguousArray<Settings.AllowEntry>
    /// Of entries for the same prefix the table knows only the one that decides.
    private let table: PrefixTable
    /// From an index of the table to an entry, those that admit in a lockdown first and of them the one that ends last; empty when no entry ends
    /// and there is no lockdown, and both are the same.
    private let byEnd: ContiguousArray<EntryIndex>

    package typealias EntryIndex = Int

    /// What the list says of an address.
    package enum Match: Equatable, Sendable {
        case entry(EntryIndex)
        /// Whatever admitted it has ended.
        case ended
        /// What would admit it is shut out by a lockdown.
        case shutOut(EntryIndex)
        case stranger
    }

    /// Of entries for the same prefix the one that ends last decides, the first one if none ends.
    package init(_ entries: some Collection<Settings.AllowEntry>) {
        let entries = ContiguousArray(entries)
        self.entries = entries
        guard entries.contains(where: { $0.endsAtUnixSeconds != nil || $0.lockdown != .none }) else {
            byEnd = []
            table = PrefixTable(entries.lazy.map(\.prefix))
            return
        }
        func end(_ index: EntryIndex) -> Int64 { entries[index].endsAtUnixSeconds ?? .max }
        func rank(_ index: EntryIndex) -> UInt8 { entries[index].lockdown.rawValue }
        let byEnd = ContiguousArray(entries.indices.sorted { (rank($1), end($0), $1) > (rank($0), end($1), $0) })
        self.byEnd = byEnd
        table = PrefixTable(byEnd.map { entries[$0].prefix })
    }

    /// The entry that admits `peer` now, the one with the longest prefix if several do. One that has ended stands in nobody's way: a
    /// wider network that goes on still admits. One that a lockdown shuts out does, and is the last word.
    package func find(_ peer: PeerAddress, nowUnixSeconds: Int64) -> Match {
        if byEnd.isEmpty {
            return table.index(containing: peer).map { .entry($0) } ?? .stranger
        }
        var isKnown = false
        var shutOut: EntryIndex?
        let live = table.index(containing: peer) { index in
            isKnown = true
            let isLive = entries[byEnd[index]].endsAtUnixSeconds.map { $0 > nowUnixSeconds } ?? true
            guard isLive, entries[byEnd[index]].lockdown == .passedOver else { return isLive }
            shutOut = shutOut ?? byEnd[index]
            return false
        }
        if let live { return entries[byEnd[live]].lockdown == .none ? .entry(byEnd[live]) : .shutOut(byEnd[live]) }
        if let shutOut { return .shutOut(shutOut) }
        return isKnown ? .ended : .stranger
    }

    /// Whether an entry for exactly this prefix is on the list, ended or not.
    func holds(_ prefix: AddressPrefix) -> Bool {
        let index = table.index(containing: prefix.address) { entries[byEnd.isEmpty ? $0 : byEnd[$0]].prefix == prefix }
        return index != nil
    }

    /// The entry that admits `peer` now; nil for everybody else.
    package func entry(for peer: PeerAddress, nowUnixSeconds: Int64) -> EntryIndex? {
        if case .entry(let index) = find(peer, nowUnixSeconds: nowUnixSeconds) { index } else { nil }
    }
}
