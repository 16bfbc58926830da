import Foundation
import Testing

@Suite("The disk that large bodies are collected on")
struct SpoolTests {
    private static let head = "POST /ticket HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    private static func chunk(_ count: Int) -> [UInt8] {
        Array("\(String(count, radix: 16))\r\n".utf8) + [UInt8](repeating: 0x78, count: count) + Array("\r\n".utf8)
    }

    private static func ticket(_ count: Int) -> [UInt8] { Array(head.utf8) + chunk(count) + Array("0\r\n\r\n".utf8) }

    /// Bytes of files without a name that the process holds open.
    private static func bytesOnDisk(of daemon: Daemon) throws -> Int {
        let folder = "/proc/\(daemon.process.id)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: folder).reduce(0) { sum, name in
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"),
                target.contains("/gatekeeper-"), target.hasSuffix(" (deleted)")
            else { return sum }
            var status = stat()
            return unsafe stat("\(folder)/\(name)", &status) == 0 ? sum + Int(status.st_size) : sum
        }
    }

    @Test("bodies that are never finished take what one source may have and no more, and others still find room")
    func unfinished() throws {
        let folder = try TemporaryFolder()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "spool: {total: 8MiB, folder: \(folder.path)}",
            settings: "timeouts: {body: 60s}")
        // 24 MiB in all.
        let attackers = try (1...8).map { _ in try RawClient(to: daemon, from: "127.0.0.3") }
        for attacker in attackers {
            try attacker.send(Self.head)
            _ = attacker.trySending(Self.chunk(3 << 20))
        }
        let refused = try daemon.waitForLine { $0["reason"] == "spool_full" }
        #expect(refused.number("status") == 503 && refused["stage"] == "proxy")
        #expect(try eventually { try Self.bytesOnDisk(of: daemon) > 0 })
        // A look takes its time, in which one file may go and another grow.
        #expect(try eventually { try Self.bytesOnDisk(of: daemon) <= 4 << 20 })

        let other = try RawClient(to: daemon, from: "127.0.0.2")
        try other.send(Self.ticket(1 << 20))
        #expect(try other.response().json["body_bytes"]?.number == Double(1 << 20))
        // One that fits memory needs no room at all, whoever sends it.
        let small = try RawClient(to: daemon, from: "127.0.0.3")
        try small.send(Self.ticket(60 << 10))
        #expect(try small.response().json["body_bytes"]?.number == Double(60 << 10))

        for attacker in attackers { attacker.reset() }
        #expect(try eventually { try Self.bytesOnDisk(of: daemon) == 0 })
        let again = try RawClient(to: daemon, from: "127.0.0.3")
        try again.send(Self.ticket(3 << 20))
        #expect(try again.response().json["body_bytes"]?.number == Double(3 << 20))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("what the disk reads into is nobody else's memory, however long it takes")
    func readsLate() throws {
        let release = DispatchSemaphore(value: 0)
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                while let request = try connection.request() {
                    if request.target == "/first" { release.wait() }
                    try connection.respond(body: "\(request.target) \(Digest.hex(of: request.body))")
                }
            })
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "connections_max: 1", settings: "workers: 1\ntimeouts: {body: 60s}")
        let first = try RawClient(to: daemon, from: "127.0.0.3")
        try first.send("GET /first HTTP/1.1\r\nHost: t\r\n\r\n")
        try upstream.waitForRequests(1)
        // Lies on the disk, and waits for the only place.
        let client = try RawClient(to: daemon)
        try client.send(Self.ticket(1 << 20))
        #expect(try eventually { try Self.bytesOnDisk(of: daemon) == 1 << 20 })
        let held = try HeldThread("spool", of: daemon.process.id)
        release.signal()
        #expect(try first.response().status == 200)
        // For as long as a wait that gives back the memory which it doesn't need.
        #expect(try upstream.waitForRequests(1).count == 1 && daemon.log.first(seconds: 0.5) { $0["path"] == "/ticket" } == nil)
        let others = try (0..<12).map { number in
            let other = try RawClient(to: daemon, from: "127.0.0.3")
            try other.send("GET /\(number)\(String(repeating: "n", count: 7_000)) HTTP/1.1\r\nHost: t\r\n")
            return other
        }
        try held.release()
        let expected = Digest.hex(of: [UInt8](repeating: 0x78, count: 1 << 20))
        #expect(try client.response().text == "/ticket \(expected)")
        for (number, other) in others.enumerated() {
            try other.send("\r\n")
            #expect(try other.response().text.hasPrefix("/\(number)nnnn"))
        }
    }

    @Test("a disk that hangs holds up only those who need it, and not for ever")
    func hangs() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 1\ntimeouts: {body: 5s}")
        let client = try RawClient(to: daemon)
        try client.send(Self.ticket(1 << 20))
        #expect(try client.response().status == 200)

        let held = try HeldThread("spool", of: daemon.process.id)
        let stuck = try RawClient(to: daemon)
        try stuck.send(Self.head)
        _ = stuck.trySending(Self.chunk(200 << 10))
        for _ in 1...20 { #expect(try client.exchange(Self.get).status == 200) }
        #expect(try stuck.response().status == 503)
        #expect(try daemon.waitForLine { $0["reason"] == "spool" }.number("status") == 503)

        try held.release()
        try client.send(Self.ticket(1 << 20))
        #expect(try client.response().json["body_bytes"]?.number == Double(1 << 20))
        #expect(try eventually { try Self.bytesOnDisk(of: daemon) == 0 })
        #expect(try daemon.terminate() == .exited(0))
    }

    @Test("a folder that alone is missing is made, for the service's user")
    func made() throws {
        let folder = try TemporaryFolder()
        let spool = folder.file("spool")
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "spool: {folder: \(spool)}", settings: "")
        let check = try Daemon.run(["check", "--config", daemon.configuration])
        #expect(!(check.output + check.errors).contains("spool"), "\(check)")
        let client = try RawClient(to: daemon)
        try client.send(Self.ticket(1 << 20))
        #expect(try client.response().json["body_bytes"]?.number == Double(1 << 20))
        #expect(try FileManager.default.attributesOfItem(atPath: spool)[.posixPermissions] as? Int == 0o700)
        // Somebody cleans up.
        try FileManager.default.removeItem(atPath: spool)
        try client.send(Self.ticket(1 << 20))
        #expect(try client.response().status == 200)
    }

    @Test("a folder that isn't there is told by check, and costs large bodies alone")
    func missing() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "spool: {folder: /nonexistent/spool}", settings: "")
        let client = try RawClient(to: daemon)
        try client.send(Self.ticket(1_000))
        #expect(try client.response().status == 200)
        try client.send(Self.ticket(1 << 20))
        #expect(try client.response().status == 503)
        #expect(try daemon.waitForLine { $0["reason"] == "spool" }.number("status") == 503)
        let check = try Daemon.run(["check", "--config", daemon.configuration])
        #expect((check.output + check.errors).contains("upstream.spool.folder: large chunked bodies can't be collected"), "\(check)")
    }
}
