internal import Gatekeeper
internal import Synchronization

/// Tries the hosts of a vendor's list from this machine: names, TCP, TLS. Never asks them anything, and only a few at a time.
struct OutboundProbe: Sendable {
    let hosts: [OutboundHost]
    /// Every port of a range, in place of some.
    let isComplete: Bool

    /// Of one host's addresses; more stand for the same.
    private static let addressesMax = 4
    private static let atOnce = 6
    private static let namesMilliseconds = 8_000
    private static let connectionMilliseconds = 4_000
    /// For everything behind the names. What is begun by then may take three connections more.
    private static let patienceMilliseconds = 35_000
    private static let completePatienceMilliseconds = 600_000
    private static let graceMilliseconds = 3 * connectionMilliseconds + 1_000

    /// One connection that is to be tried.
    private struct Planned: Sendable {
        let row: Int
        let address: SocketAddress
        let name: String?
    }

    private final class Progress: Sendable {
        let next = Atomic<Int>(0)
        let reaches: Mutex<[DryRun.Reach?]>

        init(count: Int) {
            reaches = Mutex(Array(repeating: nil, count: count))
        }
    }

    func run() -> [OutboundRow] {
        var rows = zip(hosts, addresses()).map { OutboundRow(host: $0, addresses: $1, attempts: []) }
        let planned = rows.enumerated().flatMap { connections(to: $1, at: $0) }
        for (connection, reach) in zip(planned, reach(planned)) {
            rows[connection.row].attempts.append(OutboundRow.Attempt(address: connection.address, reach: reach))
        }
        return rows
    }

    /// Of each host, asked for all at the same time.
    private func addresses() -> [[PeerAddress]] {
        let deadline = System.now().advanced(byMilliseconds: Self.namesMilliseconds)
        let works = hosts.map { host in
            try? TimeLimitedWork { System.resolve(host: host.name, port: host.ports.lowerBound).map(\.address) }
        }
        return works.map { $0?.result(until: deadline) ?? [] }
    }

    private func connections(to row: OutboundRow, at index: Int) -> [Planned] {
        let host = row.host
        if host.isTLS {
            return Self.chosen(row.addresses).map {
                Planned(row: index, address: SocketAddress(address: $0, port: host.ports.lowerBound), name: host.name)
            }
        }
        guard let address = row.addresses.first else { return [] }
        return (isComplete ? Array(host.ports) : host.sample).map {
            Planned(row: index, address: SocketAddress(address: address, port: $0), name: nil)
        }
    }

    /// Of both families, where there are both.
    static func chosen(_ addresses: [PeerAddress]) -> [PeerAddress] {
        let (old, new) = (addresses.filter(\.isIPv4), addresses.filter { !$0.isIPv4 })
        let newCount = min(new.count, max(addressesMax / 2, addressesMax - old.count))
        return Array(old.prefix(addressesMax - newCount)) + new.prefix(newCount)
    }

    /// In the same order; nil where there was no time left.
    private func reach(_ planned: [Planned]) -> [DryRun.Reach?] {
        let progress = Progress(count: planned.count)
        let patience = isComplete ? Self.completePatienceMilliseconds : Self.patienceMilliseconds
        let end = System.now().advanced(byMilliseconds: patience)
        let works = (0..<min(Self.atOnce, planned.count)).map { _ in
            try? TimeLimitedWork {
                while true {
                    let index = progress.next.add(1, ordering: .relaxed).oldValue
                    guard index < planned.count, System.now() < end else { return }
                    let next = planned[index]
                    let reach: DryRun.Reach
                    do throws(ServerError) {
                        reach = try DryRun.reach(next.address, name: next.name, milliseconds: Self.connectionMilliseconds)
                    } catch {
                        reach = DryRun.Reach(failure: "\(error)")
                    }
                    progress.reaches.withLock { $0[index] = reach }
                }
            }
        }
        for work in works { _ = work?.result(until: end.advanced(byMilliseconds: Self.graceMilliseconds)) }
        return progress.reaches.withLock { $0 }
    }
}
