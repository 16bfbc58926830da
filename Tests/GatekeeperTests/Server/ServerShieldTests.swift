import Synchronization
import Testing

@testable import Gatekeeper

@Suite("The shield of a running server")
struct ServerShieldTests {
    private static func entry(_ address: String) throws -> Settings.AllowEntry {
        Settings.AllowEntry(prefix: AddressPrefix(try PeerAddress(parsing: address)))
    }

    private static func settings(_ onDeny: Settings.OnDeny) throws -> Settings {
        let certificates = try TestCertificates.shared()
        var settings = Settings(
            listeners: [Settings.Listener(address: try SocketAddress(parsing: "127.0.0.1:0"))],
            tls: Settings.TLS(certificatePath: certificates.certificate, keyPath: certificates.key), allow: [try entry("127.0.0.2")],
            upstream: Settings.Upstream(endpoint: .unix("/"), name: "nobody"))
        settings.onDeny = onDeny
        settings.workers = 2
        return settings
    }

    private static func filters(of server: Server) -> [SocketAddress: SocketFilter] {
        server.current.withLock { $0.snapshot.filters }
    }

    @Test("while another process begins to accept on its sockets, nothing that changes here changes their filters")
    func lent() throws {
        var settings = try Self.settings(.drop)
        let server = try Server(settings: settings, journalDescriptor: LogFile.unread.descriptor)
        let before = Self.filters(of: server)
        #expect(before.count == 1)
        server.lendListeners(true)
        settings.allow.append(try Self.entry("127.0.0.3"))
        try server.apply(settings)
        server.admit(settings.allow)
        #expect(Self.filters(of: server) == before)
        server.lendListeners(false)
        #expect(Self.filters(of: server) != before)
        server.drain()
    }

    @Test("a shield that fails for want of something that comes back is tried again; without the privilege it isn't")
    func fails() throws {
        let now = Instant(nanoseconds: 0)
        let counts = Shield.Counts(denied: 5_000, dropped: 0)
        var state = ShieldState(try Self.settings(.reset), at: now, Shield.Counts(denied: 0, dropped: 0))
        guard case .raise? = state.turn(at: now.advanced(byMilliseconds: 100), counts) else {
            Issue.record("5 000 denials within 100 ms raise nothing")
            return
        }
        state.fail(because: SystemError("attach", code: 24), at: now, counts)
        #expect(!state.isUp && state.obstacle == nil)
        #expect(state.shield?.alarm == 5_000 + 1_000 + 1)
        state.fail(because: SystemError("attach", code: 1), at: now, counts)
        #expect(state.shield == nil && state.obstacle != nil)
    }
}
