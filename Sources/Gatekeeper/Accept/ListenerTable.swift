/// Which addresses are listened on, with which sockets, and what the log calls them. Belongs to the control thread.
///
/// Every worker has a socket of its own on every address (`SO_REUSEPORT`), so that accepting shares no queue. Sockets that were inherited
/// are dealt out; where there are fewer than workers, several workers share one.
struct ListenerTable {
    private struct Listener {
        /// As the settings name it; the port may be 0.
        var wanted: SocketAddress
        var bound: SocketAddress
        /// `[::]` beside `0.0.0.0`: each has its own family.
        var isIPv6Only: Bool
        var index: Int
        var descriptors: [Int32]
        /// It may be without its address.
        var isFree: Bool
    }

    /// What the workers have to do to follow a change.
    struct Change {
        /// For each worker.
        var opened: [[ListeningSocket]]
        /// Their indexes.
        var closed: Set<Int>
    }

    private let workers: Int
    private var listeners: [Listener] = []
    private var inherited: [InheritedListener]
    /// By index. Records that were written before a listener closed still name it, so an index goes to no other address. A listener that is opened
    /// anew on the same address gets another index: workers know by it which to close.
    private(set) var names: [String] = []

    init(workers: Int, inherited: [InheritedListener]) {
        self.workers = workers
        self.inherited = inherited
    }

    var addresses: [SocketAddress] { listeners.map(\.bound) }
    /// Those whose address isn't the machine's now, so that nobody can connect to them, and whether that is as the settings would have it.
    var absent: [(address: SocketAddress, isFree: Bool)] {
        listeners.filter { !System.has($0.bound) }.map { ($0.bound, $0.isFree) }
    }
    var sockets: [InheritedListener] { listeners.map { InheritedListener(address: $0.bound, descriptors: $0.descriptors) } }

    /// Opens what isn't open yet; the workers close the rest once they have the new ones. Throws with everything as it was.
    ///
    /// - Parameters:
    ///   - free: those of them that may be opened without their address being here.
    ///   - filters: what sockets that are opened get before they listen. Inherited ones get theirs when they are accepted on, as whoever passed
    ///     them on may serve by them still.
    mutating func change(
        to addresses: [SocketAddress], free: Set<SocketAddress> = [], filters: [SocketAddress: SocketFilter] = [:]
    ) throws(SystemError) -> Change {
        var change = Change(opened: Array(repeating: [], count: workers), closed: [])
        var next: [Listener] = []
        var names = names
        do throws(SystemError) {
            for wanted in addresses {
                let isFree = free.contains(wanted)
                let isIPv6Only = wanted.isIPv6Only(among: addresses)
                if var kept = listeners.first(where: { $0.wanted == wanted && $0.isIPv6Only == isIPv6Only }) {
                    kept.isFree = isFree
                    next.append(kept)
                    continue
                }
                let (bound, sockets, owners) = try open(wanted, isIPv6Only: isIPv6Only, filter: filters[wanted], isFree: isFree)
                let taken = Set((listeners + next).map(\.index))
                let index = names.indices.first { names[$0] == bound.description && !taken.contains($0) } ?? names.count
                if index == names.count { names.append(bound.description) }
                next.append(
                    Listener(
                        wanted: wanted, bound: bound, isIPv6Only: isIPv6Only, index: index,
                        descriptors: Array(Set(sockets.joined())).sorted(), isFree: isFree))
                for worker in 0..<workers {
                    change.opened[worker] += sockets[worker].map {
                        ListeningSocket(descriptor: $0, wanted: wanted, address: bound, index: index, isShared: worker >= owners)
                    }
                }
            }
        } catch {
            for socket in change.opened.joined() { System.close(socket.descriptor) }
            throw error
        }
        let indexes = Set(next.map(\.index))
        change.closed = Set(listeners.map(\.index)).subtracting(indexes)
        listeners = next
        self.names = names
        // They were for the start; nobody accepts on the rest.
        for unused in inherited { for descriptor in unused.descriptors { System.close(descriptor) } }
        inherited = []
        return change
    }

    /// Sockets that a worker could not accept on: they are closed, and their numbers will be others'. A listener that has none left is opened
    /// anew with the next change.
    mutating func forget(_ lost: Set<Int32>) {
        guard !lost.isEmpty else { return }
        for index in listeners.indices { listeners[index].descriptors.removeAll { lost.contains($0) } }
        listeners.removeAll { $0.descriptors.isEmpty }
    }

    /// Sockets for each worker, and how many workers, the first ones, have one that none before them has.
    private mutating func open(
        _ wanted: SocketAddress, isIPv6Only: Bool, filter: SocketFilter?, isFree: Bool
    ) throws(SystemError) -> (SocketAddress, [[Int32]], owners: Int) {
        if let index = inherited.firstIndex(where: { serves($0.address, wanted) }) {
            let taken = inherited.remove(at: index)
            return (taken.address, try deal(taken.descriptors), taken.descriptors.count)
        }
        if !isFree { try System.waitForDuplicateDetection(of: wanted) }
        if !listeners.contains(where: { overlaps($0.bound, wanted) }) {
            try System.probe(wanted, isIPv6Only: isIPv6Only, isFree: isFree)
        }
        var address = wanted
        var sockets: [[Int32]] = []
        do throws(SystemError) {
            for _ in 0..<workers {
                let socket = try System.listen(on: address, isIPv6Only: isIPv6Only, filter: filter, isFree: isFree)
                address = try System.localAddress(of: socket.number)
                sockets.append([socket.release()])
            }
        } catch {
            for socket in sockets.joined() { System.close(socket) }
            throw error
        }
        return (address, sockets, workers)
    }

    private func deal(_ descriptors: [Int32]) throws(SystemError) -> [[Int32]] {
        var dealt: [[Int32]] = Array(repeating: [], count: workers)
        for (index, descriptor) in descriptors.enumerated() { dealt[index % workers].append(descriptor) }
        for worker in descriptors.count..<max(workers, descriptors.count) {
            dealt[worker].append(try System.duplicate(descriptors[worker % descriptors.count]))
        }
        return dealt
    }

    /// Whether a socket on `bound` is what `wanted` asks for; port 0 asks for any.
    private func serves(_ bound: SocketAddress, _ wanted: SocketAddress) -> Bool {
        bound.address == wanted.address && bound.zone.flatMap(NetworkInterface.index) == wanted.zone.flatMap(NetworkInterface.index)
            && (bound.port == wanted.port || wanted.port == 0)
    }

    /// Whether both can be bound only side by side, as ours may.
    private func overlaps(_ a: SocketAddress, _ b: SocketAddress) -> Bool {
        a.port == b.port && (a.address == b.address && a.zone == b.zone || a.address.isUnspecified || b.address.isUnspecified)
    }
}
