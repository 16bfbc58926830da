import Testing

@testable import Gatekeeper

/// Whether an upstream is the service itself, as far as addresses tell.
struct DryRunLoopTests {
    private func listener(_ listener: String, reachedBy endpoint: Settings.Upstream.Endpoint) throws -> SocketAddress? {
        let settings = Settings(
            listeners: [Settings.Listener(address: try SocketAddress(parsing: listener))], tls: .init(certificatePath: "", keyPath: ""),
            allow: [], upstream: .init(endpoint: endpoint, name: "https://tickets"))
        return try DryRun(settings).listener(reachedBy: settings.upstream.servers[0])
    }

    @Test(
        "by its own address, by another of this machine's, by no address in particular",
        arguments: [
            ("127.0.0.1:8443", "127.0.0.1:8443", true), ("0.0.0.0:8443", "127.0.0.1:8443", true), ("0.0.0.0:8443", "127.0.0.9:8443", true),
            ("[::]:8443", "127.0.0.1:8443", true), ("[::]:8443", "[::]:8443", true), ("127.0.0.1:8443", "0.0.0.0:8443", true),
            ("0.0.0.0:8443", "0.0.0.0:8443", true), ("203.0.113.7:8443", "203.0.113.7:8443", true),
            ("127.0.0.1:8443", "127.0.0.1:8444", false), ("127.0.0.1:8443", "127.0.0.2:8443", false),
            ("0.0.0.0:8443", "203.0.113.7:8443", false), ("[::]:8443", "203.0.113.7:8443", false),
            ("0.0.0.0:8443", "[2001:db8::7]:8443", false),
        ])
    func addresses(listener own: String, target: String, isLoop: Bool) throws {
        let found = try listener(own, reachedBy: .address(SocketAddress(parsing: target)))
        #expect(try found == (isLoop ? SocketAddress(parsing: own) : nil))
    }

    @Test("by name, and never by a UNIX socket")
    func names() throws {
        #expect(try listener("0.0.0.0:8443", reachedBy: .host("localhost", port: 8443)) != nil)
        #expect(try listener("0.0.0.0:8443", reachedBy: .host("localhost", port: 8080)) == nil)
        #expect(try listener("0.0.0.0:8443", reachedBy: .unix("/run/app.sock")) == nil)
    }
}
