import Synchronization
import Testing

@testable import Gatekeeper

/// The choice among ticket systems, and what the workers have in common.
struct UpstreamPoolsTests {
    @Test("failover asks the first that answers, then each of the others once, in the order of the configuration")
    func failover() async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(3, on: worker.loop)
            for _ in 1...2 { #expect(asked(of: pools) == [0, 1, 2]) }
            fail(pools.pools[0])
            #expect(asked(of: pools) == [1, 2])
            fail(pools.pools[2])
            #expect(asked(of: pools) == [1])
            pools.pools[0].noteSuccess()
            #expect(asked(of: pools) == [0, 1])
        }
    }

    @Test("round robin begins each request with the next one, and a request that fails goes on from where it began")
    func roundRobin() async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(3, on: worker.loop) { $0.order = .roundRobin }
            let orders = (1...6).map { _ in asked(of: pools) }
            #expect(orders == [[1, 2, 0], [2, 0, 1], [0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]])
        }
    }

    @Test("what comes next in turn doesn't depend on how many the requests before have asked")
    func roundRobinUneven() async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(3, on: worker.loop) { $0.order = .roundRobin }
            #expect([1, 2, 1, 3, 1].map { asked(of: pools, atMost: $0) } == [[1], [2, 0], [0], [1, 2, 0], [2]])
        }
    }

    @Test("round robin passes over what is down, and loses no request for it")
    func roundRobinDown() async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(3, on: worker.loop) { $0.order = .roundRobin }
            fail(pools.pools[1])
            for _ in 1...6 { #expect(asked(of: pools).sorted() == [0, 2]) }
        }
    }

    @Test("as many as there may be are all asked, each once")
    func most() async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(UpstreamGroup.targetsMax, on: worker.loop)
            #expect(asked(of: pools) == Array(0..<64))
        }
    }

    @Test("when all are down and nobody checks them, the one whose back-off ends first is asked, and no second one", arguments: [0, 1, 2])
    func allDown(first: Int) async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(3, on: worker.loop)
            for (index, pool) in pools.pools.enumerated() { fail(pool, jitter: index == first ? 0.75 : 1) }
            #expect(asked(of: pools) == [first])
        }
    }

    @Test("once its back-off is over one request tries what is down, and those beside it don't")
    func trial() async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(2, on: worker.loop)
            for _ in 1...3 { _ = pools.pools[0].target.health.noteFailure(now: worker.loop.now.before(milliseconds: 2_000), jitter: 1) }
            #expect(asked(of: pools) == [0, 1])
            #expect(asked(of: pools) == [1])
        }
    }

    @Test("with checks none is asked that they have found down, not even the last", arguments: [1, 3])
    func checked(count: Int) async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(count, on: worker.loop) { $0.check = Settings.Upstream.Check() }
            #expect(asked(of: pools) == Array(0..<count))
            for pool in pools.pools { for _ in 1...3 { pool.noteSilence("status", isPrompted: false) } }
            #expect(asked(of: pools) == [])
            pools.pools[count - 1].noteSuccess()
            #expect(asked(of: pools) == [count - 1])
        }
    }

    @Test("the only one is asked by every request, once, however it has failed")
    func sole() async throws {
        try await SmallWorker.run { worker in
            let pools = try makePools(1, on: worker.loop)
            pools.pools[0].noteSilence("connect_refused", isPrompted: true)
            #expect(!pools.pools[0].target.health.isUp)
            for _ in 1...3 { #expect(asked(of: pools) == [0]) }
        }
    }

    @Test("what one worker finds down is down for the others")
    func sharedHealth() async throws {
        try await SmallWorker.run { worker in
            let workers = try makeWorkers(2, on: worker.loop)
            fail(workers[0].pools[0])
            #expect(asked(of: workers[1]) == [1])
            workers[1].pools[0].noteSuccess()
            #expect(asked(of: workers[0]) == [0, 1])
        }
    }

    @Test("connections are counted over all workers, and whoever waits is rung for by the ticket system that has room")
    func sharedLimit() async throws {
        try await SmallWorker.run { worker in
            let workers = try makeWorkers(2, on: worker.loop) { $0.connectionsMax = 2 }
            let rings = Rings()
            for (index, pools) in workers.enumerated() {
                pools.listen {
                    rings.note("\(index):\($0)")
                } ask: { _ in
                }
            }
            let slots = workers.map { $0.pools[1].target.slots }
            #expect(slots[0].take(for: PoolScene.client(1), worker: 0) && slots[1].take(for: PoolScene.client(2), worker: 0))
            #expect(!slots[0].take(for: PoolScene.client(3), worker: 0) && !slots[1].take(for: PoolScene.client(3), worker: 0))
            #expect(workers[0].pools[0].target.slots.take(for: PoolScene.client(3), worker: 0), "the other has its own")
            let ticket = try #require(slots[1].enqueue(PoolScene.client(3), worker: 1, now: Instant(nanoseconds: 0)))
            #expect(rings.take() == ["0:1", "1:1"], "idle connections of either may hold the slot")
            #expect(slots[0].takeGranted(worker: 0) == [] && slots[0].takeGranted(worker: 1) == [])
            workers[0].pools[1].slotFreed(by: PoolScene.client(1))
            #expect(rings.take() == ["1:1"])
            #expect(slots[0].takeGranted(worker: 0) == [] && slots[0].takeGranted(worker: 1) == [ticket])
            workers[1].stopListening()
            slots[0].ring()
            #expect(rings.take() == ["0:1"])
        }
    }

    @Test("a failure has the ticket system asked whether it lives, by one worker at a time and until it has stopped listening")
    func asks() async throws {
        try await SmallWorker.run { worker in
            let workers = try makeWorkers(2, on: worker.loop)
            let rings = Rings()
            for (index, pools) in workers.enumerated() {
                pools.listen { _ in
                } ask: {
                    rings.note("\(index):\($0)")
                }
            }
            for pools in workers { pools.pools[1].noteFailure("response_timeout") }
            #expect(rings.take() == ["0:1"])
            workers[1].pools[0].noteFailure("response_timeout")
            #expect(rings.take() == ["1:0"])
            workers[1].pools[0].target.health.noteAsked(now: worker.loop.now.before(milliseconds: 1_000))
            workers[1].stopListening()
            workers[1].pools[0].noteFailure("response_timeout")
            #expect(rings.take() == [])
            workers[0].pools[0].noteFailure("response_timeout")
            #expect(rings.take() == ["0:0"])
        }
    }

    @Test("once ended they keep nothing, check nothing and leave asking to others")
    func ends() throws {
        try SmallWorker.simulate { worker in
            let upstreams = SceneUpstreams(worker.kernel)
            upstreams.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            let pools = try makePools(2, on: worker.loop) { $0.check = Settings.Upstream.Check() }
            let checking = (0...1).map { index in worker.start { await pools.check(index, host: "tickets") } }
            await worker.pass(milliseconds: 10)
            #expect(upstreams.peers.count == 2)
            pools.end()
            for task in checking { await task.value }
            await pools.check(0, host: "tickets")
            let health = pools.pools[1].target.health
            #expect(health.mayAsk(now: worker.loop.now))
            await pools.ask(1, host: "tickets", connectMilliseconds: 5_000)
            #expect(health.mayAsk(now: worker.loop.now.advanced(byMilliseconds: 1_000)), "the turn to ask is given back")
            await worker.pass(milliseconds: 60_000)
            #expect(upstreams.peers.count == 2 && pools.pools.allSatisfy(\.isEnded))
            #expect(asked(of: pools) == [0, 1], "requests that wait are still served")
        }
    }

    // MARK: Scenes

    private func makeGroup(_ count: Int, _ change: (inout Settings.Upstream) -> Void) throws -> UpstreamGroup {
        let servers = (0..<count).map { index in
            let address = SocketAddress(address: PeerAddress(ipv4: 0x0a09_0001 + UInt32(index)), port: 8_080)
            return Settings.Upstream.Server(endpoint: .address(address), name: "http://tickets-\(index)")
        }
        var settings = Settings.Upstream(servers)
        change(&settings)
        return try UpstreamGroup(settings, connectMilliseconds: 5_000, libraries: [])
    }

    private func makePools(
        _ count: Int, on loop: EventLoop, _ change: (inout Settings.Upstream) -> Void = { _ in }
    ) throws -> UpstreamPools {
        makePools(of: try makeGroup(count, change), worker: 0, on: loop)
    }

    /// Two ticket systems, and the pools of so many workers.
    private func makeWorkers(
        _ count: Int, on loop: EventLoop, _ change: (inout Settings.Upstream) -> Void = { _ in }
    ) throws -> [UpstreamPools] {
        let group = try makeGroup(2, change)
        return (0..<count).map { makePools(of: group, worker: $0, on: loop) }
    }

    private func makePools(of group: UpstreamGroup, worker: Int, on loop: EventLoop) -> UpstreamPools {
        UpstreamPools(group, worker: worker, loop: loop) { _, target in
            UpstreamPool(target, buffers: BufferPool(), worker: worker, loop: loop)
        }
    }

    /// Whom one request asks, in this order, when nobody answers it, or as many.
    private func asked(of pools: UpstreamPools, atMost countMax: Int = UpstreamGroup.targetsMax + 1) -> [Int] {
        var (tried, order): (UpstreamPools.Tried, [Int]) = (0, [])
        while order.count < countMax, let pool = pools.next(after: &tried) {
            order.append(pools.pools.firstIndex { $0 === pool } ?? -1)
        }
        return order
    }

    /// Takes it out by requests alone.
    private func fail(_ pool: UpstreamPool, jitter: Double = 1) {
        for _ in 1...3 { _ = pool.target.health.noteFailure(now: pool.loop.now.advanced(byMilliseconds: 60_000), jitter: jitter) }
        #expect(!pool.target.health.isUp)
    }

    private final class Rings: Sendable {
        private let rings = Mutex<[String]>([])

        func note(_ ring: String) { rings.withLock { $0.append(ring) } }

        func take() -> [String] {
            rings.withLock { rings in
                defer { rings = [] }
                return rings.sorted()
            }
        }
    }
}

extension Instant {
    fileprivate func before(milliseconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds - milliseconds * 1_000_000) }
}
