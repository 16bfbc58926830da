/// One worker's connections to all ticket systems, and the choice among them.
final class UpstreamPools {
    let pools: [UpstreamPool]
    let group: UpstreamGroup
    private let worker: Int
    private let loop: EventLoop
    private var checks: [HealthCheck] = []
    private var inquests: [Int: UpstreamInquest] = [:]
    private var rounds = 0
    private var isEnded = false

    /// The pools that a request has tried, a bit for each.
    typealias Tried = UInt64

    init(_ group: UpstreamGroup, worker: Int, loop: EventLoop, makePool: (Int, UpstreamTarget) -> UpstreamPool) {
        self.group = group
        self.worker = worker
        self.loop = loop
        pools = group.targets.enumerated().map { makePool($0.offset, $0.element) }
    }

    /// Whom to ask next; nil when all have been tried, or none is known to answer.
    ///
    /// `failover` takes the first that answers, `round_robin` begins with another one each time. When all of them seem to be down and nothing
    /// but requests can tell, the one whose back-off ends first is asked: turning a ticket away is certain to lose it.
    func next(after tried: inout Tried) -> UpstreamPool? {
        if pools.count == 1 {
            guard tried == 0, group.check == nil || pools[0].target.health.mayTry(now: loop.now) else { return nil }
            tried = 1
            return pools[0]
        }
        var start = 0
        if group.order == .roundRobin {
            if tried == 0 { rounds &+= 1 }
            start = rounds % pools.count
        }
        for offset in 0..<pools.count {
            let index = (start + offset) % pools.count
            guard tried & (1 << UInt64(index)) == 0, pools[index].target.health.mayTry(now: loop.now) else { continue }
            tried |= 1 << UInt64(index)
            return pools[index]
        }
        guard tried == 0, group.check == nil else { return nil }
        guard let index = pools.indices.min(by: { pools[$0].target.health.retryInstant < pools[$1].target.health.retryInstant }) else {
            return nil
        }
        tried |= 1 << UInt64(index)
        return pools[index]
    }

    /// Asks one of them regularly whether it answers, until `end`.
    ///
    /// - Parameter host: sent as `Host`; empty for the ticket system's own name.
    func check(_ index: Int, host: String) async {
        guard let settings = group.check, !isEnded else { return }
        let check = HealthCheck(pools[index], settings, question: question(index, host: host))
        checks.append(check)
        await check.run()
    }

    /// Asks one of them whether it lives, after a request has failed there.
    func ask(_ index: Int, host: String, connectMilliseconds: Int) async {
        let pool = pools[index]
        guard !isEnded else { return pool.target.health.noteAsked(now: loop.now) }
        let inquest = UpstreamInquest(
            pool, group.check, question: question(index, host: host), connectMilliseconds: connectMilliseconds)
        inquests[index] = inquest
        await inquest.run()
        if inquests[index] === inquest { inquests[index] = nil }
    }

    private func question(_ index: Int, host: String) -> UpstreamQuestion? {
        UpstreamQuestion(
            path: group.check?.path ?? "/", host: host.isEmpty ? pools[index].target.authority : host, loopMarker: group.loopMarker)
    }

    /// Has `ring` called, from any thread, when there is something for one of them to do for requests that wait with some worker, and `ask` when
    /// one of them is to be asked whether it lives.
    func listen(_ ring: @escaping @Sendable (_ index: Int) -> Void, ask: @escaping (_ index: Int) -> Void) {
        for (index, pool) in pools.enumerated() {
            pool.target.slots.register(worker: worker) { ring(index) }
            pool.beginAsking = { ask(index) }
        }
    }

    /// A client's connection has gone.
    func forget(_ shown: ShownClient, of source: PeerAddress) {
        for pool in pools { pool.forget(shown, of: source) }
    }

    /// Keeps no connection from now on. Requests that wait for one are still served.
    func end() {
        isEnded = true
        for check in checks { check.end() }
        for inquest in inquests.values { inquest.end() }
        for pool in pools { pool.end() }
    }

    /// Nobody is served any more.
    func stopListening() {
        for pool in pools {
            pool.target.slots.unregister(worker: worker)
            pool.beginAsking = nil
        }
    }

    deinit { stopListening() }
}
