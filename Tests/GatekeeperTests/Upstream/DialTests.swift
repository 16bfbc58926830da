import Foundation
import Testing

@testable import Gatekeeper

struct DialTests {
    private func makePool(_ endpoint: Settings.Upstream.Endpoint, _ loop: EventLoop) throws -> UpstreamPool {
        UpstreamPool(
            try UpstreamTarget(Settings.Upstream.Server(endpoint: endpoint, name: "http://tickets"), of: Settings.Upstream([])),
            buffers: BufferPool(), loop: loop)
    }

    @Test("a connection that is up can be written at once and is fresh")
    func connects() async throws {
        try await SmallWorker.run { worker in
            let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
            let pool = try makePool(.address(System.localAddress(of: listener.number)), worker.loop)
            let outcome = await pool.dial(waiter: Waiter(on: worker.loop), on: worker.loop, timeoutMilliseconds: 20_000)
            guard case .connected(let connection) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(!connection.isReused)
            #expect(connection.socket.isWritable && !connection.socket.isReadable)
            let far = PeerSocket(adopting: try ConnectionPair.accept(from: listener.number))
            let request = Buffer(capacity: 8)
            request.append("GET")
            #expect(connection.socket.send(request) == .bytes(3))
            _ = fcntl(far.descriptor, F_SETFL, 0)
            #expect(far.receive() == .bytes(Array("GET".utf8)))
            connection.close()
        }
    }

    @Test("an address where nobody listens has failed, with the system's word for it")
    func refused() async throws {
        try await SmallWorker.run { worker in
            let closed = try ClosedPort()
            let pool = try makePool(.address(closed.address), worker.loop)
            let outcome = await pool.dial(waiter: Waiter(on: worker.loop), on: worker.loop, timeoutMilliseconds: 20_000)
            guard case .failed(ECONNREFUSED) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    @Test("a UNIX socket that isn't there, and a name without an address, have failed")
    func nowhere() async throws {
        try await SmallWorker.run { worker in
            let waiter = Waiter(on: worker.loop)
            var pool = try makePool(.unix("/nowhere/tickets.sock"), worker.loop)
            var outcome = await pool.dial(waiter: waiter, on: worker.loop, timeoutMilliseconds: 20_000)
            guard case .failed(ENOENT) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            pool = try makePool(.host(String(repeating: "a", count: 300), port: 1), worker.loop)
            outcome = await pool.dial(waiter: waiter, on: worker.loop, timeoutMilliseconds: 20_000)
            guard case .failed(0) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    /// A name that stands for what a test says, as nobody else knows it.
    private func makePool(of addresses: [SocketAddress], _ loop: EventLoop) throws -> UpstreamPool {
        let pool = try makePool(.host(String(repeating: "a", count: 300), port: 1), loop)
        pool.target.update(addresses)
        return pool
    }

    @Test("a silent address leaves the next its share of the time that there is, and is the last to be tried from then on")
    func share() async throws {
        try await SmallWorker.run { worker in
            let silence = try FullQueue()
            let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
            let address = try System.localAddress(of: listener.number)
            let pool = try makePool(of: [silence.address, address], worker.loop)
            let outcome = await pool.dial(
                waiter: Waiter(on: worker.loop), on: worker.loop, timeoutMilliseconds: 20_000,
                until: worker.loop.now.advanced(byMilliseconds: 4_000))
            guard case .connected(let connection) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            connection.close()
            let now = worker.loop.now
            #expect(pool.target.addresses(at: now) == [address, silence.address].map(ConnectAddress.ip))
            #expect(pool.target.addresses(at: now.advanced(byMilliseconds: 301_000)) == [silence.address, address].map(ConnectAddress.ip))
        }
    }

    @Test("of several addresses' failures the one is told that says most, not that this host has no way to the last")
    func telling() async throws {
        try await SmallWorker.run { worker in
            let closed = try ClosedPort()
            // TCP has no way to everybody.
            let nowhere = SocketAddress(address: PeerAddress(ipv4: 0xffff_ffff), port: 1)
            let pool = try makePool(of: [closed.address, nowhere], worker.loop)
            let outcome = await pool.dial(waiter: Waiter(on: worker.loop), on: worker.loop, timeoutMilliseconds: 20_000)
            guard case .failed(ECONNREFUSED) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    @Test("a UNIX socket whose queue is full has not answered in time")
    func fullUnixQueue() async throws {
        try await SmallWorker.run { worker in
            let path = "\(NSTemporaryDirectory())gatekeeper-queue-\(getpid()).sock"
            unsafe unlink(path)
            defer { unsafe unlink(path) }
            let listener = try System.streamSocket(family: AF_UNIX)
            let isListening = unsafe ConnectAddress.unix(path).withSocketAddress { unsafe bind(listener.number, $0, $1) == 0 }
            try #require(isListening && listen(listener.number, 0) == 0)
            let pool = try makePool(.unix(path), worker.loop)
            var outcomes: [DialOutcome] = []
            // 0 is room for one.
            for _ in 0..<2 {
                outcomes.append(await pool.dial(waiter: Waiter(on: worker.loop), on: worker.loop, timeoutMilliseconds: 100))
            }
            guard case .connected(let connection) = outcomes[0], case .timedOut = outcomes[1] else {
                Issue.record("\(outcomes)")
                return
            }
            connection.close()
        }
    }

    @Test("of a name's addresses each is tried in turn, and a failure is told when none is left")
    func addresses() async throws {
        try await SmallWorker.run { worker in
            let waiter = Waiter(on: worker.loop)
            let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
            let address = try System.localAddress(of: listener.number)
            // Nobody listens on these, whoever takes ports meanwhile.
            let silent = [
                SocketAddress(address: PeerAddress(ipv4: 0x7f00_0009), port: address.port),
                SocketAddress(address: PeerAddress(ipv4: 0x7f00_0008), port: address.port),
            ]
            let pool = try makePool(of: silent + [address], worker.loop)
            var outcome = await pool.dial(waiter: waiter, on: worker.loop, timeoutMilliseconds: 20_000)
            guard case .connected(let connection) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            connection.close()
            pool.target.update(silent)
            outcome = await pool.dial(waiter: waiter, on: worker.loop, timeoutMilliseconds: 20_000)
            guard case .failed(ECONNREFUSED) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    @Test("an upstream that doesn't answer is given so long, and no longer than its worker lives")
    func silent() async throws {
        try await SmallWorker.run { worker in
            let silence = try FullQueue()
            let pool = try makePool(.address(silence.address), worker.loop)
            let waiter = Waiter(on: worker.loop)
            let began = worker.loop.now
            var outcome = await pool.dial(waiter: waiter, on: worker.loop, timeoutMilliseconds: 5)
            guard case .timedOut = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(worker.loop.now >= began.advanced(byMilliseconds: 5))
            worker.start {
                waiter.abort()
            }
            outcome = await pool.dial(waiter: waiter, on: worker.loop, timeoutMilliseconds: 20_000)
            guard case .aborted = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    /// Bound, so that nobody else gets the port, and not listening.
    private final class ClosedPort {
        let address: SocketAddress
        private let holder: Int32

        init() throws {
            let holder = try System.streamSocket(family: AF_INET)
            let any = try ConnectAddress.ip(SocketAddress(parsing: "127.0.0.1:0"))
            let bound = unsafe any.withSocketAddress { unsafe bind(holder.number, $0, $1) }
            guard bound == 0 else { throw SystemError("bind", code: errno) }
            address = try System.localAddress(of: holder.number)
            self.holder = holder.release()
        }

        deinit {
            System.close(holder)
        }
    }

    /// A listener whose queue is full: the kernel ignores whoever else knocks.
    private final class FullQueue {
        let address: SocketAddress
        private let listener: Int32
        private let waiting: PeerSocket

        init() throws {
            listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0")).release()
            address = try System.localAddress(of: listener)
            // Listening again changes the length of the queue; 0 is room for one.
            let isShort = listen(listener, 0) == 0
            waiting = try PeerSocket(connectingTo: address)
            let isFull = System.waitReadable(listener, milliseconds: 10_000)
            guard isShort, isFull else { throw SystemError("fill a queue", code: 0) }
        }

        deinit {
            System.close(listener)
        }
    }
}
