import Foundation
import Testing

@Suite("Being told of problems")
struct NotifyTests {
    @Test("a webhook that fails is tried again, and is told what is wrong within 5 s once it is back, and when it is over")
    func webhook() throws {
        let failures = Guarded(1)
        let receiver = try ScriptedUpstream(
            .each { request, connection in
                failures.change { $0 -= 1 }
                try connection.respond(failures.value >= 0 ? "500 Internal Server Error" : "200 OK")
            })
        let daemon = try Daemon(
            upstream: "http://127.0.0.1:9",
            settings: """
                notify: [{webhook: "\(receiver.url)/T0/secret?x=1", secret: 0123456789abcdef0123}]
                """)
        try daemon.rewriteConfiguration("- \"127.0.0.2\"", "- \"127.0.0.2\"\n  - \"127.0.0.2\"")
        _ = try daemon.reload()
        #expect(try daemon.waitForLine(event: "notice_failed")["notifier"] == receiver.url)
        try receiver.waitForRequests(2)
        let requests = receiver.requests
        #expect(requests.allSatisfy { $0.target == "/T0/secret?x=1" && $0.method == "POST" })
        let first = try #require(requests.last)
        let body = try first.json
        #expect(body["event"]?.string == "problem")
        #expect(body["text"]?.string?.contains("is there already") == true)
        let timestamp = try #require(first["X-Gatekeeper-Timestamp"])
        #expect(abs((Double(timestamp) ?? 0) - Date().timeIntervalSince1970) < 60)
        #expect(first["X-Gatekeeper-Signature"] == Self.signature(timestamp, first.body, "0123456789abcdef0123"))
        let mended = Date()
        try daemon.rewriteConfiguration("- \"127.0.0.2\"\n  - \"127.0.0.2\"", "- \"127.0.0.2\"")
        _ = try daemon.reload()
        try receiver.waitForRequests(3)
        #expect(Date().timeIntervalSince(mended) < 5)
        #expect(try receiver.requests[2].json["event"]?.string == "problem_over")
        #expect(!daemon.lines("notice_failed").contains { ($0["error"] ?? "").contains("secret") })
    }

    @Test("`notify --test` says of each whether it took the test: one that hangs, redirects, refuses, or isn't there")
    func test() throws {
        let gate = Awaited<Bool>()
        let receiver = try ScriptedUpstream(
            .each { request, connection in
                switch request.target {
                case "/hang": _ = gate.wait(seconds: 60)
                case "/moved": try connection.respond("302 Found", fields: ["Location: http://127.0.0.1:9/"], body: "")
                case "/no": try connection.respond("403 Forbidden", body: "invalid_token http://evil.example/\nmore")
                default: try connection.respond(body: "ok")
                }
            })
        defer { gate.resolve(true) }
        let closed = try PortReservation()
        let folder = try TemporaryFolder()
        let hooks =
            ["/hang", "/moved", "/no", "/fine"].map { "{webhook: \"\(receiver.url)\($0)\"}" } + [
                "{webhook: \"http://127.0.0.1:\(closed.port)/\"}"
            ]
        let daemon = try Daemon(
            upstream: "http://127.0.0.1:9", settings: "control: \(folder.file("control.sock"))\nnotify: [\(hooks.joined(separator: ", "))]")
        let run = try Daemon.run(["notify", "--test", "--config", daemon.configuration])
        #expect(run.ending == ChildProcess.Ending.exited(1))
        let lines = run.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 5, "\(run)")
        #expect(lines[0].contains("NOT delivered: it gave no answer within 10s"))
        #expect(lines[1].contains("302, and a redirect isn't followed"))
        #expect(lines[2].hasSuffix("it answered 403"))
        #expect(lines[3].hasSuffix(": delivered"))
        #expect(lines[4].contains("NOT delivered"))
        withExtendedLifetime(closed) {}
    }

    @Test("nobody to tell is said, and no test is called well")
    func nobody() throws {
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: "http://127.0.0.1:9", settings: "control: \(folder.file("control.sock"))")
        let run = try Daemon.run(["notify", "--test", "--config", daemon.configuration])
        #expect(run.ending == ChildProcess.Ending.exited(1))
        #expect(run.output.contains("name a webhook or a command under notify:"), "\(run)")
    }

    private static func signature(_ timestamp: String, _ body: [UInt8], _ secret: String) -> String? {
        let folder = try? TemporaryFolder()
        guard let file = try? folder?.write(timestamp + "." + String(decoding: body, as: UTF8.self), to: "message"),
            let folder, let output = try? OpenFile(creating: folder.file("digest")),
            let process = try? ChildProcess(
                "openssl", ["dgst", "-sha256", "-hmac", secret, "-r", file], output: output, errors: output),
            (try? process.waitForEnd()) == .exited(0), let text = try? String(contentsOfFile: folder.file("digest"), encoding: .utf8)
        else { return nil }
        return text.split(separator: " ").first.map { "sha256=\($0)" }
    }
}
