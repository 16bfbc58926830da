import Testing

@testable import Gatekeeper

/// A session under test, its client, and what the session's worker would hold for it.
struct TLSScene {
    let stream: TLSStream
    let socket: Socket
    let client: TLSPeer
    let pool = BufferPool()
    private let waiter: Waiter

    init(
        _ worker: isolated SmallWorker, context: TLSContext? = nil,
        client makeClient: (PeerSocket) throws -> TLSPeer = { try TLSPeer($0) }
    ) throws {
        let pair = try ConnectionPair.local()
        socket = try Socket(Descriptor(owning: pair.near), on: worker.loop)
        stream = try #require(try TLSStream(socket, context: context ?? TestCertificates.sharedContext(), pool: pool))
        client = try makeClient(pair.far)
        waiter = Waiter(on: worker.loop)
    }

    /// One turn of the loop: what the kernel knows, the socket knows.
    func turn() async {
        await waiter.yield()
    }

    /// Steps both sides until they agree; the server's failure, if it has one.
    func shakeHands() async -> TLSFailure? {
        var isClientDone = false
        var isServerDone = false
        for _ in 0..<20 {
            if !isClientDone, case .done = client.handshake() { isClientDone = true }
            await turn()
            switch isServerDone ? .done : stream.handshake() {
            case .done: isServerDone = true
            case .wouldBlock: break
            case .failed(let failure): return failure
            }
            if isClientDone, isServerDone { return nil }
        }
        return TLSFailure(reason: "no end")
    }

    /// What the server reads, up to an end, in calls of at most `roomBytes`.
    func readAll(roomBytes: Int = 64 << 10) async -> (bytes: [UInt8], last: TLSStream.ReadOutcome) {
        var all: [UInt8] = []
        while true {
            let buffer = Buffer(capacity: roomBytes)
            let outcome = stream.read(into: buffer)
            guard case .bytes(let count) = outcome else { return (all, outcome) }
            #expect(count == buffer.count)
            let span = buffer.readable
            all += span.indices.map { span[$0] }
        }
    }

    func say(_ bytes: [UInt8]) -> TLSStream.FlushOutcome {
        let buffer = Buffer(capacity: bytes.count)
        buffer.append(bytes.span)
        return stream.write(buffer)
    }
}
