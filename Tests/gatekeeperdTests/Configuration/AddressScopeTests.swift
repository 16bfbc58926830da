import Gatekeeper
import Testing

@testable import gatekeeperd

struct AddressScopeTests {
    @Test(
        "addresses that many may hide behind are told from public ones, in every spelling",
        arguments: [
            ("127.9.9.9", AddressScope.loopback), ("::1", .loopback), ("::ffff:127.0.0.1", .loopback), ("169.254.1.1", .link),
            ("fe80::1", .link), ("febf::1", .link), ("fec0::1", .everywhere), ("10.255.0.1", .inner), ("172.16.0.1", .inner),
            ("172.31.255.255", .inner), ("172.32.0.1", .everywhere), ("192.168.1.1", .inner), ("192.169.1.1", .everywhere),
            ("100.64.0.1", .inner), ("100.127.255.255", .inner), ("100.128.0.1", .everywhere), ("fd00::1", .inner),
            ("fe00::1", .everywhere),
            ("11.0.0.1", .everywhere), ("34.202.14.153", .everywhere), ("2001:db8::1", .everywhere),
        ])
    func scopes(text: String, scope: AddressScope) throws {
        #expect(AddressScope(try PeerAddress(parsing: text)) == scope)
    }
}
