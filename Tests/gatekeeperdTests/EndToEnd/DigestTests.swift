import Foundation
import Testing

@testable import gatekeeperd

/// The morning look at the real binary: its sums are those of the clients, of `denials` and of the metrics, over a flood, a restart and a kill.
@Suite("The digest of the service")
struct DigestTests {
    private let state: TemporaryFolder
    private let upstream: ScriptedUpstream
    private let daemon: Daemon

    init() throws {
        state = try TemporaryFolder()
        upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        daemon = try Daemon(
            upstream: upstream.url,
            settings: "state: \(state.path)\ncontrol: \(state.file("c.sock"))\nworkers: 2\nshield: off\nroutes: [{path: /}]")
    }

    private func json(_ command: String, _ daemon: Daemon) throws -> JSON {
        let run = try Daemon.run([command, "--config", daemon.configuration, "--json"])
        guard run.ending == .exited(0), let json = JSONReader.read(Array(run.output.utf8)) else { throw Failure(run.output + run.errors) }
        return json
    }

    private func request(_ daemon: Daemon, _ count: Int, path: String = "/", status: Int = 200) throws {
        for _ in 0..<count {
            // A refusal ends its connection.
            let client = try RawClient(to: daemon)
            #expect(try client.exchange("GET \(path) HTTP/1.1\r\nHost: t\r\n\r\n").status == status)
        }
    }

    private func beDenied(_ daemon: Daemon, _ sources: ClosedRange<Int>, each count: Int) throws {
        for source in sources {
            for _ in 0..<count {
                let client = try RawClient(to: daemon, from: "127.9.\(source / 250).\(source % 250 + 1)", security: .plain)
                #expect(client.receive() == .ended(.reset))
            }
        }
    }

    /// Until the digest has these sums.
    private func expect(_ daemon: Daemon, requests: Int, refused: Int, denied: Int) throws -> JSON {
        var last: JSON?
        let isSo = try eventually {
            let digest = try json("digest", daemon)
            last = digest
            return digest["requests"]?.integer == requests && digest["refused"]?.integer == refused
                && digest["denials"]?["total"]?.integer == denied
        }
        #expect(isSo, "\(last?.text ?? "")")
        #expect(try json("denials", daemon)["total"]?.integer == denied)
        return try #require(last)
    }

    @Test("sums add up over a crowd of strangers, a restart and a kill, which is said")
    func sums() throws {
        try request(daemon, 20)
        try request(daemon, 3, path: "/other", status: 403)
        try beDenied(daemon, 0...299, each: 2)
        let first = try expect(daemon, requests: 23, refused: 3, denied: 600)
        #expect(first["route_refusals"]?.integer == 3 && first["new_stranger_count"]?.integer == 300)
        guard case .array(let missing)? = first["missing"] else { throw Failure(first.text) }
        #expect(missing.isEmpty)

        try request(daemon, 4)
        #expect(try daemon.terminate() == .exited(0))
        let second = try Daemon(restarting: daemon)
        // What came a moment before the end is there.
        _ = try expect(second, requests: 27, refused: 3, denied: 600)
        try request(second, 5)
        try beDenied(second, 0...9, each: 1)
        _ = try expect(second, requests: 32, refused: 3, denied: 610)
        second.kill()
        _ = try second.process.waitForEnd()

        let third = try Daemon(restarting: second)
        try request(third, 1)
        let last = try expect(third, requests: 33, refused: 3, denied: 610)
        guard case .array(let told)? = last["missing"] else { throw Failure(last.text) }
        #expect(told.count == 1)
        let text = try Daemon.run(["digest", "--config", third.configuration]).output
        #expect(text.contains("missing: killed after 20"))
        #expect(text.split(separator: "\n").count <= DigestText.linesMax)
        #expect(text.contains("let in: 33 requests, 3 refused"))
        #expect(text.contains("3 refused by routes (403)"))
    }

    @Test("who has no state folder is told what a digest is made of")
    func stateless() throws {
        let other = try Daemon(upstream: upstream.url, settings: "control: \(state.file("d.sock"))")
        let run = try Daemon.run(["digest", "--config", other.configuration])
        #expect(run.ending != .exited(0) && run.errors.contains("state:"))
        #expect(try Daemon.run(["digest", "--since", "100d"]).ending == .exited(2))
    }
}
