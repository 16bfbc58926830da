internal import Synchronization

/// The clients from whose addresses no connection to one ticket system could come, each until one has: from all workers, and bounded.
///
/// A client whose answers find another way fails while others don't, so one success says nothing of the others. In IPv6 those of one /64 are
/// one here, as a host chooses its address there; the first that failed is named.
final class UntransparentClients: Sendable {
    struct Failed: Equatable, Sendable {
        var client: PeerAddress
        var failure: TransparencyFailure
        var sinceMilliseconds: Int64
        var lastMilliseconds: Int64
    }

    /// More say nothing more.
    static let clientsMax = 16
    /// Who hasn't come again for so long says nothing of now.
    static let forgottenMilliseconds: Int64 = 86_400_000

    private static func source(_ client: PeerAddress) -> PeerAddress { client.isIPv4 ? client : client.masked(to: 64) }

    private let list = Mutex<[Failed]>([])
    /// So that a connection that succeeds, as nearly all do, takes no lock.
    private let isAny = Atomic(false)

    func fail(_ client: PeerAddress, _ failure: TransparencyFailure, at wallMilliseconds: Int64) {
        let source = Self.source(client)
        list.withLock { list in
            if let index = list.firstIndex(where: { Self.source($0.client) == source }) {
                (list[index].failure, list[index].lastMilliseconds) = (failure, wallMilliseconds)
            } else if list.count < Self.clientsMax {
                list.append(
                    Failed(client: client, failure: failure, sinceMilliseconds: wallMilliseconds, lastMilliseconds: wallMilliseconds))
            }
            isAny.store(true, ordering: .relaxed)
        }
    }

    func succeed(_ client: PeerAddress) {
        guard isAny.load(ordering: .relaxed) else { return }
        let source = Self.source(client)
        list.withLock { list in
            list.removeAll { Self.source($0.client) == source }
            isAny.store(!list.isEmpty, ordering: .relaxed)
        }
    }

    /// The first one first.
    func all(at wallMilliseconds: Int64) -> [Failed] {
        guard isAny.load(ordering: .relaxed) else { return [] }
        return list.withLock { list in
            list.removeAll { (wallMilliseconds &- $0.lastMilliseconds).magnitude > UInt64(Self.forgottenMilliseconds) }
            isAny.store(!list.isEmpty, ordering: .relaxed)
            return list
        }
    }
}
