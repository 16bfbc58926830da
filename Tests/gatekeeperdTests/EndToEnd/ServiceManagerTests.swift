import Foundation
import Testing

/// What passes between the service and systemd: messages, a watchdog, sockets.
@Suite("Under a service manager")
struct ServiceManagerTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    // MARK: Messages

    @Test("the manager hears READY once connections are accepted, RELOADING and READY around a reload, STOPPING when the drain begins")
    func messages() throws {
        let manager = try NotifySocket()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "", environment: manager.environment)
        #expect(manager.wait(for: 1, "READY"))
        #expect(manager.all.count == 1)
        #expect(manager.all[0]["READY"] == "1")
        #expect(manager.all[0]["STATUS"] == "serving on 127.0.0.1:\(daemon.port)")

        let before = DispatchTime.now().uptimeNanoseconds / 1_000
        #expect(try daemon.reload().event == "reloaded")
        #expect(manager.wait(for: 2, "READY"))
        #expect(manager.all.count == 3)
        #expect(manager.all[1]["RELOADING"] == "1")
        let told = try #require(manager.all[1]["MONOTONIC_USEC"].flatMap { UInt64($0) })
        #expect((before...DispatchTime.now().uptimeNanoseconds / 1_000).contains(told), "the clock is CLOCK_MONOTONIC, in microseconds")

        try daemon.rewriteConfiguration("allow:", "alow:")
        #expect(try daemon.reload().event == "reload_failed")
        #expect(manager.wait(for: 3, "READY"), "a reload that changes nothing is over all the same")
        #expect(manager.all[3]["RELOADING"] == "1")

        #expect(try daemon.terminate() == .exited(0))
        #expect(manager.wait(for: 1, "STOPPING"))
        #expect(manager.all.count == 6)
        #expect(manager.all("WATCHDOG").isEmpty, "nobody asked for signs of life")
    }

    @Test("a service that cannot start says nothing to the manager")
    func silent() throws {
        let manager = try NotifySocket()
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            Daemon.binary, ["run", "--config", folder.file("none.yaml")], output: OpenFile(creating: folder.file("out")),
            errors: OpenFile(creating: folder.file("err")), environment: manager.environment)
        #expect(try process.waitForEnd() == .exited(2))
        #expect(manager.all.isEmpty)
    }

    @Test("in a succession the old process names the new one, with a sign of life for it, and says nothing more")
    func succession() throws {
        let manager = try NotifySocket(watchdogMilliseconds: 60_000)
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "", environment: manager.environment)
        #expect(manager.wait(for: 1, "WATCHDOG"))
        daemon.process.signal(SIGUSR2)
        let line = try daemon.waitForLine { $0.event == "succession" && $0["state"] == "handed_over" }
        let successor = try #require(line.number("process"))
        #expect(manager.wait(for: 1, "MAINPID"))
        let message = try #require(manager.all("MAINPID").first)
        #expect(message["MAINPID"] == "\(successor)")
        // What the successor said before this message was that of a stranger, to a manager that listens to the main process alone.
        #expect(message["WATCHDOG"] == "1")
        #expect(message["STATUS"] == "serving on 127.0.0.1:\(daemon.port)")
        #expect(try daemon.process.waitForEnd() == .exited(0))
        #expect(manager.wait(for: 2, "READY"))
        #expect(manager.all("STOPPING").isEmpty, "the service doesn't stop")
        kill(pid_t(successor), SIGTERM)
        #expect(daemon.log.waitForEnd(seconds: 60))
        #expect(manager.wait(for: 1, "STOPPING"))
    }

    // MARK: The watchdog

    @Test("a sign of life comes at half the time that the manager would wait")
    func watchdog() throws {
        let manager = try NotifySocket(watchdogMilliseconds: 10_000)
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "", environment: manager.environment)
        #expect(manager.wait(for: 3, "WATCHDOG"))
        // When they are seen here, which may be a while after they were sent.
        let moments = manager.all("WATCHDOG").map(\.arrival)
        for (earlier, later) in zip(moments, moments.dropFirst()) {
            let seconds = later.timeIntervalSince(earlier)
            #expect(seconds > 4 && seconds < 10, "\(seconds) s")
        }
        #expect(try daemon.terminate() == .exited(0))
    }

    @Test("a worker that stands still gets no sign of life, until it goes on")
    func stuckWorker() throws {
        let manager = try NotifySocket(watchdogMilliseconds: 400)
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 2", environment: manager.environment)
        #expect(manager.wait(for: 2, "WATCHDOG"))
        do {
            let held = try HeldThread("worker-1", of: daemon.process.id)
            // One for which the answer had come before, one that asks in vain, and what hasn't been seen here yet; then ten times as long none.
            let isSilent = eventually(seconds: 10) {
                let count = manager.all("WATCHDOG").count
                return !manager.wait(for: count + 1, "WATCHDOG", seconds: 2)
            }
            #expect(isSilent)
            try held.release()
        }
        let count = manager.all("WATCHDOG").count
        #expect(manager.wait(for: count + 2, "WATCHDOG"))
        #expect(try daemon.terminate() == .exited(0))
    }

    // MARK: Sockets

    @Test("a socket that the manager passes is the one that is served, and nothing else listens")
    func passedSocket() throws {
        let upstream = try ScriptedUpstream(.echo)
        let socket = try ListeningPort()
        let daemon = try Daemon(
            upstream: upstream.url, listen: "127.0.0.1:\(socket.port)", settings: "workers: 3", launcher: ListeningPort.launcher(),
            input: socket.file)
        #expect(daemon.port == socket.port)
        #expect(try listeningInodes(of: daemon.process.id) == [inode(of: socket.file.descriptor)])
        for _ in 1...20 { #expect(try RawClient(to: daemon).exchange(Self.get).status == 200) }
        #expect(try daemon.terminate() == .exited(0))
    }

    @Test("sockets that are meant for another process are left alone", arguments: ["1", "", "$$x"])
    func foreignSocket(process: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let socket = try ListeningPort()
        let daemon = try Daemon(
            upstream: upstream.url, settings: "", launcher: ListeningPort.launcher(meantFor: process), input: socket.file)
        #expect(daemon.port != socket.port)
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("with the manager's socket a restart leaves connections waiting, not refused")
    func restart() throws {
        let upstream = try ScriptedUpstream(.echo)
        let socket = try ListeningPort()
        let first = try Daemon(
            upstream: upstream.url, listen: "127.0.0.1:\(socket.port)", settings: "", launcher: ListeningPort.launcher(), input: socket.file
        )
        #expect(try RawClient(to: first).exchange(Self.get).status == 200)
        #expect(try first.terminate() == .exited(0))
        let waiting = try RawClient(port: socket.port, security: .plain)
        let second = try Daemon(
            upstream: upstream.url, listen: "127.0.0.1:\(socket.port)", settings: "", launcher: ListeningPort.launcher(), input: socket.file
        )
        let session = try TLSClientSession(over: waiting.socket, context: .shared())
        #expect(session.send(Array(Self.get.utf8)) == nil)
        guard case .bytes(let answer) = session.receive(max: 64 << 10) else { throw Failure("no answer") }
        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        #expect(try second.terminate() == .exited(0))
    }

    // MARK: The drain

    @Test("keep-alive POSTs that follow one another through SIGTERM are each answered, and each reached the ticket system once")
    func posts() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"))
        for _ in 1...5 {
            let daemon = try Daemon(upstream: upstream.url, settings: "log: {access: false}")
            let before = upstream.requests.count
            let load = SteadyLoad(to: daemon, request: "POST /tickets HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nticket", status: 201)
            #expect(load.wait(forAnswers: 300))
            #expect(try daemon.terminate() == .exited(0))
            let count = load.stop()
            // Once nobody listens, clients fail before they have sent anything.
            let failures = count.failures.filter { !$0.hasPrefix("request 0 ") }
            #expect(failures.isEmpty, "\(failures.prefix(5))")
            #expect(upstream.requests.count - before == count.answered)
        }
    }

    @Test("a POST whose body is half here when SIGTERM comes is taken whole and answered, and its answer is the last")
    func halfPost() throws {
        let upstream = try ScriptedUpstream(.each { request, connection in try connection.respond(body: "\(request.bodyCount) bytes") })
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        let client = try RawClient(to: daemon)
        // More than what is waited for before the ticket system is asked.
        let half = String(repeating: "ticket", count: 50_000)
        try client.send("POST /tickets HTTP/1.1\r\nHost: t\r\nContent-Length: \(2 * half.utf8.count)\r\n\r\n" + half)
        try upstream.waitForConnections(1)
        daemon.process.signal(SIGTERM)
        try daemon.waitForLine(event: "draining")
        try client.send(half)
        let answer = try client.response(to: "POST")
        #expect(answer.status == 200)
        #expect(answer.text == "600000 bytes")
        #expect(answer["connection"] == "close")
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(try daemon.process.waitForEnd() == .exited(0))
        #expect(upstream.requests.count == 1)
    }

    // MARK: What the kernel says

    /// The sockets of the process that listen for TCP.
    private func listeningInodes(of process: pid_t) throws -> Set<String> {
        // Behind the number and both addresses: the state, 0A for listening, and later the inode (proc(5)).
        let table = try ["tcp", "tcp6"].flatMap { name in
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(process)/net/\(name)")).readToEnd() ?? Data()
            return String(decoding: file, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
        }
        let listening = Set(table.filter { $0.count > 9 && $0[3] == "0A" }.map { String($0[9]) })
        let folder = "/proc/\(process)/fd"
        let open = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { number in
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(number)")
        }
        return listening.intersection(open.compactMap { $0.wholeMatch(of: #/socket:\[(\d+)\]/#).map { String($0.1) } })
    }

    private func inode(of descriptor: Int32) throws -> String {
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
        return String(target.dropFirst("socket:[".count).dropLast())
    }
}
