import Glibc
import Testing

@testable import Gatekeeper

struct UpstreamPoolTests {
    @Test("hands out the newest first")
    func newestFirst() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            #expect(scene.take(certain: false) == nil)
            let connections = [try scene.connect(), try scene.connect(), try scene.connect()]
            for (connection, _) in connections { scene.pool.give(connection) }
            await scene.turn()
            #expect(scene.take(certain: true) === connections[2].0)
            #expect(scene.take(certain: false) === connections[1].0)
            #expect(scene.take(certain: true) === connections[0].0)
            #expect(scene.take(certain: true) == nil)
        }
    }

    @Test("keeps at most so many, and closes the oldest for the newest")
    func bound() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, idleConnectionsMax: 2)
            let connections = [try scene.connect(), try scene.connect(), try scene.connect()]
            for (connection, _) in connections { scene.pool.give(connection) }
            #expect(connections[0].1.receive() == .end)
            await scene.turn()
            #expect(scene.take(certain: true) === connections[2].0)
            #expect(scene.take(certain: true) === connections[1].0)
            #expect(scene.take(certain: true) == nil)
        }
    }

    @Test("keeps as many as are in use, and gives up those that fewer requests don't need for as long as they may be idle")
    func follows() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, idleConnectionsMax: 10_000, idleTimeoutMilliseconds: 20_000)
            var connections = try (1...100).map { _ in try scene.connect() }
            for _ in 1...3 {
                for (connection, _) in connections { scene.pool.give(connection) }
                await scene.turn()
                for _ in connections { #expect(scene.take(certain: true) != nil) }
                #expect(scene.take(certain: false) == nil)
            }
            // From here on five are enough.
            for (connection, _) in connections { scene.pool.give(connection) }
            await scene.turn()
            let busy = (1...5).compactMap { _ in scene.take(certain: true) }
            for (connection, _) in connections where !busy.contains(where: { $0 === connection }) {
                connection.idleSince = scene.past(milliseconds: 20_000)
            }
            for connection in busy { scene.pool.give(connection) }
            await scene.turn()
            let cleaning = worker.start { await scene.pool.run() }
            while scene.pool.target.slots.count > 5, worker.loop.now < worker.patience { await scene.turn() }
            for (connection, far) in connections where !busy.contains(where: { $0 === connection }) { #expect(far.receive() == .end) }
            #expect(scene.pool.target.slots.count == 5)
            connections.removeAll()
            scene.pool.end()
            await cleaning.value
        }
    }

    @Test("keeps none where none may be kept")
    func keepsNone() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, idleConnectionsMax: 0)
            let (connection, far) = try scene.connect()
            scene.pool.give(connection)
            #expect(far.receive() == .end)
            #expect(scene.take(certain: false) == nil)
        }
    }

    @Test("a connection on which anything arrived while it lay there is never handed out", arguments: [false, true])
    func dirty(closes: Bool) async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (clean, quiet) = try scene.connect()
            let (dirty, far) = try scene.connect()
            scene.pool.give(clean)
            scene.pool.give(dirty)
            if closes { far.finishSending() } else { far.send("HTTP/1.1 200 OK\r\n".utf8) }
            await scene.turn()
            #expect(scene.take(certain: false) === clean)
            #expect(scene.take(certain: false) == nil)
            #expect(far.receive() == (closes ? .end : .failed(ECONNRESET)), "it was closed")
            #expect(quiet.receive(waits: false) == .nothing, "the other one wasn't")
        }
    }

    @Test("who must be certain is told of what arrived since the loop last looked", arguments: [false, true])
    func certain(closes: Bool) async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (dirty, far) = try scene.connect()
            scene.pool.give(dirty)
            await scene.turn()
            if closes { far.finishSending() } else { far.send("x".utf8) }
            #expect(!dirty.socket.isReadable)
            #expect(scene.take(certain: true) == nil)
        }
    }

    @Test("a connection that is readable when it comes back isn't kept")
    func dirtyReturn() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (connection, far) = try scene.connect()
            far.send("surplus".utf8)
            await scene.turn()
            #expect(connection.socket.isReadable)
            scene.pool.give(connection)
            #expect(scene.take(certain: false) == nil)
        }
    }

    @Test("a connection that has lain too long is closed instead of handed out")
    func aged() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, idleTimeoutMilliseconds: 500)
            let (young, quiet) = try scene.connect()
            let (old, far) = try scene.connect()
            scene.pool.give(young)
            scene.pool.give(old)
            old.idleSince = scene.past(milliseconds: 500)
            young.idleSince = scene.past(milliseconds: 300)
            #expect(scene.take(certain: false) === young)
            #expect(far.receive() == .end)
            #expect(quiet.receive(waits: false) == .nothing)
        }
    }

    @Test("closes what has aged without being asked, not before")
    func sweepsAged() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, idleTimeoutMilliseconds: 40)
            let pool = scene.pool
            let cleaning = worker.start {
                await pool.run()
            }
            let aging = try Peer(of: scene)
            let given = worker.loop.now
            pool.give(aging.connection)
            try await aging.waitForEnd(worker)
            #expect(worker.loop.now >= given.advanced(byMilliseconds: 40))
            pool.end()
            await cleaning.value
        }
    }

    @Test("closes what the upstream closed without being asked, and everything when it ends")
    func sweepsClosed() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let pool = scene.pool
            let cleaning = worker.start {
                await pool.run()
            }
            let (kept, closing) = (try Peer(of: scene), try Peer(of: scene))
            pool.give(kept.connection)
            pool.give(closing.connection)
            System.shutdownWriting(closing.socket.descriptor)
            try await closing.waitForEnd(worker)
            #expect(!kept.socket.peerClosed)
            pool.end()
            await cleaning.value
            try await kept.waitForEnd(worker)

            let late = try Peer(of: scene)
            pool.give(late.connection)
            try await late.waitForEnd(worker)
            #expect(scene.take(certain: false) == nil)
        }
    }

    @Test("learns from an upstream that closes early, and keeps connections for three quarters of that")
    func learns() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (closed, far) = try scene.connect()
            scene.pool.give(closed)
            closed.idleSince = scene.past(milliseconds: 40_000)
            far.finishSending()
            await scene.turn()
            #expect(scene.take(certain: false) == nil)

            // The loop's clock has gone on by a little since; 30 s are three quarters of what was seen.
            let (young, quiet) = try scene.connect()
            scene.pool.give(young)
            young.idleSince = scene.past(milliseconds: 28_000)
            #expect(scene.take(certain: false) === young)
            #expect(quiet.receive(waits: false) == .nothing)
            scene.pool.give(young)
            young.idleSince = scene.past(milliseconds: 34_000)
            #expect(scene.take(certain: false) == nil)
            #expect(quiet.receive() == .end)
        }
    }

    @Test("a connection that closes at once is taken for a restart: what is learned is never less than 100 ms")
    func learnsAtLeast() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop)
            let (closed, far) = try scene.connect()
            scene.pool.give(closed)
            // However long the turn takes.
            closed.idleSince = worker.loop.now.advanced(byMilliseconds: 20_000)
            far.finishSending()
            await scene.turn()
            #expect(scene.take(certain: false) == nil)
            let (young, quiet) = try scene.connect()
            scene.pool.give(young)
            young.idleSince = scene.past(milliseconds: 99)
            #expect(scene.take(certain: false) === young)
            #expect(quiet.receive(waits: false) == .nothing)
            scene.pool.give(young)
            young.idleSince = scene.past(milliseconds: 100)
            #expect(scene.take(certain: false) == nil)
            #expect(quiet.receive() == .end)
        }
    }

    @Test("a connection that we close for its age teaches nothing")
    func agingTeachesNothing() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, idleTimeoutMilliseconds: 1_000)
            let (old, far) = try scene.connect()
            scene.pool.give(old)
            old.idleSince = scene.past(milliseconds: 1_000)
            #expect(scene.take(certain: false) == nil)
            #expect(far.receive() == .end)
            let (young, quiet) = try scene.connect()
            scene.pool.give(young)
            young.idleSince = scene.past(milliseconds: 990)
            #expect(scene.take(certain: false) === young)
            #expect(quiet.receive(waits: false) == .nothing)
        }
    }

    /// A pooled connection whose far end is on the loop too, so that its closing can be waited for there.
    private struct Peer {
        let connection: UpstreamConnection
        let socket: Socket
        private let waiter: Waiter

        init(of scene: PoolScene) throws {
            let (connection, peer) = try scene.connect()
            self.connection = connection
            let far = try peer.duplicate()
            peer.close()
            socket = try Socket(far, on: scene.loop)
            waiter = Waiter(on: scene.loop)
            socket.waiter = waiter
            socket.interest = [.peerClosed]
        }

        func waitForEnd(_ worker: isolated SmallWorker) async throws {
            while !socket.peerClosed {
                let wake = await waiter.wait(until: worker.patience)
                try #require(wake == .ready)
            }
            socket.close()
        }
    }
}
