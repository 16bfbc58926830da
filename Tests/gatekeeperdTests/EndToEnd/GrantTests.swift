import Foundation
import Testing

/// Grants in the running service: who is admitted by one, and when that ends.
@Suite("Grants in service")
struct GrantTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    private func command(_ folder: TemporaryFolder, _ arguments: String...) throws -> ChildProcess.Ending {
        try Daemon.run(arguments + ["--control", folder.file("control.sock")]).ending
    }

    private func daemon(_ folder: TemporaryFolder, key: String, upstream: ScriptedUpstream) throws -> Daemon {
        let leaf = try Certificates.shared().leaf(.ecdsa)
        let daemon = try Daemon(
            upstream: upstream.url,
            certificates: [Certificates.Leaf(certificate: leaf.certificate, key: key)],
            settings: "state: \(folder.file("state"))\ncontrol: \(folder.file("control.sock"))")
        return daemon
    }

    @Test("a grant ends when it is revoked or its time is up, though the certificate's key is gone from the disk by then")
    func endsWithoutKey() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let key = folder.file("key.pem")
        try FileManager.default.copyItem(atPath: Certificates.shared().leaf(.ecdsa).key, toPath: key)
        let daemon = try daemon(folder, key: key, upstream: upstream)
        let grants = [("127.0.0.8", "1h"), ("127.0.0.9", "10s")]
        let clients = try grants.map { address, duration in
            #expect(try command(folder, "grant", address, "--for", duration, "--reason", "update") == .exited(0))
            let client = try RawClient(to: daemon, from: address)
            #expect(try client.exchange(Self.get).status == 200)
            return client
        }
        try FileManager.default.removeItem(atPath: key)
        #expect(try command(folder, "revoke", "127.0.0.8") == .exited(0))
        try daemon.waitForLine { $0.event == "grant" && $0["state"] == "expired" }
        for (client, grant) in zip(clients, grants) {
            #expect(client.receiveToEnd().ending == .reset)
            try daemon.waitForLine { $0.event == "revoked" && $0["peer"] == grant.0 }
            #expect(throws: (any Error).self) { try RawClient(to: daemon, from: grant.0).exchange(Self.get) }
        }
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("a grant ends in a service that drains, too")
    func endsWhileDraining() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { request, connection in
                _ = gate.wait(seconds: 60)
                try connection.respond(body: request.target)
            })
        let folder = try TemporaryFolder()
        let daemon = try daemon(folder, key: Certificates.shared().leaf(.ecdsa).key, upstream: upstream)
        #expect(try command(folder, "grant", "127.0.0.9", "--for", "10s", "--reason", "update") == .exited(0))
        let client = try RawClient(to: daemon, from: "127.0.0.9")
        try client.send(Self.get)
        try upstream.waitForRequests(1)
        daemon.process.signal(SIGTERM)
        #expect(client.receiveToEnd().ending == .reset)
        gate.resolve(true)
        #expect(try daemon.process.waitForEnd() == .exited(0))
        try daemon.waitForLine { $0.event == "revoked" && $0["peer"] == "127.0.0.9" }
    }
}
