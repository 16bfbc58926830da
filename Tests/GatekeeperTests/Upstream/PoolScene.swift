import Testing

@testable import Gatekeeper

/// A pool on a worker's loop, and connections to put into it.
struct PoolScene {
    let pool: UpstreamPool
    let loop: EventLoop

    /// - Parameter check: asked for by the settings; who asks is the test's affair.
    init(
        _ loop: EventLoop, at endpoint: Settings.Upstream.Endpoint = .unix("/run/tickets"), idleConnectionsMax: Int = 8,
        idleTimeoutMilliseconds: Int = 60_000, connectionsMax: Int = 256, check: Settings.Upstream.Check? = nil,
        report: @escaping (UpstreamHealth.Change, StaticString?) -> Void = { _, _ in }
    ) throws {
        var settings = Settings.Upstream(endpoint: endpoint, name: "http://tickets")
        settings.check = check
        settings.connectionsMax = connectionsMax
        settings.idleConnectionsMax = idleConnectionsMax
        settings.idleTimeoutMilliseconds = idleTimeoutMilliseconds
        let target = try UpstreamTarget(settings.servers[0], of: settings)
        pool = UpstreamPool(target, buffers: BufferPool(), loop: loop, report: report)
        self.loop = loop
    }

    /// A connection in a place of its own, as if it had just been dialled for a client at 10.0.0.`client`.
    func connect(client: UInt32 = 1) throws -> (UpstreamConnection, PeerSocket) {
        let pair = try ConnectionPair.local()
        let connection = UpstreamConnection(try Socket(Descriptor(owning: pair.near), on: loop), to: .unix("/run/tickets"))
        try #require(pool.target.slots.take(for: Self.client(client), worker: 0))
        connection.occupy(slotOf: pool, for: Self.client(client))
        return (connection, pair.far)
    }

    static func client(_ number: UInt32) -> PeerAddress { PeerAddress(ipv4: 0x0a00_0000 + number) }

    func take(client: UInt32 = 1, certain: Bool) -> UpstreamConnection? { pool.take(for: Self.client(client), certain: certain) }

    /// One turn of the loop: what the kernel knows, the sockets know.
    func turn() async {
        let now = loop.now
        while loop.now == now { await Waiter(on: loop).yield() }
    }

    /// So long ago.
    func past(milliseconds: UInt64) -> Instant {
        Instant(nanoseconds: loop.now.nanoseconds - milliseconds * 1_000_000)
    }
}
