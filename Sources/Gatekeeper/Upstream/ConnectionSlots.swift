internal import Synchronization

/// How many connections one ticket system is given, by all workers together (`upstream.connections_max`), to whom, and who waits for one.
///
/// Shared fairly among sources (`PeerAddress.source`, decision 0014). Whoever holds none may have any slot that is free. Whoever holds some
/// may have another as long as it would hold no more than three times what is left for all others, and never the last one:
///
/// ```
///   held < 3 × free, and free > 1        256 slots: one source holds 192 at most, each of two 110, each of three 77
/// ```
///
/// Requests that find no slot wait by source, first come first served, and sources take turns. A slot that comes free goes to whose turn it
/// is, whatever worker that is with: slots are given, not raced for. But a slot that changes the worker costs a connection: the one closes what the
/// other dials. So of a source's requests those of the worker whose connection came free go first, as long as they came soon after the first one; and
/// where only others' wait, and no other source, the connection stays for a moment if those have connections of their own that will come free.
///
/// Behind a lock, which is taken where a connection is opened or closed and where requests wait; a request on a kept connection never comes
/// here.
final class ConnectionSlots: Sendable {
    /// What becomes of a connection that a request has done with while others wait.
    enum Handover: Equatable {
        /// This request of the same worker goes on with it.
        case ticket(UInt64)
        /// Its slot belongs to somebody else by now; the connection has to be closed.
        case passedOn
        /// Nobody may have it.
        case nobody
    }

    /// How many that came later may go before a request that waits.
    private static let overtakingMax: UInt64 = 256
    /// How long a request waits for a connection of its own worker's.
    private static let patienceMilliseconds = 25

    let connectionsMax: Int
    private let waitingMax: Int
    private let state = Mutex(State())
    /// How many wait, for whoever only wants to know whether anybody does.
    private let waiting = Atomic(0)

    private struct State {
        var open = 0
        /// Sources with at least one.
        var held: [PeerAddress: Int] = [:]
        /// Sources with at least one request that waits.
        var queues: [PeerAddress: [Waiting]] = [:]
        /// The same sources, whose turn is next first.
        var turns: [PeerAddress] = []
        var lastTicket: UInt64 = 0
        var workers: [Int: Listener] = [:]
    }

    /// A worker with requests, or idle connections that requests of others wait for.
    private struct Listener {
        var bell: (@Sendable () -> Void)?
        /// It has been rung, and hasn't looked yet: once is enough.
        var isRung = false
        /// What it hasn't heard of yet.
        var granted: [UInt64] = []
        /// Slots that it holds.
        var open = 0
    }

    private struct Waiting {
        let ticket: UInt64
        let worker: Int
        let since: Instant
    }

    /// A connection that a request has done with while others wait.
    private struct Offer {
        let source: PeerAddress
        let worker: Int
        let now: Instant
    }

    init(connectionsMax: Int, waitingMax: Int) {
        self.connectionsMax = connectionsMax
        self.waitingMax = waitingMax
    }

    /// Connections open now.
    var count: Int { state.withLock { $0.open } }

    /// Somebody waits: connections are for them, and not to lie idle.
    var isContended: Bool { waiting.load(ordering: .sequentiallyConsistent) > 0 }

    // MARK: Slots

    /// A slot for one more connection of `source`; false when there is none for it, or its own requests wait already.
    func take(for source: PeerAddress, worker: Int) -> Bool {
        state.withLock { state in
            guard state.queues[source] == nil, isEntitled(source, state) else { return false }
            hold(source, worker, &state)
            return true
        }
    }

    /// Whether giving up idle connections would get `source` a slot.
    ///
    /// - Parameters:
    ///   - count: how many could be given up.
    ///   - own: how many of them are its own.
    func couldTake(for source: PeerAddress, freeing count: Int, own: Int) -> Bool {
        state.withLock { $0.queues[source] == nil && isEntitled(source, freeing: count, own: own, $0) }
    }

    /// Likewise for any of those who wait; `own` tells how many idle ones a source has.
    func wouldHelp(freeing count: Int, own: (PeerAddress) -> Int) -> Bool {
        guard count > 0, isContended else { return false }
        return state.withLock { state in
            state.turns.contains { isEntitled($0, freeing: count, own: own($0), state) }
        }
    }

    /// A connection of `source` is over: its slot is for whose turn it is.
    func give(back source: PeerAddress, worker: Int) {
        let bells = state.withLock { state in
            letGo(source, worker, &state)
            return dispatch(&state)
        }
        for bell in bells { bell() }
    }

    /// Who goes on with a connection of `source`, or with its slot.
    func handOver(from source: PeerAddress, worker: Int, now: Instant) -> Handover {
        let (handover, bells): (Handover, [@Sendable () -> Void]) = state.withLock { state in
            letGo(source, worker, &state)
            guard let (next, request) = takeNext(&state, with: Offer(source: source, worker: worker, now: now)) else {
                hold(source, worker, &state)
                return (.nobody, [])
            }
            hold(next, request.worker, &state)
            if next == source, request.worker == worker { return (.ticket(request.ticket), []) }
            state.workers[request.worker, default: Listener()].granted.append(request.ticket)
            return (.passedOn, bell(of: request.worker, &state).map { [$0] } ?? [])
        }
        for bell in bells { bell() }
        return handover
    }

    private func isEntitled(_ source: PeerAddress, freeing count: Int = 0, own: Int = 0, _ state: borrowing State) -> Bool {
        Self.isShare((state.held[source] ?? 0) - own, free: connectionsMax - state.open + count)
    }

    /// Whether a source that has `own` of something may have another, of which `free` are left.
    private static func isShare(_ own: Int, free: Int) -> Bool { own == 0 ? free > 0 : free > 1 && own < 3 * free }

    private func hold(_ source: PeerAddress, _ worker: Int, _ state: inout State) {
        state.open += 1
        state.workers[worker, default: Listener()].open += 1
        state.held[source, default: 0] += 1
    }

    private func letGo(_ source: PeerAddress, _ worker: Int, _ state: inout State) {
        state.open -= 1
        state.workers[worker]?.open -= 1
        let held = state.held[source, default: 1] - 1
        state.held[source] = held > 0 ? held : nil
    }

    // MARK: Waiting

    /// A position in the queue of `source`; nil when as many wait as may, or more of this source's than leave room for others: the queue is shared by
    /// the rule that the connections are shared by. Its worker is rung when it has been granted a slot.
    func enqueue(_ source: PeerAddress, worker: Int, now: Instant) -> UInt64? {
        let (ticket, bells): (UInt64?, [@Sendable () -> Void]) = state.withLock { state in
            let own = state.queues[source]?.count ?? 0
            guard Self.isShare(own, free: waitingMax - waiting.load(ordering: .relaxed)) else { return (nil, []) }
            waiting.add(1, ordering: .sequentiallyConsistent)
            state.lastTicket += 1
            let request = Waiting(ticket: state.lastTicket, worker: worker, since: now)
            if state.queues[source]?.append(request) == nil {
                state.queues[source] = [request]
                state.turns.append(source)
            }
            return (request.ticket, dispatch(&state))
        }
        for bell in bells { bell() }
        return ticket
    }

    /// Waits no more. False when it has been granted a slot meanwhile, which is its own then.
    func leave(_ ticket: UInt64, of source: PeerAddress, worker: Int) -> Bool {
        state.withLock { state in
            if let index = state.queues[source]?.firstIndex(where: { $0.ticket == ticket }) {
                remove(at: index, of: source, &state)
                return true
            }
            state.workers[worker]?.granted.removeAll { $0 == ticket }
            return false
        }
    }

    /// Tickets of this worker that have been granted a slot since it last asked, which is when it was rung.
    func takeGranted(worker: Int) -> [UInt64] {
        state.withLock { state in
            state.workers[worker]?.isRung = false
            guard let granted = state.workers[worker]?.granted, !granted.isEmpty else { return [] }
            state.workers[worker]?.granted = []
            return granted
        }
    }

    private func remove(at index: Int, of source: PeerAddress, _ state: inout State) {
        waiting.subtract(1, ordering: .sequentiallyConsistent)
        state.queues[source]?.remove(at: index)
        guard state.queues[source]?.isEmpty == true else { return }
        state.queues[source] = nil
        state.turns.removeAll { $0 == source }
    }

    /// The first request of the first source that may have a slot now; its source goes to the end of the turns.
    ///
    /// - Parameter offer: the connection that comes with the slot, which one of its own source and worker goes on with; nil also when it stays.
    private func takeNext(_ state: inout State, with offer: Offer? = nil) -> (PeerAddress, Waiting)? {
        guard connectionsMax > state.open else { return nil }
        for (turn, source) in state.turns.enumerated() where isEntitled(source, state) {
            guard let queue = state.queues[source], !queue.isEmpty else { continue }
            guard let index = choice(from: queue, of: source, offer, state) else { return nil }
            let request = queue[index]
            state.turns.remove(at: turn)
            state.turns.append(source)
            remove(at: index, of: source, &state)
            return (source, request)
        }
        return nil
    }

    /// The index of the request that goes first; nil if what is offered stays with its worker.
    private func choice(from queue: [Waiting], of source: PeerAddress, _ offer: Offer?, _ state: borrowing State) -> Int? {
        guard let offer, offer.source == source else { return 0 }
        if let own = queue.firstIndex(where: { $0.worker == offer.worker }) {
            return queue[own].ticket - queue[0].ticket <= Self.overtakingMax ? own : 0
        }
        return state.turns.count == 1 && isPatient(queue[0], state, now: offer.now) ? nil : 0
    }

    /// Whether a connection of its own worker's may still come free in good time.
    private func isPatient(_ request: Waiting, _ state: borrowing State, now: Instant) -> Bool {
        (state.workers[request.worker]?.open ?? 0) > 0 && now < request.since.advanced(byMilliseconds: Self.patienceMilliseconds)
    }

    /// Gives free slots to those who wait and may have them.
    ///
    /// - Returns: whom to ring. While somebody waits on, that is everybody: idle connections may hold what he needs.
    private func dispatch(_ state: inout State) -> [@Sendable () -> Void] {
        var workers: Set<Int> = []
        while let (source, request) = takeNext(&state) {
            hold(source, request.worker, &state)
            state.workers[request.worker, default: Listener()].granted.append(request.ticket)
            workers.insert(request.worker)
        }
        if workers.isEmpty, !state.turns.isEmpty { workers.formUnion(state.workers.keys) }
        return workers.compactMap { bell(of: $0, &state) }
    }

    // MARK: Bells

    /// Asks every worker to look at what it has and what it waits for.
    func ring() {
        let bells = state.withLock { state in state.workers.keys.compactMap { bell(of: $0, &state) } }
        for bell in bells { bell() }
    }

    /// Nil when it is rung already.
    private func bell(of worker: Int, _ state: inout State) -> (@Sendable () -> Void)? {
        guard let listener = state.workers[worker], let bell = listener.bell, !listener.isRung else { return nil }
        state.workers[worker]?.isRung = true
        return bell
    }

    /// - Parameter bell: called from any thread.
    func register(worker: Int, bell: @escaping @Sendable () -> Void) {
        state.withLock { $0.workers[worker, default: Listener()].bell = bell }
    }

    func unregister(worker: Int) {
        state.withLock { $0.workers[worker]?.bell = nil }
    }
}
