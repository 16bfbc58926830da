import Glibc
import Testing

@testable import Gatekeeper

/// To whom a pool hands its connections, and when.
struct PoolSharingTests {
    @Test("a connection is its source's: another never gets it, however many there are")
    func sources() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let mine = [try scene.connect(client: 1), try scene.connect(client: 1)]
            let other = try scene.connect(client: 2)
            for connection in [mine[0].0, other.0, mine[1].0] { scene.pool.give(connection) }
            await scene.turn()
            #expect(scene.take(client: 3, certain: false) == nil)
            #expect(scene.take(client: 2, certain: false) === other.0)
            #expect(scene.take(client: 2, certain: false) == nil)
            #expect(scene.take(client: 1, certain: true) === mine[1].0)
            #expect(scene.take(client: 1, certain: false) === mine[0].0)
            #expect(scene.take(client: 1, certain: false) == nil)
        }
    }

    @Test("none is handed out in the turn of the loop in which its answer ended")
    func turn() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (older, olderFar) = try scene.connect()
            scene.pool.give(older)
            await scene.turn()
            let (newer, newerFar) = try scene.connect()
            scene.pool.give(newer)
            #expect(scene.pool.hasJustKept(for: PoolScene.client(1)))
            #expect(scene.take(certain: false) === older)
            #expect(scene.take(certain: false) == nil)
            await scene.turn()
            #expect(!scene.pool.hasJustKept(for: PoolScene.client(1)))
            #expect(scene.take(certain: false) === newer)
            #expect([olderFar, newerFar].allSatisfy { $0.receive(waits: false) == .nothing })
        }
    }

    @Test("after a 204 or 304 it is kept when a turn later nothing has come, and else closed", arguments: [true, false])
    func noBody(comes: Bool) async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let cleaning = worker.start { await scene.pool.run() }
            let (connection, far) = try scene.connect()
            scene.pool.give(connection, hadNoBody: true)
            if comes { far.send("a body".utf8) }
            await scene.turn()
            await scene.turn()
            await scene.turn()
            #expect(scene.take(certain: false) === (comes ? nil : connection))
            scene.pool.end()
            await cleaning.value
        }
    }

    @Test("a request that waits gets it a turn later, when nothing has come that would be taken for its answer", arguments: [true, false])
    func handedOn(comes: Bool) async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, connectionsMax: 1)
            let pool = scene.pool
            let cleaning = worker.start { await pool.run() }
            let (connection, far) = try scene.connect()
            let outcome = Outcome()
            let waiting = worker.start {
                let settings = Settings.Timeouts()
                outcome.value = await pool.open(
                    for: PoolScene.client(1), waiter: Waiter(on: scene.loop), certain: true, timeouts: settings, queueMilliseconds: 20_000,
                    isAbandoned: { false })
            }
            await scene.turn()
            #expect(pool.target.slots.isContended)
            pool.give(connection)
            if comes { far.send("stray".utf8) }
            #expect(outcome.value == nil)
            for _ in 1...1_000 where outcome.value == nil {
                pool.relieve()
                await scene.turn()
            }
            await waiting.value
            if comes {
                // A new one was dialled in its place, to a path where nobody is.
                guard case .failed(ENOENT)? = outcome.value else {
                    Issue.record("\(String(describing: outcome.value))")
                    return
                }
            } else {
                guard case .connected(let given)? = outcome.value else {
                    Issue.record("\(String(describing: outcome.value))")
                    return
                }
                #expect(given === connection)
            }
            pool.end()
            await cleaning.value
        }
    }

    private final class Outcome {
        var value: DialOutcome?
    }

    @Test("when places run out another source's idle connection goes first, and one's own where there is no other", arguments: [4, 1])
    func eviction(connectionsMax: Int) async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, connectionsMax: connectionsMax)
            let (own, mine) = try scene.connect(client: 1)
            scene.pool.give(own)
            var others: PeerSocket?
            if connectionsMax > 1 {
                let (other, far) = try scene.connect(client: 2)
                _ = try scene.connect(client: 3)
                scene.pool.give(other)
                others = far
            }
            await scene.turn()
            let outcome = await scene.pool.open(
                for: PoolScene.client(1), waiter: Waiter(on: scene.loop), certain: true, timeouts: Settings.Timeouts(),
                queueMilliseconds: 0, isAbandoned: { false })
            // It was dialled, to a path where nobody is.
            guard case .failed(ENOENT) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            if let others { #expect(others.receive() == .end) }
            #expect(mine.receive(waits: false) == (others == nil ? .end : .nothing))
        }
    }

    @Test("a request that can't be repeated gets a connection that has carried an answer within two seconds")
    func proven() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (connection, far) = try scene.connect()
            scene.pool.give(connection)
            connection.idleSince = scene.past(milliseconds: 2_000)
            #expect(scene.take(certain: true) == nil)
            #expect(far.receive(waits: false) == .nothing, "it is kept for others")
            connection.idleSince = scene.past(milliseconds: 1_500)
            #expect(scene.take(certain: true) === connection)
        }
    }

    @Test("when one turns out to be dead, none is used that has carried no answer since")
    func distrusted() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (older, far) = try scene.connect()
            let (newer, quiet) = try scene.connect()
            scene.pool.give(older)
            await scene.turn()
            scene.pool.target.distrustKept(now: worker.loop.now)
            await scene.turn()
            scene.pool.give(newer)
            await scene.turn()
            scene.pool.relieve()
            #expect(far.receive() == .end)
            #expect(scene.take(certain: false) === newer)
            #expect(scene.take(certain: false) == nil)
            #expect(quiet.receive(waits: false) == .nothing)
        }
    }

    @Test("one that leads to an address which the name doesn't stand for any more finishes its request and is closed")
    func moved() async throws {
        try await SmallWorker.run { worker in
            let old = try SocketAddress(parsing: "192.0.2.1:80")
            let new = try SocketAddress(parsing: "192.0.2.2:80")
            let settings = Settings.Upstream(endpoint: .host("127.0.0.1", port: 80), name: "http://tickets")
            let group = try UpstreamGroup(settings, connectMilliseconds: 1, libraries: [])
            let target = group.targets[0]
            target.update([old, new])
            let pool = UpstreamPool(target, buffers: BufferPool(), loop: worker.loop)
            func connect(_ address: SocketAddress) throws -> (UpstreamConnection, PeerSocket) {
                let pair = try ConnectionPair.local()
                let connection = UpstreamConnection(try Socket(Descriptor(owning: pair.near), on: worker.loop), to: .ip(address))
                connection.epoch = target.currentEpoch
                return (connection, pair.far)
            }
            let (idle, far) = try connect(old)
            let (busy, busyFar) = try connect(old)
            let (good, goodFar) = try connect(new)
            for connection in [good, idle] { pool.give(connection) }
            target.update([new])
            pool.relieve()
            #expect(far.receive() == .end)
            #expect(busyFar.receive(waits: false) == .nothing)
            pool.give(busy)
            #expect(busyFar.receive() == .end)
            let now = worker.loop.now
            while worker.loop.now == now { await Waiter(on: worker.loop).yield() }
            #expect(pool.take(for: good.source, certain: false) === good)
            #expect(goodFar.receive(waits: false) == .nothing)
        }
    }

    @Test("a connection that belongs to a client's goes to nobody else, and ends when that does, or when it gets old")
    func bound() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, idleTimeoutMilliseconds: 20_000)
            let cleaning = worker.start { await scene.pool.run() }
            let (first, firstFar) = try scene.connect()
            let (second, secondFar) = try scene.connect()
            let (third, thirdFar) = try scene.connect()
            let bindings = [UpstreamBinding(), UpstreamBinding(), UpstreamBinding()]
            for (binding, connection) in zip(bindings, [first, second, third]) { binding.keep(connection, in: scene.pool) }
            await scene.turn()
            #expect(scene.take(certain: false) == nil)
            #expect(bindings[0].take()?.0 === first)
            #expect(bindings[0].take() == nil)
            bindings[1].end()
            #expect(secondFar.receive() == .end)
            third.idleSince = scene.past(milliseconds: 20_000)
            #expect(bindings[2].take() == nil)
            #expect(thirdFar.receive() == .end)
            #expect(scene.pool.target.slots.count == 1)
            bindings[0].keep(first, in: scene.pool)
            scene.pool.end()
            await cleaning.value
            #expect(firstFar.receive() == .end)
            #expect(bindings[0].take() == nil)
            #expect(scene.pool.target.slots.count == 0)
        }
    }

    @Test("a source that may have no more ends nobody's idle connections, waiting or not")
    func share() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, connectionsMax: 8)
            let pool = scene.pool
            let cleaning = worker.start { await pool.run() }
            // Six of eight are all that it may have.
            let busy = try (1...6).map { _ in try scene.connect(client: 1) }
            let (idle, far) = try scene.connect(client: 2)
            pool.give(idle)
            await scene.turn()
            let outcome = Outcome()
            let waiting = worker.start {
                outcome.value = await pool.open(
                    for: PoolScene.client(1), waiter: Waiter(on: scene.loop), certain: true, timeouts: Settings.Timeouts(),
                    queueMilliseconds: 300, isAbandoned: { false })
            }
            await scene.turn()
            pool.relieve()
            #expect(far.receive(waits: false) == .nothing)
            // One that the other has done with meanwhile is kept too.
            let (second, secondFar) = try scene.connect(client: 3)
            pool.give(second)
            for _ in 1...3 { await scene.turn() }
            #expect(secondFar.receive(waits: false) == .nothing)
            #expect(scene.take(client: 3, certain: false) === second)
            #expect(scene.take(client: 2, certain: false) === idle)
            await waiting.value
            guard case .queueTimedOut? = outcome.value else {
                Issue.record("\(String(describing: outcome.value))")
                return
            }
            #expect(busy.allSatisfy { $0.1.receive(waits: false) == .nothing })
            pool.end()
            await cleaning.value
        }
    }

    @Test("a kept connection that turns out to be dead is no reason to end somebody's login")
    func login() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (connection, far) = try scene.connect()
            let binding = UpstreamBinding()
            binding.keep(connection, in: scene.pool)
            #expect(binding.hasJustRested)
            await scene.turn()
            #expect(!binding.hasJustRested)
            scene.pool.target.distrustKept(now: worker.loop.now)
            scene.pool.relieve()
            #expect(far.receive(waits: false) == .nothing)
            #expect(binding.take()?.0 === connection)
        }
    }
}
