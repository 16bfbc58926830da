import Foundation
import Testing

@Suite("Start and stop")
struct LifecycleTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    @Test("SIGTERM lets the running exchange finish, takes no other, and exits 0")
    func drain() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                _ = gate.wait(seconds: 60)
                try connection.respond(body: "finished")
            })
        let daemon = try Daemon(upstream: upstream.url)
        let idle = try RawClient(to: daemon)
        let client = try RawClient(to: daemon)
        try client.send(Self.get)
        try upstream.waitForRequests(1)
        daemon.process.signal(SIGTERM)
        // The idle connection is told at once, which also says that the drain has begun.
        #expect(idle.receiveToEnd().ending == .closeNotify)
        #expect(!daemon.process.hasEnded)
        gate.resolve(true)
        let answer = try client.response()
        #expect(answer.text == "finished")
        #expect(answer["connection"] == "close")
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(try daemon.process.waitForEnd() == .exited(0))
        #expect(daemon.log.waitForEnd(seconds: 30))
        #expect(daemon.lines("request").count == 1)
        #expect(daemon.log.all.last?.event == "stopped")
        #expect(throws: Failure.self) { try RawClient(to: daemon) }
    }

    @Test("a request that is on its way when the drain begins is still answered")
    func newcomer() throws {
        let upstream = try ScriptedUpstream(.echo)
        let isShown = try eventually {
            let daemon = try Daemon(upstream: upstream.url)
            let client = try RawClient(to: daemon)
            let began = Date()
            daemon.process.signal(SIGTERM)
            _ = try daemon.waitForLine(event: "draining")
            let answer = try? client.exchange(Self.get)
            // The door waits half a second for it: who stood still for nearly as long asks another one.
            if answer == nil, Date().timeIntervalSince(began) > 0.4 { return false }
            #expect(answer?.status == 200)
            #expect(answer?["connection"] == "close")
            #expect(try daemon.process.waitForEnd() == .exited(0))
            #expect(daemon.log.waitForEnd(seconds: 30))
            #expect(daemon.lines("request").count == 1)
            return true
        }
        #expect(isShown)
    }

    @Test("what doesn't finish within the drain deadline is cut, and the exit is still 0")
    func drainDeadline() throws {
        let upstream = try ScriptedUpstream(.neverAnswers)
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {drain: 300ms}")
        let client = try RawClient(to: daemon)
        try client.send(Self.get)
        try upstream.waitForRequests(1)
        #expect(try daemon.terminate() == .exited(0))
        #expect(client.receiveToEnd().ending != .closeNotify)
        #expect(daemon.lines("request").first?["outcome"] == "aborted")
        #expect(daemon.log.all.last?.event == "stopped")
    }

    @Test("a second signal ends it at once", arguments: [SIGTERM, SIGINT, SIGQUIT])
    func secondSignal(signal: Int32) throws {
        let upstream = try ScriptedUpstream(.neverAnswers)
        let daemon = try Daemon(upstream: upstream.url)
        let idle = try RawClient(to: daemon)
        let client = try RawClient(to: daemon)
        try client.send(Self.get)
        try upstream.waitForRequests(1)
        daemon.process.signal(signal)
        _ = idle.receiveToEnd()
        daemon.process.signal(signal)
        // Long before its drain deadline of 30 s.
        guard case .exited = try daemon.process.waitForEnd(seconds: 20) else { throw Failure("killed instead of ended") }
    }

    @Test("without anything to finish it ends at once", arguments: [SIGTERM, SIGINT, SIGQUIT])
    func idleStop(signal: Int32) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
        daemon.process.signal(signal)
        #expect(try daemon.process.waitForEnd(seconds: 20) == .exited(0))
    }

    @Test("every wrong flag is a line of its own, and the exit is 2")
    func wrongFlags() throws {
        let run = try Daemon.run([
            "run", "--listen", "nonsense:port", "--certificate", "/nonexistent/cert.pem", "--key", "/nonexistent/key.pem",
            "--allow", "127.0.0.300", "--upstream", "ftp://host",
        ])
        #expect(run.ending == .exited(2))
        #expect(run.output.isEmpty)
        for flag in ["--listen", "--certificate", "--key", "--allow", "--upstream"] {
            #expect(run.errors.split(separator: "\n").filter { $0.contains(flag) }.count == 1, "\(flag) in:\n\(run.errors)")
        }
        #expect(run.errors.contains("127.0.0.300"))
    }

    @Test("an unknown flag is named, and the exit is 2")
    func unknownFlag() throws {
        let run = try Daemon.run(["run", "--lisen", "127.0.0.1:0"])
        #expect(run.ending == .exited(2))
        #expect(run.errors.contains("--lisen"))
    }

    @Test("every mistake in a file is told with its place, and the exit is 2")
    func wrongFile() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            listen:
              - address: 127.0.0.1:99999
            tls:
              certificate: missing.pem
              key: missing-key.pem
            allow:
              - 127.0.0.2
              - 10.0.0.0/33
            upsteam:
              url: http://127.0.0.1:1
            timeouts: {head: fast}

            """, to: "gatekeeper.yaml")
        let run = try Daemon.run(["run", "--config", file])
        #expect(run.ending == .exited(2))
        let lines = run.errors.split(separator: "\n")
        for place in [":2:", ":4:", ":5:", ":8:", ":9:", ":11:"] {
            #expect(lines.filter { $0.contains("gatekeeper.yaml\(place)") }.count == 1, "\(place) in:\n\(run.errors)")
        }
        #expect(lines.contains { $0.contains("upstream") && $0.contains("upsteam") }, "the mistyped key gets a suggestion")
    }

    @Test("a file that isn't there, or isn't YAML, is one line")
    func unreadableFile() throws {
        let missing = try Daemon.run(["run", "--config", "/nonexistent/gatekeeper.yaml"])
        #expect(missing.ending == .exited(2))
        #expect(missing.errors.split(separator: "\n").count == 1, "\(missing.errors)")
        #expect(missing.errors.contains("/nonexistent/gatekeeper.yaml"))
        let folder = try TemporaryFolder()
        let broken = try Daemon.run(["run", "--config", folder.write("listen: [\n", to: "broken.yaml")])
        #expect(broken.ending == .exited(2))
        #expect(broken.errors.split(separator: "\n").count == 1, "\(broken.errors)")
    }

    @Test("a key that doesn't belong to the certificate is told before anything listens")
    func wrongKey() throws {
        let certificates = try Certificates.shared()
        let run = try Daemon.run([
            "run", "--listen", "127.0.0.1:0", "--certificate", certificates.leaf(.ecdsa).certificate, "--key", certificates.leaf(.rsa).key,
            "--allow", "127.0.0.2", "--upstream", "http://127.0.0.1:1",
        ])
        guard case .exited(let status) = run.ending else { throw Failure("killed") }
        #expect(status != 0)
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        #expect(!run.output.contains("started"))
    }

    @Test("a port that is taken is one clear line")
    func portInUse() throws {
        let upstream = try ScriptedUpstream(.echo)
        let leaf = try Certificates.shared().leaf(.ecdsa)
        let taken = upstream.url.replacingOccurrences(of: "http://", with: "")
        let run = try Daemon.run([
            "run", "--listen", taken, "--certificate", leaf.certificate, "--key", leaf.key, "--allow", "127.0.0.2",
            "--upstream", upstream.url,
        ])
        guard case .exited(let status) = run.ending else { throw Failure("killed") }
        #expect(status != 0)
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(run.errors)")
        #expect(lines.first?.contains(taken) == true)
    }
}
