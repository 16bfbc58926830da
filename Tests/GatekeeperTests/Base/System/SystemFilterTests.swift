import Glibc
import Testing

@testable import Gatekeeper

/// Filters in the real kernel. Who runs these needs CAP_NET_ADMIN, as root has; without it they fail.
struct SystemFilterTests {
    private func filter(_ networks: [String]) throws -> SocketFilter {
        SocketFilter(keeping: try networks.map { try AddressPrefix(parsing: $0) })
    }

    /// A connection on its way from `source`, whose SYN has left.
    private func knock(at address: SocketAddress, from source: String) throws -> Descriptor {
        let socket = try System.streamSocket(family: address.family)
        let own = SocketAddress(address: try PeerAddress(parsing: source), port: 0)
        let bound = unsafe ConnectAddress.ip(own).withSocketAddress { pointer, length in unsafe bind(socket.number, pointer, length) }
        try #require(bound == 0, "bind to \(source)")
        guard System.connect(socket.number, to: .ip(address)) != .failed(ECONNREFUSED) else {
            throw SystemError("connect", code: ECONNREFUSED)
        }
        return socket
    }

    private func waitForDrops(_ count: UInt32, at listener: Int32) -> Bool {
        let deadline = System.now().advanced(byMilliseconds: 10_000)
        while System.drops(at: listener) < count {
            if System.now() > deadline { return false }
            _ = System.waitReadable(listener, milliseconds: 1)
        }
        return true
    }

    @Test("who is on the filter connects, and who isn't is counted and gets no answer")
    func listed() throws {
        let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"), filter: filter(["127.0.0.2"]))
        let address = try System.localAddress(of: listener.number)
        let stranger = try knock(at: address, from: "127.0.0.9")
        #expect(waitForDrops(1, at: listener.number))
        let listed = try knock(at: address, from: "127.0.0.2")
        #expect(System.waitReadable(listener.number, milliseconds: 10_000))
        guard case .connection(let near, let peer) = System.accept(listener.number) else { throw SystemError("accept", code: errno) }
        System.close(near)
        #expect(peer.address == (try PeerAddress(parsing: "127.0.0.2")))
        #expect(!System.waitReadable(stranger.number, milliseconds: 0))
        listed.close()
        stranger.close()
    }

    @Test("on a dual-stack listener the kernel sees an IPv4 peer's own header, and an IPv6 peer's")
    func dualStack() throws {
        let listener = try System.listen(on: SocketAddress(parsing: "[::]:0"), filter: filter(["127.0.0.2", "::1"]))
        let port = try System.localAddress(of: listener.number).port
        func address(_ text: String) throws -> SocketAddress { SocketAddress(address: try PeerAddress(parsing: text), port: port) }
        let strangers = [try knock(at: address("127.0.0.1"), from: "127.0.0.9").release()]
        #expect(waitForDrops(1, at: listener.number))
        let listed = try [
            knock(at: address("127.0.0.1"), from: "127.0.0.2").release(), knock(at: address("::1"), from: "::1").release(),
        ]
        var peers: Set<String> = []
        while peers.count < 2, System.waitReadable(listener.number, milliseconds: 10_000) {
            guard case .connection(let near, let peer) = System.accept(listener.number) else { break }
            System.close(near)
            peers.insert("\(peer.address)")
        }
        #expect(peers == ["127.0.0.2", "::1"])
        try System.attach(filter(["127.0.0.2"]), to: listener.number)
        let before = System.drops(at: listener.number)
        let late = try knock(at: address("::1"), from: "::1").release()
        #expect(waitForDrops(before + 1, at: listener.number))
        for descriptor in strangers + listed + [late] { System.close(descriptor) }
    }

    @Test("a filter is replaced by another, and taken away, once or twice")
    func replaced() throws {
        let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"), filter: filter([]))
        let address = try System.localAddress(of: listener.number)
        let early = try knock(at: address, from: "127.0.0.9")
        #expect(waitForDrops(1, at: listener.number))
        try System.attach(filter(["127.0.0.9"]), to: listener.number)
        let second = try knock(at: address, from: "127.0.0.9")
        #expect(System.waitReadable(second.number, milliseconds: 0) || System.waitReadable(listener.number, milliseconds: 10_000))
        System.detachFilter(from: listener.number)
        System.detachFilter(from: listener.number)
        let third = try knock(at: address, from: "127.0.0.8")
        #expect(System.waitReadable(listener.number, milliseconds: 10_000))
        early.close()
        second.close()
        third.close()
    }

    @Test("the kernel takes the longest program that is made, and the one that lets everybody through")
    func longest() throws {
        var random = SeededGenerator(seed: 3)
        let long = SocketFilter(
            keeping: (0..<5_000).map { _ in
                AddressPrefix(PeerAddress(high: random.next(), low: random.next()))
            })
        #expect(long.isCoarse && long.instructions.count > SocketFilter.instructionsMax / 2)
        try System.probe(long)
        try System.probe(.open)
    }

    @Test("a program that the kernel finds wrong is an error, and the listener keeps what it had")
    func wrong() throws {
        let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"), filter: filter([]))
        var random = SeededGenerator(seed: 3)
        let long = SocketFilter(
            keeping: (0..<4_000).map { _ in AddressPrefix(PeerAddress(ipv4: UInt32(truncatingIfNeeded: random.next()))) },
            instructionsMax: 5_000)
        let error = #expect(throws: SystemError.self) { try System.attach(long, to: listener.number) }
        #expect(error?.code == EINVAL)
        let stranger = try knock(at: System.localAddress(of: listener.number), from: "127.0.0.9")
        #expect(waitForDrops(1, at: listener.number))
        stranger.close()
    }
}
