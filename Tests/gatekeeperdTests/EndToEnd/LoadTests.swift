import Foundation
import Testing

/// What is large: one after the other, over loopback only.
@Suite("Large bodies and many connections", .serialized)
struct LoadTests {
    private static let bodyBytes = 200 << 20
    private static let residentBytesMax = 64 << 20
    private static let limits = "limits: {request_body: 1GiB}"

    @Test("a chunked upload of 200 MB arrives whole and leaves memory alone")
    func upload() throws {
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                guard let head = try connection.head() else { return }
                let digest = Digest()
                let request = try connection.body(of: head) { digest.update($0) }
                try connection.respond(body: "\(request.bodyCount) \(digest.finish())")
            })
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limits)
        let folder = try TemporaryFolder()
        let file = try folder.writeRandom(Self.bodyBytes, to: "large")
        let run = try Curl(["-T", "-", "-X", "POST", "-H", "Expect:", daemon.url + "/upload"], input: file)
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(upstream.requests.first?["transfer-encoding"] == "chunked")
        #expect(run.text == "\(Self.bodyBytes) \(try Self.sha256(of: file))")
        #expect(try daemon.facts.residentBytesPeak < Self.residentBytesMax)
    }

    @Test("a chunked download of 200 MB arrives whole and leaves memory alone")
    func download() throws {
        let digest = Awaited<String>()
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                digest.resolve(try Self.sendBody { try connection.send(Array("\(String($0.count, radix: 16))\r\n".utf8) + $0 + [13, 10]) })
                try connection.send("0\r\n\r\n")
            })
        let daemon = try Daemon(upstream: upstream.url)
        let folder = try TemporaryFolder()
        let file = folder.file("received")
        let run = try Curl(["-o", file, daemon.url + "/download"])
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(try Self.sha256(of: file) == digest.value)
        #expect(try daemon.facts.residentBytesPeak < Self.residentBytesMax)
    }

    @Test("an upstream that offers 200 MB to a client that doesn't read is made to wait")
    func slowReader() throws {
        let stalled = Awaited<Int>()
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.bodyBytes)\r\n\r\n")
                connection.socket.setTimeout(milliseconds: 1000)
                let piece = [UInt8](repeating: 42, count: 1 << 20)
                var sent = 0
                while sent < Self.bodyBytes {
                    // Partly sent when it stalls: the rest of the body is of one kind, so how much of the piece went doesn't matter to the
                    // reader, only the count does.
                    let progress = try connection.sendSome(piece.prefix(Self.bodyBytes - sent))
                    sent += progress
                    if progress == 0 {
                        stalled.resolve(sent)
                        connection.socket.setTimeout(milliseconds: 120_000)
                    }
                }
                stalled.resolve(sent)
            })
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon, receiveBufferBytes: 65536)
        try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        let offered = try #require(stalled.wait(seconds: 60))
        #expect(offered < Self.bodyBytes / 2)
        #expect(try daemon.facts.residentBytesPeak < Self.residentBytesMax)
        // And nothing of it is lost.
        let answer = try client.response()
        #expect(answer.bodyCount == Self.bodyBytes)
        #expect(answer.body == [UInt8](repeating: 42, count: Self.bodyBytes))
        #expect(try daemon.facts.residentBytesPeak < Self.residentBytesMax)
    }

    @Test("a client that offers a large body to an upstream that doesn't read is made to wait")
    func slowUpstream() throws {
        let upstream = try ScriptedUpstream(.neverReads)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limits)
        let client = try RawClient(to: daemon, timeoutSeconds: 1)
        try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: \(Self.bodyBytes)\r\n\r\n")
        let piece = [UInt8](repeating: 42, count: 16 << 10)
        var sent = 0
        while sent < Self.bodyBytes, client.trySending(piece) == nil { sent += piece.count }
        #expect(sent < Self.bodyBytes / 2)
        #expect(try daemon.facts.residentBytesPeak < Self.residentBytesMax)
    }

    @Test("2 000 connections at once are all answered, twice")
    func manyConnections() throws {
        let count = 2000
        try raiseDescriptorLimit(to: 3 * count)
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let sources = (2...5).map { "127.0.0.\($0)" }
        let daemon = try Daemon(upstream: upstream.url, allow: sources)
        let clients = try (0..<count).map { try RawClient(to: daemon, from: sources[$0 % sources.count], timeoutSeconds: 60) }
        for _ in 1...2 {
            for client in clients { try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n") }
            var answered = 0
            for client in clients where try client.response().text == "ok" { answered += 1 }
            #expect(answered == count)
        }
        #expect(daemon.log.wait(seconds: 60) { $0.filter { $0.event == "request" }.count == 2 * count })
        // Each had a buffer of 64 KiB for its request at the same time, at the most.
        let (peak, now) = (try daemon.facts.residentBytesPeak, try daemon.facts.residentBytes)
        #expect(
            peak < Self.residentBytesMax + count * (64 << 10 + 32 << 10), "\(peak >> 20) MiB, then \(now >> 20) MiB")
    }

    /// Hands on the body in pieces of 1 MiB and returns its digest.
    private static func sendBody(_ send: ([UInt8]) throws -> Void) throws -> String {
        let digest = Digest()
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        for number in 0..<(bodyBytes >> 20) {
            piece[0] = UInt8(truncatingIfNeeded: number)
            digest.update(piece)
            try send(piece)
        }
        return digest.finish()
    }

    private static func sha256(of file: String) throws -> String {
        let digest = Digest()
        let handle = try #require(FileHandle(forReadingAtPath: file))
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { digest.update(piece) }
        return digest.finish()
    }

    /// Both ends of upstream connections and one of the clients' are this process's.
    private func raiseDescriptorLimit(to count: Int) throws {
        var limit = rlimit()
        // SAFETY: the calls read and write one `rlimit`.
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, UInt(count)))
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        try #require(limit.rlim_cur >= UInt(count), "RLIMIT_NOFILE is too low for this test")
    }
}
