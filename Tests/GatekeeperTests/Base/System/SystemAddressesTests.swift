import Testing

@testable import Gatekeeper

@Suite("Addresses of the machine")
struct SystemAddressesTests {
    private static let table = """
        00000000000000000000000000000001 01 80 10 80       lo
        fe80000000000000004211fffe330001 02 40 20 c0     eth0
        20010db8000000000000000000000007 02 40 00 40     eth0
        20010db8000000000000000000000008 02 40 00 48     eth0
        20010db8000000000000000000000009 02 40 00 80     eth0
        short
        """

    @Test(
        "the kernel's table tells which addresses are being looked at, and which another machine has",
        arguments: [
            ("::1", nil), ("fe80::42:11ff:fe33:1", .isRunning), ("2001:db8::7", .isRunning), ("2001:db8::8", .hasFailed),
            ("2001:db8::9", nil), ("2001:db8::a", nil),
        ] as [(String, System.DuplicateDetection?)])
    func detection(text: String, state: System.DuplicateDetection?) throws {
        #expect(try System.duplicateDetection(of: PeerAddress(parsing: text), in: Self.table) == state)
    }

    @Test("addresses of this machine are here, others aren't, and every address is")
    func presence() throws {
        for (text, isHere) in [("127.0.0.1:443", true), ("127.9.9.9:443", true), ("0.0.0.0:443", true), ("192.0.2.77:443", false)] {
            #expect(try System.has(SocketAddress(parsing: text)) == isHere, "\(text)")
        }
        #expect(try !System.has(SocketAddress(parsing: "[fe80::1%none0]:443")))
    }

    @Test("an address that isn't here can be listened on freely, and not otherwise")
    func free() throws {
        let address = try SocketAddress(parsing: "192.0.2.77:0")
        #expect(throws: SystemError.self) { _ = try System.listen(on: address) }
        let socket = try System.listen(on: address, isFree: true)
        #expect(try System.localAddress(of: socket.number).address == address.address)
    }

    @Test("an interface that there isn't is what is told, not its address")
    func noInterface() throws {
        let address = try SocketAddress(parsing: "[fe80::1%none0]:443")
        #expect {
            try System.probe(address)
        } throws: { error in
            "\(error)" == "listen on [fe80::1%none0]:443: No such device"
        }
    }
}
