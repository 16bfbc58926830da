import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("UpstreamURL")
struct UpstreamURLTests {
    @Test(
        "hosts, addresses and sockets are told apart",
        arguments: [
            (
                "http://10.0.0.5:8080",
                Settings.Upstream.Endpoint.address(SocketAddress(address: PeerAddress(ipv4: 0x0a00_0005), port: 8080))
            ),
            ("http://10.0.0.5", .address(SocketAddress(address: PeerAddress(ipv4: 0x0a00_0005), port: 80))),
            ("http://[::1]:81/", .address(SocketAddress(address: PeerAddress(high: 0, low: 1), port: 81))),
            ("http://[::1]", .address(SocketAddress(address: PeerAddress(high: 0, low: 1), port: 80))),
            ("http://tickets.internal:8080", .host("tickets.internal", port: 8080)),
            ("http://ticket_system", .host("ticket_system", port: 80)),
            ("unix:/run/app.sock", .unix("/run/app.sock")),
            ("unix:app.sock", .unix("/etc/gatekeeper/app.sock")),
        ])
    func accepted(_ text: String, endpoint: Settings.Upstream.Endpoint) throws {
        let url = try UpstreamURL(text, directory: "/etc/gatekeeper")
        #expect(url.endpoint == endpoint)
        #expect(url.text == text)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "http://", "http://:80", "http://a:", "http://a:0", "http://a:65536", "http://a:b", "http://a:-1", "http://a/b",
            "http://a?b",
            "http://u:p@a", "http://127.1", "http://1.2.3.400", "http://12345", "http://[::1", "http://::1]", "http://[::1]x:80",
            "http://-a", "http://a..b", "http://a b", "http://ä", "https://", "ftp://a", "a:80", "unix:",
            "http://\(String(repeating: "a", count: 64))",
            "unix:/\(String(repeating: "a", count: 107))",
        ])
    func refused(_ text: String) {
        #expect(throws: ValueMistake.self) { try UpstreamURL(text, directory: "") }
    }
}
