import Foundation
import Testing

@testable import gatekeeperd

/// The morning look at the real binary: its sums are those of the clients, of `status`, of `denials` and of the metrics, over a flood, a log that
/// nobody reads, a restart and a kill.
@Suite("The digest of the service")
struct DigestTests {
    private let state: TemporaryFolder
    private let upstream: ScriptedUpstream

    init() throws {
        state = try TemporaryFolder()
        upstream = try ScriptedUpstream(
            .each { request, connection in
                try connection.respond(request.target == "/broken" ? "500 Internal Server Error" : "200 OK", body: "ok")
            })
    }

    private func daemon(_ more: String, pipeBytes: Int32? = nil) throws -> Daemon {
        try Daemon(
            upstream: upstream.url,
            settings: "state: \(state.path)\ncontrol: \(state.file("c.sock"))\nstatus: 127.0.0.1:0\nshield: off\n\(more)",
            pipeBytes: pipeBytes)
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

    // MARK: What is compared

    /// What both the digest and the metrics count.
    private struct Sums: Equatable {
        var requests = 0
        var refused = 0
        var errors = 0
        var tlsFailures = 0
        var denied = 0
        var bytesIn = 0
        var bytesOut = 0

        init() {}

        init(digest: JSON) throws {
            func number(_ name: String) throws -> Int { try #require(digest[name]?.integer, "\(digest.text)") }
            (requests, refused, errors) = (try number("requests"), try number("refused"), try number("errors"))
            (tlsFailures, bytesIn, bytesOut) = (try number("tls_failures"), try number("bytes_in"), try number("bytes_out"))
            denied = try #require(digest["denials"]?["total"]?.integer)
        }

        /// Of one process.
        init(_ metrics: ExpositionReader) {
            func sum(_ name: String, _ isWanted: ([String: String]) -> Bool = { _ in true }) -> Int {
                metrics.values.reduce(0) { sum, value in
                    value.key.name == "gatekeeper_\(name)" && isWanted(value.key.labels) ? sum + Int(value.value) : sum
                }
            }
            requests = sum("requests_total")
            refused = sum("requests_total") { $0["outcome"] == "refused" }
            errors = sum("requests_total") {
                $0["outcome"] != "refused" && ($0["status"] == "5xx" || ($0["outcome"] ?? "").hasPrefix("upstream_"))
            }
            tlsFailures = sum("tls_failures_total")
            denied = sum("connections_denied_total")
            (bytesIn, bytesOut) = (sum("request_bytes_total"), sum("response_bytes_total"))
        }

        static func + (a: Sums, b: Sums) -> Sums {
            var sums = Sums()
            for path: WritableKeyPath<Sums, Int> in [
                \.requests, \.refused, \.errors, \.tlsFailures, \.denied, \.bytesIn, \.bytesOut,
            ] { sums[keyPath: path] = a[keyPath: path] + b[keyPath: path] }
            return sums
        }
    }

    private func metrics(_ daemon: Daemon) throws -> ExpositionReader {
        let line = try daemon.waitForLine(event: "status_page")
        let port = try #require(line["address"]?.split(separator: ":").last)
        return try ExpositionReader(Curl(["http://127.0.0.1:\(port)/metrics"], from: nil).text)
    }

    /// Until the digest is of so many and of `before` together with what the metrics and `status` say of this process; returns both.
    private func expect(
        _ daemon: Daemon, requests: Int, refused: Int, denied: Int, beside before: Sums = Sums()
    ) throws -> (digest: JSON, process: Sums) {
        var last: (digest: JSON, sums: Sums, process: Sums)?
        let isSo = try eventually {
            let digest = try json("digest", daemon)
            let (sums, process) = (try Sums(digest: digest), Sums(try metrics(daemon)))
            last = (digest, sums, process)
            return sums.requests == requests && sums.refused == refused && sums.denied == denied && before + process == sums
        }
        #expect(isSo, "\(last.map { "\($0.sums) is not \(before) and \($0.process)" } ?? "")")
        let (digest, _, process) = try #require(last)
        #expect(try json("denials", daemon)["total"]?.integer == denied)
        let status = try json("status", daemon)
        #expect(status["requests"]?.integer == process.requests && status["denied"]?.integer == process.denied, "\(status.text)")
        guard case .array(let sources)? = status["sources"] else { throw Failure(status.text) }
        #expect(sources.reduce(0) { $0 + ($1["requests"]?.integer ?? 0) } == process.requests)
        return (digest, process)
    }

    private func missing(_ digest: JSON) throws -> [String] { try #require(digest["missing"]?.texts) }

    // MARK: Tests

    @Test("sums add up over a crowd of strangers, a restart and a kill, which is said")
    func sums() throws {
        let daemon = try daemon("workers: 2\nroutes: [{path: /}, {path: /broken}]")
        try request(daemon, 20)
        try request(daemon, 3, path: "/other", status: 403)
        try request(daemon, 2, path: "/broken", status: 500)
        // What isn't even HTTP, and what isn't even TLS.
        #expect(try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\n\r\n").status == 400)
        let plain = try RawClient(to: daemon, security: .plain)
        try plain.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        _ = plain.receiveToEnd()
        try beDenied(daemon, 0...299, each: 2)
        let first = try expect(daemon, requests: 26, refused: 4, denied: 600)
        #expect(first.digest["route_refusals"]?.integer == 3 && first.digest["new_stranger_count"]?.integer == 300)
        #expect(first.process.errors == 2 && first.process.tlsFailures == 1)
        #expect(try missing(first.digest).isEmpty)

        try request(daemon, 4)
        let whole = try expect(daemon, requests: 30, refused: 4, denied: 600).process
        #expect(try daemon.terminate() == .exited(0))
        let second = try Daemon(restarting: daemon)
        _ = try expect(second, requests: 30, refused: 4, denied: 600, beside: whole)
        try request(second, 5)
        try beDenied(second, 0...9, each: 1)
        let killed = try expect(second, requests: 35, refused: 4, denied: 610, beside: whole).process
        second.kill()
        _ = try second.process.waitForEnd()

        let third = try Daemon(restarting: second)
        try request(third, 1)
        let last = try expect(third, requests: 36, refused: 4, denied: 610, beside: whole + killed).digest
        #expect(try missing(last).count == 1)
        let text = try Daemon.run(["digest", "--config", third.configuration]).output
        #expect(text.contains("missing: killed after 20"))
        #expect(text.split(separator: "\n").count <= DigestText.linesMax)
        #expect(text.contains("let in: 36 requests, 2 errors, 4 refused"))
        #expect(text.contains("3 refused by routes (403)"))
    }

    @Test("in a flood of more strangers than are told apart its sums are those of the metrics, and of denials")
    func flood() throws {
        let daemon = try daemon("workers: 2")
        let flood = Flood(at: daemon.port)
        try request(daemon, 10)
        // More than an hour has rows for.
        #expect(flood.wait(for: 6_000))
        flood.stop()
        try request(daemon, 10)
        var last: (digest: Sums, metrics: Sums)?
        let isSo = try eventually {
            let sums = (digest: try Sums(digest: json("digest", daemon)), metrics: Sums(try metrics(daemon)))
            last = sums
            return sums.digest == sums.metrics && sums.digest.requests == 20 && sums.digest.denied > 4_096
        }
        #expect(isSo, "\(String(describing: last))")
        let denials = try json("denials", daemon)
        #expect(denials["total"]?.integer == last?.metrics.denied && denials["others"] != nil)
        #expect(try json("status", daemon)["denied"]?.integer == last?.metrics.denied)
        #expect(try Daemon.run(["digest", "--config", daemon.configuration]).output.contains("too many to tell apart: "))
    }

    @Test("what came a moment before the end is there")
    func lastMoment() throws {
        let daemon = try daemon("workers: 2")
        try request(daemon, 4)
        try beDenied(daemon, 0...3, each: 1)
        #expect(try daemon.terminate() == .exited(0))
        let next = try Daemon(restarting: daemon)
        let digest = try json("digest", next)
        #expect(digest["requests"]?.integer == 4 && digest["denials"]?["total"]?.integer == 4, "\(digest.text)")
    }

    /// Nobody reads the log: the pipe is full, then the worker's ring, and from then on records are lost.
    private func stall(_ daemon: Daemon) throws {
        _ = try daemon.waitForLine(event: "status_page")
        daemon.log.pause()
        let path = "/" + String(repeating: "x", count: 7000)
        let client = try RawClient(to: daemon)
        for _ in 0..<300 { #expect(try client.exchange("GET \(path) HTTP/1.1\r\nHost: t\r\n\r\n").status == 200) }
    }

    @Test("while nobody reads the log and rings are full, it says what isn't counted yet, and counts it later; after a kill, what is lost")
    func fullRing() throws {
        let daemon = try daemon("workers: 1", pipeBytes: 4096)
        try stall(daemon)
        try beDenied(daemon, 0...299, each: 2)
        var digest = try json("digest", daemon)
        let isSaid = try eventually {
            digest = try json("digest", daemon)
            return try missing(digest).contains { $0.contains("turned away since") && $0.contains("stopped reading") }
        }
        let process = Sums(try metrics(daemon))
        #expect(isSaid, "\(digest.text)")
        #expect(process.denied == 600 && process.requests == 300)
        #expect(digest["requests"]?.integer == 300)
        let told = try #require(digest["denials"]?["total"]?.integer)
        let untold = try #require(missing(digest).first).prefix { $0.isNumber }
        #expect(told + (Int(untold) ?? 0) == 600, "\(digest.text)")
        #expect(try json("denials", daemon).string("warning")?.contains("\(600 - told) connections turned away since") == true)

        daemon.log.resume()
        let after = try expect(daemon, requests: 300, refused: 0, denied: 600)
        #expect(try missing(after.digest).isEmpty)
        // Told when what waited has been written.
        #expect(try eventually { try metrics(daemon)["gatekeeper_log_lines_dropped_total"] ?? 0 > 0 })

        try stall(daemon)
        try beDenied(daemon, 0...4, each: 1)
        #expect(try eventually { try missing(json("digest", daemon)).contains { $0.hasPrefix("5 connections turned away since") } })
        // Whatever is killed tells no more than its ledger has.
        #expect(
            try eventually {
                let ledger = try SQLConnection(path: state.file(LedgerFile.name), access: .reading)
                return try RunTable.runs(since: WallTime(milliseconds: 0), but: nil, from: ledger).last?.untoldSince != nil
            })
        // Of these nothing will be known.
        var before = Sums(try metrics(daemon))
        #expect(before.denied == 605)
        before.denied = 600
        daemon.kill()
        _ = try daemon.process.waitForEnd()
        daemon.log.resume()
        let next = try Daemon(restarting: daemon)
        let last = try expect(next, requests: 600, refused: 0, denied: 600, beside: before).digest
        let words = try missing(last)
        #expect(words.count == 2 && words[0].hasPrefix("killed after 20") && words[1].hasPrefix("who was turned away from 20"), "\(words)")
    }

    @Test("who has no state folder is told what a digest is made of")
    func stateless() throws {
        let other = try Daemon(upstream: upstream.url, settings: "control: \(state.file("d.sock"))")
        let run = try Daemon.run(["digest", "--config", other.configuration])
        #expect(run.ending != .exited(0) && run.errors.contains("state:"))
        #expect(try Daemon.run(["digest", "--since", "100d"]).ending == .exited(2))
    }
}
