import Foundation
import Testing

@Suite("An upstream that leads back to the service")
struct LoopTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let nowhere = "https://127.0.0.1:1"

    private static func door(to upstream: String) throws -> Daemon {
        try Daemon(
            upstream: upstream, allow: ["127.0.0.1", "127.0.0.2"], upstreamSettings: "ca: \(Certificates.shared().authority)",
            settings: "workers: 2")
    }

    @Test("a request that comes round to where it began ends with 508, and the log says loop", arguments: [false, true])
    func loop(byWayOfAnother: Bool) throws {
        let first = try Self.door(to: Self.nowhere)
        let second = try byWayOfAnother ? Self.door(to: first.url) : nil
        try first.rewriteConfiguration(Self.nowhere, (second ?? first).url)
        #expect(try first.reload().event == "reloaded")
        for _ in 1...3 {
            let answer = try RawClient(to: first).exchange(Self.get)
            #expect(answer.status == 508)
            #expect(answer["content-type"] == "application/problem+json")
        }
        // Each went out once and came back once.
        #expect(first.log.wait(seconds: 30) { lines in lines.count { $0.event == "request" || $0.event == "refused" } == 6 })
        #expect(first.log.all.count { $0["reason"] == "loop" } == 3)
    }

    @Test("a marker of another's making stops nobody, and doesn't stand in for ours")
    func forged() throws {
        let door = try Door(.echo)
        for marker in ["", "0123456789abcdef0123456789abcdef", "*"] {
            let answer = try door.client.exchange("GET /a HTTP/1.1\r\nHost: tickets\r\nX-Gatekeeper-Hop: \(marker)\r\n\r\n")
            #expect(answer.status == 200)
        }
        let markers = door.upstream.requests.map { request in request.fields.filter { $0.name.lowercased() == "x-gatekeeper-hop" } }
        #expect(markers.allSatisfy { $0.count == 2 })
        #expect(Set(markers.compactMap { $0.last?.value }).count == 1, "it is the process's")
    }

    @Test("an active check tells it too")
    func check() throws {
        let daemon = try Self.door(to: Self.nowhere)
        try daemon.rewriteConfiguration(Self.nowhere, "\(daemon.url)\n  health: {path: /, interval: 100ms}")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try daemon.waitForLine(event: "upstream_down")["reason"] == "loop")
    }

    @Test(
        "check finds it beforehand: by address, by name, by another address of this machine",
        arguments: ["127.0.0.1", "localhost", "127.0.0.7"])
    func checked(host: String) throws {
        let folder = try TemporaryFolder()
        let leaf = try Certificates.shared().leaf(.ecdsa)
        let reservation = try PortReservation()
        let port = reservation.port
        let file = try folder.write(
            """
            listen: [{address: "0.0.0.0:\(port)"}]
            tls: {certificate: \(leaf.certificate), key: \(leaf.key)}
            allow: [127.0.0.2]
            upstream: {url: "https://\(host):\(port)"}

            """, to: "gatekeeper.yaml")
        let run = try Daemon.run(["check", "--config", file])
        #expect(run.ending == .exited(2))
        #expect((run.output + run.errors).contains("leads back to this service, which listens on 0.0.0.0:\(port)"), "\(run)")
        withExtendedLifetime(reservation) {}
    }
}
