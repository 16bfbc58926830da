import Foundation
import Testing

/// Real servers that are told the client's address by the PROXY protocol, and bind what they let through to it.
@Suite("A ticket system that binds keys to addresses sees the client's")
struct ClientAddressTests {
    private static let introduction = "proxy_protocol: v2"

    /// One run of curl: `count` requests over one connection, or over one each; whom each answer's server took for its client.
    private static func curl(_ source: String, _ daemon: Daemon, _ path: String, count: Int, fresh: Bool = false) throws -> Running {
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            "curl",
            ["-q", "-sS", "-i", "--max-time", "60", "--interface", source, "--cacert", Certificates.shared().authority]
                + (fresh ? ["-H", "Connection: close"] : []) + ["\(daemon.url)/\(path)?[1-\(count)]"],
            output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("errors")))
        return Running(process: process, folder: folder)
    }

    private struct Running {
        let process: ChildProcess
        let folder: TemporaryFolder

        func answers() throws -> (statuses: [String], clients: [String]) {
            #expect(try process.waitForEnd(seconds: 90) == .exited(0))
            let text = try String(contentsOfFile: folder.file("out"), encoding: .utf8)
            return (
                text.matches(of: #/HTTP\/1\.1 (\d+)/#).map { String($0.1) },
                text.matches(of: #/[Xx]-[Cc]lient: (\S+)/#).map { String($0.1) }
            )
        }
    }

    @Test(
        "two vendors at once, on old connections and new ones, while slots are short: none is ever taken for the other",
        arguments: AddressBoundServer.Kind.allCases)
    func neverSwapped(kind: AddressBoundServer.Kind) throws {
        let server = try AddressBoundServer(kind, admitting: "127.0.0.2")
        let daemon = try Daemon(
            upstream: "http://127.0.0.1:\(server.port)", upstreamSettings: Self.introduction + "\n  connections_max: 3",
            settings: "workers: 2")
        var runs: [(source: String, run: Running)] = []
        for turn in 0..<12 {
            let source = turn % 2 == 0 ? "127.0.0.2" : "127.0.0.3"
            runs.append((source, try Self.curl(source, daemon, "bound", count: 40, fresh: turn % 3 == 0)))
        }
        for (source, run) in runs {
            let (statuses, clients) = try run.answers()
            #expect(statuses == Array(repeating: source == "127.0.0.2" ? "200" : "403", count: 40), "\(source)")
            #expect(clients == Array(repeating: source, count: 40), "\(source)")
        }
    }

    @Test("the port is the client's, and the address that it came to the listener's", arguments: [false, true])
    func ports(isTLS: Bool) throws {
        let leaf = try Certificates.shared().leaf(.ecdsa)
        let server = try AddressBoundServer(.nginx, admitting: "127.0.0.2", leaf: isTLS ? leaf : nil)
        let authority = try Certificates.shared().authority
        let daemon = try Daemon(
            upstream: "\(isTLS ? "https" : "http")://127.0.0.1:\(server.port)",
            upstreamSettings: Self.introduction + (isTLS ? "\n  ca: \(authority)" : ""), settings: "")
        for _ in 1...3 {
            let curl = try Curl(["-i", "\(daemon.url)/bound"])
            #expect(curl.status == 200)
            let port = Int(curl.transfers.last?["local_port"]?.number ?? 0)
            #expect(curl.text.contains("X-Client: 127.0.0.2 \(port) 127.0.0.1\r\n"), "\(curl.text)")
        }
    }

    @Test("our own checks come as ourselves, and find it well", arguments: AddressBoundServer.Kind.allCases)
    func health(kind: AddressBoundServer.Kind) throws {
        let server = try AddressBoundServer(kind, admitting: "127.0.0.2")
        let daemon = try Daemon(
            upstream: "http://127.0.0.1:\(server.port)",
            upstreamSettings: Self.introduction + "\n  health: {path: /seen, interval: 100ms}", settings: "")
        #expect(eventually { server.requests.count { $0 == "127.0.0.1 /seen" } >= 3 })
        #expect(try Curl(["\(daemon.url)/bound"]).status == 200)
        #expect(daemon.lines("upstream_down").isEmpty)
    }

    @Test(
        "check says of one that expects no header what to do, and has nothing to say of one that does",
        arguments: AddressBoundServer.Kind.allCases)
    func check(kind: AddressBoundServer.Kind) throws {
        let good = try AddressBoundServer(kind, admitting: "127.0.0.2")
        let fine = try ConfigurationScene(upstream: "http://127.0.0.1:\(good.port)", upstreamSettings: Self.introduction).run("check")
        #expect(fine.ending == .exited(0) && !fine.lines.contains { $0.contains("upstream") }, "\(fine.lines)")
        let deaf = try AddressBoundServer(kind, admitting: "127.0.0.2", readsProxyHeader: false)
        let wrong = try ConfigurationScene(upstream: "http://127.0.0.1:\(deaf.port)", upstreamSettings: Self.introduction).run("check")
        #expect(wrong.ending == .exited(2))
        let words = "upstream.proxy_protocol: http://127.0.0.1:\(deaf.port) answers without a PROXY header and not behind one"
        #expect(wrong.lines.contains { $0.contains(words) }, "\(wrong.lines)")
    }

    @Test("a UNIX socket can be told of a client, and can't be come to from its address")
    func unix() throws {
        let scene = try ConfigurationScene(upstream: "unix:/run/nobody", upstreamSettings: "source: client")
        let run = try scene.run("check")
        #expect(run.ending == .exited(2))
        #expect(run.lines.contains { $0.contains("upstream.source: a UNIX socket shows nobody's address; say proxy_protocol: v2") })
    }
}
