import Glibc
import Testing

@testable import Gatekeeper

@Suite("Pages of challenges")
struct ServerChallengePageTests {
    private static let token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
    private static let path = "/.well-known/acme-challenge/\(token)"
    private static let proof = token + ".9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
    private static let free = "127.0.0.1:0"

    private static func page(endsInMilliseconds: Int = 600_000) -> PendingChallenge {
        PendingChallenge(
            name: "a.example", proof: .page(token: token, keyAuthorization: proof),
            endsAt: System.now().advanced(byMilliseconds: endsInMilliseconds))
    }

    private struct Scene {
        let file = LogFile()
        let server: Server

        init() throws {
            let certificates = try TestCertificates.shared()
            var settings = Settings(
                listeners: [Settings.Listener(address: try SocketAddress(parsing: free))],
                tls: Settings.TLS(certificatePath: certificates.certificate, keyPath: certificates.key),
                allow: [Settings.AllowEntry(prefix: AddressPrefix(try PeerAddress(parsing: "127.0.0.2")))],
                upstream: Settings.Upstream(endpoint: .unix("/"), name: "nobody"))
            settings.workers = 2
            server = try Server(settings: settings, journalDescriptor: file.descriptor)
        }

        func present(_ challenges: [PendingChallenge]) throws { try server.present(challenges, http: SocketAddress(parsing: free)) }

        /// All that comes back, and whether it ends in a FIN.
        func ask(_ request: String, from source: String = "127.0.0.9", finishes: Bool = false) throws -> (text: String, isWhole: Bool) {
            let socket = try PeerSocket(from: source, to: try #require(server.pageAddress))
            socket.send(Array(request.utf8))
            if finishes { socket.finishSending() }
            var all: [UInt8] = []
            while true {
                switch socket.receive() {
                case .bytes(let bytes): all += bytes
                case .end: return (String(decoding: all, as: UTF8.self), true)
                case .failed, .nothing: return (String(decoding: all, as: UTF8.self), false)
                }
            }
        }
    }

    @Test(
        "the page is served to whoever asks for it by its name",
        arguments: [
            "GET \(path) HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET \(path) HTTP/1.1\r\nHost: A.Example:80\r\nUser-Agent: v\r\n\r\n",
            "GET \(path) HTTP/1.0\r\nHost: a.example\r\n\r\n",
        ])
    func served(request: String) throws {
        let scene = try Scene()
        try scene.present([Self.page()])
        let answer = try scene.ask(request)
        #expect(answer.isWhole)
        #expect(answer.text.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.text.hasSuffix("\r\n\r\n\(Self.proof)"))
        for field in ["Content-Type: application/octet-stream", "Connection: close", "Content-Length: \(Self.proof.utf8.count)"] {
            #expect(answer.text.contains("\r\n\(field)\r\n"))
        }
        scene.server.drain()
        #expect(scene.server.challengeCounts.visitors == [.shown: 1])
        let lines = try scene.file.lines().filter { $0["event"] as? String == "challenge" }
        #expect(lines.map { $0["name"] as? String } == ["a.example"] && lines.map { $0["outcome"] as? String } == ["shown"])
    }

    @Test(
        "whatever else is asked is reset, without a byte",
        arguments: [
            "GET \(path) HTTP/1.1\r\nHost: b.example\r\n\r\n", "GET \(path) HTTP/1.1\r\nHost: a.example:8080\r\n\r\n",
            "GET \(path) HTTP/1.1\r\n\r\n", "GET \(path) HTTP/1.0\r\n\r\n", "POST \(path) HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "HEAD \(path) HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET \(path)?a HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "GET \(path)/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET \(path)x HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "GET \(path.dropLast()) HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "GET http://a.example\(path) HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "GET \(path) HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc",
            "GET \(path) HTTP/1.1\r\nHost: a.example\r\n\r\nGET / HTTP/1.1\r\n\r\n", "GET \(path) HTTP/2.0\r\nHost: a.example\r\n\r\n",
            "GET \(path) HTTP/1.1\nHost: a.example\n\n",
            "GET \(path) HTTP/1.1\r\nHost: a.example\r\nX: \(String(repeating: "a", count: 2_048))",
            "\u{16}\u{3}\u{1}\u{2}", "\r\n\r\n\r\n",
        ])
    func reset(request: String) throws {
        let scene = try Scene()
        try scene.present([Self.page()])
        let answer = try scene.ask(request, from: "127.0.0.2")
        #expect(answer.text.isEmpty && !answer.isWhole)
        scene.server.drain()
        #expect(scene.server.challengeCounts.visitors == [.denied: 1])
        let reasons = try scene.file.lines().filter { $0["event"] as? String == "denied" }.map { $0["reason"] as? String }
        #expect(reasons == ["challenge_page"])
    }

    @Test("requests beyond two a second of one network wait for their turn")
    func rate() throws {
        let scene = try Scene()
        try scene.present([Self.page()])
        let request = "GET \(Self.path) HTTP/1.1\r\nHost: a.example\r\n\r\n"
        let answers = try (1...4).map { try scene.ask(request, from: "127.0.0.\($0)", finishes: true) }
        #expect(answers.allSatisfy { $0.isWhole })
        #expect(try scene.ask(request, from: "127.0.9.1").isWhole)
        scene.server.drain()
        #expect(scene.server.challengeCounts.visitors[.shown] == 5)
    }

    @Test("nobody listens before a page is pending, and after")
    func bound() throws {
        let scene = try Scene()
        #expect(scene.server.pageAddress == nil)
        try scene.present([ChallengePeer.challenge()])
        #expect(scene.server.pageAddress == nil)
        try scene.present([ChallengePeer.challenge(), Self.page()])
        let address = try #require(scene.server.pageAddress)
        #expect(throws: Never.self) { try PeerSocket(from: "127.0.0.9", to: address) }
        // Another page, by the same socket.
        try scene.present([Self.page()])
        #expect(scene.server.pageAddress == address)
        try scene.present([])
        #expect(scene.server.pageAddress == nil)
        #expect(throws: SystemError.self) { try PeerSocket(connectingTo: address) }
        // Its end has come.
        try scene.present([Self.page(endsInMilliseconds: 1)])
        let second = try #require(scene.server.pageAddress)
        while scene.server.pageAddress != nil {
            _ = scene.server.turnShield()
            _ = scene.server.wait(milliseconds: 1)
        }
        #expect(throws: SystemError.self) { try PeerSocket(connectingTo: second) }
        scene.server.drain()
    }

    @Test("a port that is taken is told, and what was stays")
    func taken() throws {
        let scene = try Scene()
        let other = try System.listen(on: SocketAddress(parsing: Self.free))
        let address = try System.localAddress(of: other.number)
        try scene.present([Self.page()])
        let before = scene.server.pageAddress
        let error = #expect(throws: ServerError.self) { try scene.server.present([Self.page()], http: address) }
        #expect(error?.cause == .system(EADDRINUSE) && error?.description.contains("\(address)") == true)
        #expect(throws: ServerError.self) { try scene.server.present([Self.page()], http: nil) }
        #expect(scene.server.pageAddress == before)
        scene.server.drain()
    }

    @Test("a drain frees the port at once")
    func drained() throws {
        let scene = try Scene()
        try scene.present([Self.page()])
        let address = try #require(scene.server.pageAddress)
        scene.server.drain()
        #expect(throws: SystemError.self) { try PeerSocket(connectingTo: address) }
    }
}
