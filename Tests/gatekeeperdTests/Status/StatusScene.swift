import Foundation
import Gatekeeper

@testable import gatekeeperd

/// A status listener whose turns and clock are the test's.
final class StatusScene {
    let listener: StatusListener
    let service = FakeObservedService()
    var now = System.now()

    init(token: String? = nil) throws {
        let gate = StatusGate(token: try token.map { try StatusToken($0) })
        listener = try StatusListener(on: try SocketAddress(parsing: "127.0.0.1:0"), gate: gate, isShared: false)
    }

    func turn() { listener.turn(service, by: clock) }

    /// Stands still during a turn.
    var clock: ControlClock {
        let moment = Moment(instant: now, wallTime: GrantScene.start)
        return ControlClock { moment }
    }

    func connect() throws -> PlainSocket {
        let client = try PlainSocket(to: try SocketName("127.0.0.1", port: listener.address.port), timeoutSeconds: 5)
        turn()
        return client
    }

    func pass(milliseconds: Int) { now = now.advanced(byMilliseconds: milliseconds) }

    /// The answer to a request, after which the connection has ended as it should.
    func answer(to request: String) throws -> RawMessage {
        let client = try connect()
        _ = client.send(Array(request.utf8))
        return try answer(on: client, to: request)
    }

    /// Takes turns until the answer is there and the stream has ended.
    func answer(on client: PlainSocket, to request: String = "GET") throws -> RawMessage {
        let bytes = try rest(on: client)
        var pieces: [Received] = [.bytes(bytes), .ended(.fin)]
        return try MessageReader().response(to: String(request.prefix { $0 != " " })) { pieces.removeFirst() }
    }

    /// Everything to the stream's end.
    func rest(on client: PlainSocket) throws -> [UInt8] {
        client.setTimeout(milliseconds: 20)
        var bytes: [UInt8] = []
        for _ in 0..<500 {
            turn()
            switch client.receive() {
            case .bytes(let more): bytes += more
            case .ended(.timedOut): continue
            case .ended(.fin): return bytes
            case .ended(let ending): throw Failure("\(ending) after \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        throw Failure("no end after \(String(decoding: bytes, as: UTF8.self))")
    }

    func status(of request: String) throws -> Int { try answer(to: request).status }

    /// True while the loop would be woken.
    var isReadable: Bool {
        var waiting = pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0)
        // SAFETY: one local structure.
        return unsafe poll(&waiting, 1, 0) == 1
    }
}
