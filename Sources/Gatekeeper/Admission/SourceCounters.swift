internal import Synchronization

/// How many connections are open, in all and from each source, over all workers.
///
/// One for the process; it outlives every reload, so a limit holds across them. Two atomic additions per connection, no lock, 256 KiB.
///
/// Precision: sources share 65 536 cells by a secret hash of their address, and a cell counts all of its sources together. A source
/// therefore never has more connections than its limit; it may be denied early if it meets another one in its cell *and* both together
/// exceed the limit. With ten sources that is one chance in 1 500 that any two meet at all. Cells only ever hold admitted peers.
package final class SourceCounters: Sendable {
    private let cells: InlineArray<65_536, Atomic<UInt32>>
    private let open = Atomic<Int>(0)
    private let hash: AddressHash

    package convenience init() {
        self.init(hash: .random())
    }

    init(hash: AddressHash) {
        self.hash = hash
        cells = InlineArray { _ in Atomic(0) }
    }

    /// Connections open now.
    package var connections: Int { open.load(ordering: .relaxed) }

    /// Counts one connection of a source (`PeerAddress.source`), or says which limit it would exceed and counts nothing. Each nil is to be
    /// matched by one `release`.
    ///
    /// Adds first and takes back afterwards, so that workers which accept at the same moment can't pass a limit together.
    func take(_ source: PeerAddress, connectionsMax: Int, connectionsPerSourceMax: Int) -> DenialReason? {
        if let denial = reserve(connectionsMax: connectionsMax) { return denial }
        let index = cell(of: source)
        guard cells[index].add(1, ordering: .relaxed).newValue <= connectionsPerSourceMax else {
            cells[index].subtract(1, ordering: .relaxed)
            open.subtract(1, ordering: .relaxed)
            return .connectionsPerSource
        }
        return nil
    }

    /// Counts one connection whose source isn't known yet. Each nil is to be matched by one `releaseReservation`.
    func reserve(connectionsMax: Int) -> DenialReason? {
        guard open.add(1, ordering: .relaxed).newValue <= connectionsMax else {
            open.subtract(1, ordering: .relaxed)
            return .connections
        }
        return nil
    }

    func releaseReservation() {
        open.subtract(1, ordering: .relaxed)
    }

    /// The connection that was counted has ended.
    func release(_ source: PeerAddress) {
        cells[cell(of: source)].subtract(1, ordering: .relaxed)
        open.subtract(1, ordering: .relaxed)
    }

    private func cell(of source: PeerAddress) -> Int {
        Int(truncatingIfNeeded: hash.value(source)) & 0xffff
    }
}
