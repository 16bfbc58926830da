import Foundation
import Gatekeeper

@testable import gatekeeperd

/// A control socket whose turns and clock are the test's.
final class ControlScene {
    let folder: ScratchFolder
    let socket: ControlSocket
    let service: FakeService
    var now = System.now()

    init(service: FakeService = FakeService()) throws {
        self.service = service
        folder = try ScratchFolder()
        socket = try ControlSocket(path: folder.file("control.sock"))
    }

    var path: String { folder.file("control.sock") }

    func turn() { socket.turn(service, by: clock) }

    /// Stands still during a turn.
    var clock: ControlClock {
        let moment = Moment(instant: now, wallTime: GrantScene.start)
        return ControlClock { moment }
    }

    func connect() throws -> PlainSocket {
        let client = try PlainSocket(to: try SocketName(path: path), timeoutSeconds: 5)
        turn()
        return client
    }

    /// Connects and sends a line; the service has taken its turns.
    func ask(_ line: String) throws -> PlainSocket {
        let client = try connect()
        _ = client.send(Array(line.utf8))
        turn()
        return client
    }

    /// What the service answers to a line, to its end; turns while more is to come.
    func reply(to line: String) throws -> JSON? { reply(on: try ask(line)) }

    func reply(on client: PlainSocket) -> JSON? {
        client.setTimeout(milliseconds: 50)
        var bytes: [UInt8] = []
        for _ in 0..<200 {
            switch client.receive() {
            case .bytes(let more): bytes += more
            case .ended(.timedOut): break
            case .ended: return JSONReader.read(bytes)
            }
            turn()
        }
        return nil
    }

    func pass(milliseconds: Int) { now = now.advanced(byMilliseconds: milliseconds) }

    /// True while the loop would be woken.
    var isReadable: Bool {
        var waiting = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        // SAFETY: one local structure.
        return unsafe poll(&waiting, 1, 0) == 1
    }
}
