import Glibc
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
            // Bound, so that nobody else gets the port, and not listening.
            let holder = try System.streamSocket(family: AF_INET)
            let any = try ConnectAddress.ip(SocketAddress(parsing: "127.0.0.1:0"))
            let bound = unsafe any.withSocketAddress { unsafe bind(holder.number, $0, $1) }
            try #require(bound == 0)
            let pool = try makePool(.address(System.localAddress(of: holder.number)), worker.loop)
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

    @Test("of a name's addresses each is tried in turn, and the last one's failure is told")
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
            let pool = try makePool(.host("127.0.0.1", port: address.port), worker.loop)
            pool.target.update(silent + [address])
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
