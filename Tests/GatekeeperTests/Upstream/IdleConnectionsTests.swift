import Testing

@testable import Gatekeeper

struct IdleConnectionsTests {
    @Test("whatever is added and removed, each source has its own, newest first, and all are there by age")
    func model() async throws {
        try await SmallWorker.run { worker in
            let scene = try PoolScene(worker.loop, connectionsMax: 10_000)
            var idle = IdleConnections()
            var model: [UpstreamConnection] = []
            var sockets: [PeerSocket] = []
            var generator = SeededGenerator(seed: 14)
            for _ in 1...600 {
                if model.count < 40, Bool.random(using: &generator) || model.isEmpty {
                    let (connection, far) = try scene.connect(client: UInt32.random(in: 1...90, using: &generator))
                    sockets.append(far)
                    idle.add(connection)
                    model.append(connection)
                } else {
                    let connection = model.remove(at: Int.random(in: 0..<model.count, using: &generator))
                    idle.remove(connection)
                    connection.close()
                }
                try #require(byAge(idle).map(ObjectIdentifier.init) == model.map(ObjectIdentifier.init))
                try #require(idle.count == model.count && idle.oldest === model.first)
                for client in UInt32(1)...90 {
                    let source = PoolScene.client(client)
                    let own = model.filter { $0.source == source }
                    var found: [UpstreamConnection] = []
                    var next = idle.newest(of: source)
                    while let connection = next {
                        found.append(connection)
                        next = idle.older(than: connection)
                    }
                    try #require(found.map(ObjectIdentifier.init) == own.reversed().map(ObjectIdentifier.init))
                    try #require(idle.oldest(butNotOf: source) === model.first { $0.source != source })
                }
            }
            for connection in model { connection.close() }
            for socket in sockets { socket.close() }
        }
    }

    /// From the oldest to the newest.
    private func byAge(_ idle: IdleConnections) -> [UpstreamConnection] {
        Array(
            sequence(state: idle.oldest) { next in
                defer { next = next.flatMap { idle.newer(than: $0) } }
                return next
            })
    }
}
