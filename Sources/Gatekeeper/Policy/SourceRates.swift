internal import Synchronization

/// What each source has used of `limits.requests_per_source`, or of `limits.handshakes_per_source`, over all connections and workers.
///
/// One of each for the process; it outlives every reload, so a limit holds across them. Sources are dealt to 256 tables by a secret hash of their
/// address, each behind a lock of its own: workers wait for each other only where their sources share a table, for as long as a lookup
/// takes. Up to 65 536 sources are told apart in some 6 MiB, of which only what is needed is taken; without the limit nothing is.
package final class SourceRates: Sendable {
    private let tables: InlineArray<256, Mutex<RateTable>>
    private let hash: AddressHash

    package convenience init() {
        self.init(hash: .random())
    }

    init(hash: AddressHash) {
        self.hash = hash
        tables = InlineArray { _ in Mutex(RateTable(sourcesMax: 256)) }
    }

    /// Counts a request, or a connection, of `peer`, or tells in how many whole seconds, 1 at least, it may ask again and counts nothing.
    ///
    /// - Parameter entry: what on the allow-list lets it in.
    func charge(_ peer: PeerAddress, listedBy entry: AddressPrefix, rate: Rate, now: Instant) -> UInt64? {
        let source = peer.source(listedBy: entry)
        let index = Int(truncatingIfNeeded: hash.value(source)) & 0xff
        let nanoseconds = tables[index].withLock { $0.take(source, by: rate, now: now) }
        return nanoseconds.map { ($0 + 999_999_999) / 1_000_000_000 }
    }
}
