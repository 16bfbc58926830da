/// The addresses that may speak to the ticket API.
///
/// Consulted once per accepted connection, before a byte is read or a TLS session exists: a stranger must cost us less than
/// the `accept4` that met him. Exact addresses are one hash probe; prefixes one probe per distinct length, however long the list.
///
/// A list never changes. Reloading builds another, so looking up takes no lock and no atomic.
package struct AllowList: Sendable {
    /// As configured, in order; an `EntryIndex` is a place in it.
    package let entries: ContiguousArray<Settings.AllowEntry>
    private let table: PrefixTable

    package typealias EntryIndex = Int

    /// Of entries for the same prefix the first one decides.
    package init(_ entries: some Collection<Settings.AllowEntry>) {
        self.entries = ContiguousArray(entries)
        table = PrefixTable(self.entries.lazy.map(\.prefix))
    }

    /// The entry that admits `peer`, the one with the longest prefix if several do; nil for a stranger.
    package func entry(for peer: PeerAddress) -> EntryIndex? {
        table.place(containing: peer)
    }
}
