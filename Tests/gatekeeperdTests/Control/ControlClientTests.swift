import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct ControlClientTests {
    private func failure(_ path: String, timeoutMilliseconds: Int = 10_000) -> ControlFailure? {
        do throws(ControlFailure) {
            _ = try ControlClient(path: path, timeoutMilliseconds: timeoutMilliseconds).ask(.status)
            return nil
        } catch {
            return error
        }
    }

    @Test("since when an entry is listed is told of each list by itself, also where two have the same entry")
    func listedAt() throws {
        let text = """
            {"lists":[
            {"label":"A","entries":["192.0.2.1"],"listed":[{"listed_at":"2026-01-02T03:04:05Z","entries":["192.0.2.1"]}]},
            {"label":"B","entries":["192.0.2.1"],"listed":[{"listed_at":"2026-02-02T03:04:05Z","entries":["192.0.2.1"]}]}]}
            """
        let admission = RunningService.admission(try #require(JSONReader.read(Array(text.utf8))))
        let entry = try prefix("192.0.2.1")
        #expect(admission.listed.map(\.label) == ["A", "B"])
        #expect(admission.listedAt["A"]?[entry]?.text == "2026-01-02T03:04:05Z")
        #expect(admission.listedAt["B"]?[entry]?.text == "2026-02-02T03:04:05Z")
    }

    @Test("every command reaches the service as it was asked")
    func commands() throws {
        let loop = try ControlLoop()
        let client = ControlClient(path: loop.path)
        let request = try GrantRequest(address: "192.0.2.0/24", duration: "2h", reason: "Käse \"fix\"")
        #expect(try client.ask(.status).text.hasPrefix("gatekeeperd \(Version.current)"))
        #expect(try client.ask(.reload).text.contains("allow: 192.0.2.7 added"))
        #expect(try client.ask(.apply(file: "/tmp/new.yaml", confirmWithinSeconds: 120)).result["generation"]?.integer == 2)
        #expect(try client.ask(.confirm).text == "generation 2 of the configuration stays (/etc/gatekeeper/gatekeeper.yaml)")
        #expect(try client.ask(.grant(request)).result["grant"]?.string("reason") == "Käse \"fix\"")
        #expect(try client.ask(.grants(all: true)).text.contains("not used yet"))
        #expect(try client.ask(.revoke(request.address)).result["grant"]?.string("ending") == "revoked")
        let user = geteuid()
        #expect(
            try loop.end() == [
                "status", "reload by \(user)", "apply /tmp/new.yaml 120", "confirm", "grant 192.0.2.0/24 7200 Käse \"fix\" by \(user)",
                "grants true", "revoke 192.0.2.0/24",
            ])
    }

    @Test("a configuration that was not taken is a failure with its mistakes, and the status scripts know")
    func kept() throws {
        let loop = try ControlLoop { $0.reloadReport = .kept(errors: ["gatekeeper.yaml:3:5: unknown key \"lissen\""]) }
        let failure = #expect(throws: ControlFailure.self) { try ControlClient(path: loop.path).ask(.reload) }
        #expect(failure?.code == .kept)
        #expect(failure?.exitStatus == 2)
        #expect(failure?.details == ["gatekeeper.yaml:3:5: unknown key \"lissen\""])
    }

    @Test("a full disk is a failure of another status, in the ledger's words")
    func fullDisk() throws {
        let loop = try ControlLoop { $0.failure = ControlFailure(LedgerError(cause: .full, message: "there is no room left for /x")) }
        let failure = #expect(throws: ControlFailure.self) { try ControlClient(path: loop.path).ask(.grants(all: false)) }
        #expect(failure == ControlFailure(.unavailable, "there is no room left for /x"))
        #expect(failure?.exitStatus == 1)
    }

    @Test("control characters of others don't reach the terminal")
    func terminal() throws {
        let loop = try ControlLoop {
            $0.report.problems = [Problem(.logLost, "a\u{1b}[2Jb\u{9b}c", cure: "d", since: GrantScene.start)]
        }
        #expect(try ControlClient(path: loop.path).ask(.status).text.hasPrefix("problem: a?[2Jb?c (log_lost, "))
    }

    @Test("no service, a dead one's socket, and a file that is none are told apart")
    func nobody() throws {
        let folder = try ScratchFolder(["file": ""])
        #expect(failure(folder.file("none"))?.message.contains("there is no such socket") == true)
        let path = folder.file("dead")
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = try SocketName(path: path)
        #expect(unsafe name.withPointer { unsafe bind(dead, $0, $1.pointee) } == 0)
        close(dead)
        #expect(failure(path)?.message.contains("has ended") == true)
        #expect(failure(folder.file("file"))?.exitStatus == 1)
        #expect(failure(String(repeating: "x", count: 200))?.exitStatus == 2)
    }

    @Test("a service that doesn't answer is waited for until the deadline")
    func silent() throws {
        let folder = try ScratchFolder()
        let path = folder.file("silent")
        let silent = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(silent) }
        var name = try SocketName(path: path)
        #expect(unsafe name.withPointer { unsafe bind(silent, $0, $1.pointee) } == 0)
        #expect(listen(silent, 1) == 0)
        let failure = try #require(self.failure(path, timeoutMilliseconds: 100))
        #expect(failure.code == .timeout)
        #expect(failure.message.hasSuffix("didn't answer within 100ms"))
    }

    @Test(
        "an answer that is none is a failure, not an answer",
        arguments: ["hello\n", "{\"gatekeeper\":2,\"ok\":true}\n", "{\"gatekeeper\":1}\n", "", "{\"gatekeeper\":1,\"ok\":true"])
    func wrongAnswers(answer: String) throws {
        let folder = try ScratchFolder()
        let path = folder.file("other")
        let other = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = try SocketName(path: path)
        #expect(unsafe name.withPointer { unsafe bind(other, $0, $1.pointee) } == 0)
        #expect(listen(other, 1) == 0)
        Thread.detachNewThread {
            let peer = PlainSocket(adopting: accept(other, nil, nil))
            _ = peer.send(Array(answer.utf8))
            peer.finishSending()
            _ = peer.receive()
            close(other)
        }
        #expect(failure(path)?.exitStatus == 1)
    }
}
