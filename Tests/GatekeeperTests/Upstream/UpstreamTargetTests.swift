import Synchronization
import Testing

@testable import Gatekeeper

struct UpstreamTargetTests {
    private func makeTarget(_ endpoint: Settings.Upstream.Endpoint) throws -> UpstreamTarget {
        try UpstreamTarget(Settings.Upstream.Server(endpoint: endpoint, name: "http://tickets"), of: Settings.Upstream([]))
    }

    @Test("an address is its own only address")
    func address() throws {
        let address = try SocketAddress(parsing: "192.0.2.7:8080")
        #expect(try makeTarget(.address(address)).addresses == [.ip(address)])
    }

    @Test("the path of a UNIX socket may have 107 bytes, and more are an error that says so")
    func unixPath() throws {
        let longest = "/" + String(repeating: "é", count: 53)
        #expect(longest.utf8.count == 107)
        #expect(try makeTarget(.unix(longest)).addresses == [.unix(longest)])
        let error = #expect(throws: ServerError.self) { _ = try makeTarget(.unix(longest + "x")) }
        #expect(error?.cause == .settings)
        #expect(error?.description == "upstream http://tickets: a socket path has at most 107 bytes")
    }

    private func makeGroup(_ endpoint: Settings.Upstream.Endpoint) throws -> UpstreamGroup {
        try UpstreamGroup(Settings.Upstream(endpoint: endpoint, name: "http://tickets"), connectMilliseconds: 1, libraries: [])
    }

    @Test("a name has been resolved before the first request asks")
    func name() throws {
        let target = try makeGroup(.host("127.0.0.1", port: 8080)).targets[0]
        #expect(try target.addresses == [.ip(SocketAddress(parsing: "127.0.0.1:8080"))])
        target.reportConnectFailure()
        #expect(target.addresses.count == 1)
    }

    @Test("a name that stands for nothing is no address and no crash")
    func unknownName() throws {
        #expect(try makeGroup(.host(String(repeating: "a", count: 300), port: 8080)).targets[0].addresses.isEmpty)
    }

    @Test("with other settings a name that isn't known for a while stands for what it stood for, another name for nothing")
    func handedOver() throws {
        let name = Settings.Upstream.Endpoint.host(String(repeating: "a", count: 300), port: 8080)
        let old = try makeGroup(name)
        let address = try SocketAddress(parsing: "192.0.2.7:8080")
        old.targets[0].update([address])
        func addresses(_ endpoint: Settings.Upstream.Endpoint) throws -> [ConnectAddress] {
            try UpstreamGroup(
                Settings.Upstream(endpoint: endpoint, name: "http://tickets"), connectMilliseconds: 1, libraries: [], after: old
            ).targets[0].addresses
        }
        #expect(try addresses(name) == [.ip(address)])
        #expect(try addresses(.host(String(repeating: "b", count: 300), port: 8080)) == [])
        #expect(try addresses(.host(String(repeating: "a", count: 300), port: 8081)) == [])
    }

    @Test("a name server that doesn't answer keeps nobody waiting but the resolver")
    func stuckNameServer() throws {
        let answer = try System.eventDescriptor()
        let number = answer.number
        let first = Latch(1)
        let found = Mutex<[SocketAddress]>([])
        let address = try SocketAddress(parsing: "192.0.2.7:8080")
        let resolver = try Resolver(
            host: "tickets.example", port: 8080, first: first,
            resolve: { _, _ in
                _ = System.waitReadable(number, milliseconds: 60_000)
                return [address]
            }, update: { addresses in found.withLock { $0 = addresses } })
        #expect(!first.wait(milliseconds: 0))
        System.raise(number)
        #expect(first.wait(milliseconds: 30_000))
        #expect(found.withLock { $0 } == [address])
        resolver.stop()
    }

    @Test("a name that moves is followed, and one that isn't known for a while keeps its last address")
    func moves() throws {
        let target = try makeGroup(.host("127.0.0.1", port: 8080)).targets[0]
        let moved = try [SocketAddress(parsing: "192.0.2.7:8080"), SocketAddress(parsing: "[2001:db8::7]:8080")]
        target.update(moved)
        #expect(target.addresses == moved.map(ConnectAddress.ip))
        target.update([])
        #expect(target.addresses == moved.map(ConnectAddress.ip))
    }

    @Test("after a connect failure the name is asked for again")
    func asksAgain() throws {
        let answered = try System.eventDescriptor()
        let number = answered.number
        let resolver = try Resolver(host: "127.0.0.1", port: 1) { addresses in if !addresses.isEmpty { System.raise(number) } }
        #expect(System.waitReadable(number, milliseconds: 30_000))
        System.lower(number)
        resolver.refresh()
        #expect(System.waitReadable(number, milliseconds: 30_000))
        resolver.stop()
    }

    @Test("what the settings say about idle connections is passed on")
    func idle() throws {
        var settings = Settings.Upstream(endpoint: .unix("/run/tickets"), name: "http://tickets")
        settings.idleConnectionsMax = 3
        settings.idleTimeoutMilliseconds = 42
        let target = try UpstreamTarget(settings.servers[0], of: settings)
        #expect(target.idleConnectionsMax == 3)
        #expect(target.idleTimeoutMilliseconds == 42)
        #expect(target.name == "http://tickets")
    }
}
