import CLinux
import Glibc
import Testing

@testable import Gatekeeper

struct ListeningTests {
    @Test("a connection that is told to is reset by closing it, any other ends in order", arguments: [false, true])
    func resetOnClose(isReset: Bool) throws {
        let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
        let peer = try PeerSocket(connectingTo: System.localAddress(of: listener.number))
        let near = try ConnectionPair.accept(from: listener.number)
        if isReset { #expect(System.setResetOnClose(near, true)) }
        System.close(near)
        #expect(peer.receive() == (isReset ? .failed(ECONNRESET) : .end))
    }

    @Test("a reset that was ordered can be called off")
    func resetCalledOff() throws {
        let pair = try ConnectionPair.tcp()
        System.setResetOnClose(pair.near, true)
        System.setResetOnClose(pair.near, false)
        System.close(pair.near)
        #expect(pair.far.receive() == .end)
    }

    @Test("connections inherit from the listener that nothing is gathered before it is sent")
    func noDelay() throws {
        let pair = try ConnectionPair.tcp()
        defer { System.close(pair.near) }
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        #expect(unsafe getsockopt(pair.near, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &length) == 0)
        #expect(value != 0)
    }

    @Test("every worker opens a queue of its own on the same address, and the kernel gives each of them connections")
    func sharedPort() throws {
        let first = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
        let address = try System.localAddress(of: first.number)
        #expect(address.port != 0)
        let second = try System.listen(on: address)
        #expect(try System.localAddress(of: second.number) == address)
        // Spread by a hash over both ports: that all of many go to one side doesn't happen.
        let peers = try (0..<64).map { _ in try PeerSocket(connectingTo: address) }
        var (ofFirst, ofSecond) = (0, 0)
        // The last of them may be on the way from one queue of the kernel's to another.
        let deadline = System.now().advanced(byMilliseconds: 10_000)
        while ofFirst + ofSecond < peers.count, System.now() < deadline {
            ofFirst += acceptAll(first.number)
            ofSecond += acceptAll(second.number)
        }
        #expect(ofFirst > 0 && ofSecond > 0)
        #expect(ofFirst + ofSecond == peers.count)
    }

    @Test("an address that another process listens on is in use, although ours would be shared")
    func probeInUse() throws {
        let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
        let address = try System.localAddress(of: listener.number)
        let error = #expect(throws: SystemError.self) { try System.probe(address) }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.description == "listen on \(address): Address already in use")
    }

    @Test("an address that nobody listens on, and any free port, may be used")
    func probeFree() throws {
        try System.probe(SocketAddress(parsing: "127.0.0.1:0"))
        // Of this test alone: others listen on 127.0.0.1.
        let listener = try System.listen(on: SocketAddress(parsing: "127.83.19.7:0"))
        let address = try System.localAddress(of: listener.number)
        listener.close()
        try System.probe(address)
    }

    @Test("an address that isn't ours is said to be unavailable")
    func notOurs() throws {
        let address = try SocketAddress(parsing: "192.0.2.1:0")
        let error = #expect(throws: SystemError.self) { _ = try System.listen(on: address) }
        #expect(error?.code == EADDRNOTAVAIL)
        #expect(error?.description == "listen on 192.0.2.1:0: Cannot assign requested address")
    }

    /// Accepts everything that waits now.
    private func acceptAll(_ listener: Int32) -> Int {
        var count = 0
        while case .connection(let descriptor, _) = System.accept(listener) {
            System.close(descriptor)
            count += 1
        }
        return count
    }
}
