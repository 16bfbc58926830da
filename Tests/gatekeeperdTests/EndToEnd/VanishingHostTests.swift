import Foundation
import Testing

@Suite("A ticket system's host that goes away without a word")
struct VanishingHostTests {
    /// What became of the requests, as `vanishing-host` tells it.
    private static func story() throws -> JSONValue {
        let folder = try TemporaryFolder()
        let certificates = try Certificates.shared()
        let leaf = certificates.leaf(.ecdsa)
        let script = Daemon.packageRoot.appendingPathComponent("Tests/gatekeeperdTests/Harness/vanishing-host").path
        let process = try ChildProcess(
            "unshare", ["--net", "python3", script, Daemon.binary, leaf.certificate, leaf.key, certificates.authority, folder.path],
            output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("errors")), endingSignal: SIGTERM)
        let ending = try process.waitForEnd(seconds: 120)
        let errors = try String(contentsOfFile: folder.file("errors"), encoding: .utf8)
        guard ending == .exited(0) else { throw Failure("\(ending): \(errors)") }
        return try JSONValue(parsing: Data(contentsOf: URL(fileURLWithPath: folder.file("out"))))
    }

    @Test("costs no ticket once it is back, is told from a slow one within seconds, and is known by a check whatever other timeouts say")
    func vanishes() throws {
        let story = try Self.story()
        func numbers(_ name: String) -> [Double] { story[name]?.array?.compactMap(\.number) ?? [] }
        #expect((story["kept"]?.number ?? 0) >= 9)

        // It came back as another host: each kept connection is dead, and no POST meets one.
        #expect(numbers("posts_after_return") == Array(repeating: 200, count: 9))
        #expect(story["tickets"]?.number == 9)
        #expect(numbers("gets_after_return") == Array(repeating: 200, count: 9))

        // A firewall forgot: what can be repeated is, what can't says so, and neither takes `timeouts.response`.
        let get = numbers("get_forgotten")
        #expect(get.first == 200 && get[1] < 8, "\(get)")
        let post = numbers("post_forgotten")
        #expect(post.first == 502 && post[1] < 8, "\(post)")
        #expect(story["lost_reason"]?.string == "upstream_unreachable")
        #expect(story["lost_seen"]?.number == 0)
        #expect(numbers("post_afterwards") == Array(repeating: 200, count: 9))

        // Slow isn't dead.
        #expect(numbers("reads_late").first == 200)
        #expect(numbers("thinks").first == 200)

        // 60 s are allowed for a connection and for an acknowledgement.
        for kind in ["no_cable", "not_sent"] {
            let hole = numbers(kind)
            #expect(hole.first == 503 && hole[1...].allSatisfy { $0 < 15 }, "\(kind): \(hole)")
        }
    }

    @Test("a path too narrow for what we send is told from a ticket system that thinks, in seconds", arguments: [false, true])
    func narrow(isTLS: Bool) throws {
        let line = try LinkedNamespace()
        let leaf = try Certificates.shared().leaf(.rsa)
        let upstream = try ScriptedUpstream(address: "0.0.0.0", tls: isTLS ? TLSServer(leaf) : nil, .echo)
        let url = upstream.url.replacing("127.0.0.1", with: line.nearAddress)
        let daemon = try Daemon(
            upstream: url, upstreamSettings: isTLS ? "ca: \(Certificates.shared().authority)\n  server_name: localhost" : "",
            settings: "timeouts: {connect: 2s, unacknowledged: 1s}", launcher: line.launcher)
        func post(_ body: String) throws -> String {
            let script = "curl -q -sk -o /dev/null -w %{http_code} -m 30 --interface 127.0.0.2 -d '\(body)' \(daemon.url)/ticket"
            return try line.output(of: ["sh", "-c", script])
        }
        // Small enough for any path: as hosts that never see the other's MSS would send, so large ones aren't cut to fit.
        #expect(try post("small") == "200")
        try line.narrow(toBytes: isTLS ? 200 : 600)
        #expect(try post(String(repeating: "a ticket ", count: 500)) == (isTLS ? "504" : "502"))
        let verdict = try daemon.waitForLine { $0.event == "request" && $0.number("status") != 200 }
        #expect(verdict.reason == (isTLS ? "upstream_unacknowledged" : "upstream_unreachable"))
        #expect(upstream.requests.count == 1)
    }
}
