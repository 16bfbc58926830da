import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct ControlSocketTests {
    @Test("a request is a line, the answer is a line, and then the connection ends")
    func conversation() throws {
        let scene = try ControlScene()
        let reply = try scene.reply(to: "{\"gatekeeper\":1,\"command\":\"reload\"}\n")
        #expect(reply?["gatekeeper"]?.integer == 1)
        #expect(reply?["ok"]?.boolean == true)
        #expect(reply?["result"]?["changes"]?.texts == ["allow: 192.0.2.7 added"])
        #expect(scene.service.log == ["reload by \(geteuid())"])
        #expect(!scene.isReadable)
        #expect(scene.socket.nextDeadline == nil)
    }

    @Test("the descriptor is readable exactly when there is something to do")
    func readiness() throws {
        let scene = try ControlScene()
        #expect(!scene.isReadable)
        let client = try PlainSocket(to: try SocketName(path: scene.path))
        #expect(scene.isReadable)
        scene.turn()
        #expect(!scene.isReadable)
        _ = client.send(Array("{".utf8))
        #expect(scene.isReadable)
        scene.turn()
        #expect(!scene.isReadable)
        client.close()
        #expect(scene.isReadable)
        scene.turn()
        #expect(!scene.isReadable)
        #expect(scene.service.log.isEmpty)
    }

    @Test("only the owner and the group may connect to the file")
    func mode() throws {
        let scene = try ControlScene()
        let attributes = try FileManager.default.attributesOfItem(atPath: scene.path)
        #expect(attributes[.posixPermissions] as? Int == 0o660)
        #expect(attributes[.type] as? FileAttributeType == .typeSocket)
    }

    @Test("root, our own user and the group's members may command; nobody else may")
    func permission() {
        func may(_ user: UInt32, _ group: UInt32, _ others: [UInt32] = []) -> Bool {
            PeerCredentials(user: user, group: group, supplementaryGroups: others).mayCommand(ownUser: 500, socketGroup: 600)
        }
        #expect(may(0, 0))
        #expect(may(500, 1))
        #expect(may(1000, 600))
        #expect(may(1000, 1000, [4, 600]))
        #expect(!may(1000, 1000, [4, 601]))
        #expect(!may(600, 500))
    }

    @Test("the kernel says who is at the other end")
    func credentials() throws {
        let scene = try ControlScene()
        let address = try #require(UnixAddress(scene.path))
        let stream = try UnixStream(to: address)
        guard let credentials = stream.peerCredentials() else { throw Failure("no credentials") }
        #expect(credentials.user == geteuid())
        #expect(credentials.group == getegid())
    }

    @Test("the file goes with the socket, unless it is another's by now")
    func unlink() throws {
        let folder = try ScratchFolder()
        let path = folder.file("control.sock")
        var first: ControlSocket? = try ControlSocket(path: path)
        #expect(first != nil)
        var second: ControlSocket? = try ControlSocket(path: path, takingOver: true)
        #expect(second != nil)
        first = nil
        #expect(FileManager.default.fileExists(atPath: path))
        _ = try PlainSocket(to: try SocketName(path: path))
        second = nil
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("a live service's socket is refused with advice, and goes on working")
    func live() throws {
        let scene = try ControlScene()
        #expect { try ControlSocket(path: scene.path) } throws: { error in
            "\(error)" == "another process answers at \(scene.path); end it, or give this one a control socket of its own"
        }
        #expect(try scene.reply(to: "{\"gatekeeper\":1,\"command\":\"confirm\"}\n")?["ok"]?.boolean == true)
    }

    @Test("a dead process's socket is replaced")
    func stale() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("control.sock")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let socket = try ControlSocket(path: path)
            withExtendedLifetime(socket) { _ = kill(getpid(), SIGKILL) }
        }
        #expect(FileManager.default.fileExists(atPath: path))
        let socket = try ControlSocket(path: path)
        _ = try PlainSocket(to: try SocketName(path: path))
        withExtendedLifetime(socket) {}
    }

    @Test("a file that is no socket is left alone")
    func otherFile() throws {
        let folder = try ScratchFolder(["control.sock": "precious"])
        #expect { try ControlSocket(path: folder.file("control.sock"), takingOver: true) } throws: { "\($0)".contains("not a socket") }
        #expect(try String(contentsOfFile: folder.file("control.sock"), encoding: .utf8) == "precious")
    }

    @Test("a path that the kernel can't take is refused with its limit")
    func longPath() throws {
        let folder = try ScratchFolder()
        let path = folder.file(String(repeating: "x", count: 100))
        #expect { try ControlSocket(path: path) } throws: { "\($0)".contains("107 bytes") }
    }

    @Test("without a descriptor for another client the loop rests for a second, and then serves it")
    func descriptorsExhausted() async {
        await #expect(processExitsWith: .success) {
            let scene = try ControlScene()
            // Whatever names and libraries need open, they have by then.
            guard try scene.reply(to: "{\"gatekeeper\":1,\"command\":\"confirm\"}\n") != nil else { exit(2) }
            let client = try PlainSocket(to: try SocketName(path: scene.path))
            let taken = TakenDescriptors()
            scene.turn()
            guard !scene.isReadable else { exit(3) }
            guard scene.socket.nextDeadline == scene.now.advanced(byMilliseconds: 1000) else { exit(4) }
            taken.release()
            scene.pass(milliseconds: 1000)
            scene.turn()
            _ = client.send(Array("{\"gatekeeper\":1,\"command\":\"confirm\"}\n".utf8))
            scene.turn()
            guard scene.reply(on: client)?["ok"]?.boolean == true, scene.socket.nextDeadline == nil else { exit(5) }
            exit(0)
        }
    }
}
