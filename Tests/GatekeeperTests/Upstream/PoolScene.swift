import Testing

@testable import Gatekeeper

/// A pool on a worker's loop, and connections to put into it.
struct PoolScene {
    let pool: UpstreamPool
    let loop: EventLoop

    init(
        _ loop: EventLoop, idleConnectionsMax: Int = 8, idleTimeoutMilliseconds: Int = 60_000, connectionsMax: Int = 256
    ) throws {
        var settings = Settings.Upstream(endpoint: .unix("/run/tickets"), name: "http://tickets")
        settings.connectionsMax = connectionsMax
        settings.idleConnectionsMax = idleConnectionsMax
        settings.idleTimeoutMilliseconds = idleTimeoutMilliseconds
        pool = UpstreamPool(try UpstreamTarget(settings.servers[0], of: settings), buffers: BufferPool(), loop: loop)
        self.loop = loop
    }

    /// A connection in a place of its own, as if it had just been dialled for a client at 10.0.0.`client`.
    func connect(client: UInt32 = 1) throws -> (UpstreamConnection, PeerSocket) {
        let pair = try ConnectionPair.local()
        let connection = UpstreamConnection(try Socket(Descriptor(owning: pair.near), on: loop), to: .unix("/run/tickets"))
        try #require(pool.target.slots.take(for: Self.client(client)))
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
