import Testing

@testable import Gatekeeper

@Suite("Clients whose connections can't come from their addresses")
struct UntransparentClientsTests {
    private func client(_ number: UInt32) -> PeerAddress { PeerAddress(ipv4: 0xc000_0200 + number) }

    @Test("each is there from its first failure until it succeeds, whatever becomes of others, or isn't heard of for a day")
    func each() {
        let clients = UntransparentClients()
        #expect(clients.all(at: 0).isEmpty)
        clients.fail(client(1), .otherFamily, at: 10)
        clients.fail(client(2), .noWayBack, at: 20)
        clients.fail(client(1), .noWayBack, at: 30)
        #expect(clients.all(at: 30).map(\.client) == [client(1), client(2)])
        #expect(clients.all(at: 30)[0].failure == .noWayBack && clients.all(at: 30)[0].sinceMilliseconds == 10)
        clients.succeed(client(3))
        #expect(clients.all(at: 30).count == 2)
        clients.succeed(client(1))
        #expect(clients.all(at: 30).map(\.client) == [client(2)])
        #expect(clients.all(at: 20 + UntransparentClients.forgottenMilliseconds).count == 1)
        #expect(clients.all(at: 21 + UntransparentClients.forgottenMilliseconds).isEmpty)
    }

    @Test("one /64 takes one place, whatever addresses it comes from, and is free again when one of them succeeds")
    func network() throws {
        let clients = UntransparentClients()
        for number in 1...100 { clients.fail(try PeerAddress(parsing: "2001:db8::\(number)"), .noWayBack, at: Int64(number)) }
        clients.fail(try PeerAddress(parsing: "2001:db8:0:1::1"), .noWayBack, at: 101)
        clients.fail(client(1), .noWayBack, at: 102)
        #expect(clients.all(at: 102).map(\.client.description) == ["2001:db8::1", "2001:db8:0:1::1", "192.0.2.1"])
        #expect(clients.all(at: 102)[0].lastMilliseconds == 100)
        clients.succeed(try PeerAddress(parsing: "2001:db8::ffff"))
        #expect(clients.all(at: 102).count == 2)
    }

    @Test("of many the first are known")
    func bounded() {
        let clients = UntransparentClients()
        for number in 0..<1_000 { clients.fail(client(UInt32(number)), .noWayBack, at: Int64(number)) }
        #expect(clients.all(at: 1_000).map(\.client) == (0..<UInt32(UntransparentClients.clientsMax)).map(client))
    }
}
