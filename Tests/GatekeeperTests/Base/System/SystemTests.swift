import CLinux
import Glibc
import Testing

@testable import Gatekeeper

struct SystemTests {
    @Test("accepting brings the peer's address, then says that nobody waits")
    func accept() throws {
        let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
        guard case .wouldBlock = System.accept(listener.number) else {
            Issue.record("nobody has connected")
            return
        }
        let peer = try PeerSocket(connectingTo: System.localAddress(of: listener.number))
        #expect(System.waitReadable(listener.number, milliseconds: 10_000))
        guard case .connection(let number, let address) = System.accept(listener.number) else {
            Issue.record("somebody has connected")
            return
        }
        #expect(address.address == PeerAddress(ipv4: 0x7f00_0001))
        #expect(fcntl(number, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
        System.close(number)
        peer.close()
    }

    @Test("what isn't a listener is an error of ours and no reason to spin")
    func acceptFails() throws {
        let pair = try ConnectionPair.local()
        defer { System.close(pair.near) }
        guard case .failed(EINVAL) = System.accept(pair.near) else {
            Issue.record("a socket that doesn't listen")
            return
        }
    }

    @Test("a peek leaves the bytes where they are")
    func peek() throws {
        let pair = try ConnectionPair.local()
        defer { System.close(pair.near) }
        pair.far.send("ab".utf8)
        let buffer = Buffer(capacity: 4)
        #expect(unsafe System.receive(pair.near, into: buffer.uninitialised, flags: System.peek) == .bytes(2))
        #expect(unsafe System.receive(pair.near, into: buffer.uninitialised) == .bytes(2))
        #expect(unsafe System.receive(pair.near, into: buffer.uninitialised) == .wouldBlock)
    }

    @Test("an event descriptor is readable from its raising to its lowering")
    func event() throws {
        let event = try System.eventDescriptor()
        #expect(!System.waitReadable(event.number, milliseconds: 0))
        System.raise(event.number)
        System.raise(event.number)
        #expect(System.waitReadable(event.number, milliseconds: 0))
        System.lower(event.number)
        #expect(!System.waitReadable(event.number, milliseconds: 0))
        System.lower(event.number)
    }

    @Test("addresses survive the way through the kernel's structures", arguments: ["127.0.0.1:80", "[::1]:443", "[2001:db8::7]:65535"])
    func addresses(text: String) throws {
        let address = try SocketAddress(parsing: text)
        var storage = sockaddr_storage()
        unsafe ConnectAddress.ip(address).withSocketAddress { pointer, length in
            let source = unsafe UnsafeRawBufferPointer(start: pointer, count: Int(length))
            unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.copyMemory(from: source) }
        }
        #expect(SocketAddress(storage) == address)
        #expect(Int32(storage.ss_family) == address.family)
    }

    @Test("the longest path of a UNIX socket arrives whole and ends with a NUL")
    func unixPath() throws {
        let path = "/" + String(repeating: "p", count: ConnectAddress.unixPathBytesMax - 1)
        let arrived = unsafe ConnectAddress.unix(path).withSocketAddress { pointer, length in
            unsafe String(decoding: UnsafeRawBufferPointer(start: pointer, count: Int(length)).dropFirst(2), as: UTF8.self)
        }
        #expect(arrived == path + "\0")
    }

    @Test("numeric names are resolved without asking anybody, and keep their port")
    func resolve() throws {
        #expect(try System.resolve(host: "127.0.0.1", port: 8080) == [SocketAddress(parsing: "127.0.0.1:8080")])
        #expect(try System.resolve(host: "::1", port: 1) == [SocketAddress(parsing: "[::1]:1")])
        #expect(System.resolve(host: String(repeating: "a", count: 300), port: 1) == [])
    }

    @Test("a descriptor is closed when its owner goes, and not when it was released")
    func ownership() throws {
        let (closed, released) = (try ConnectionPair.local(), try ConnectionPair.local())
        do {
            _ = Descriptor(owning: closed.near)
            let number = Descriptor(owning: released.near).release()
            #expect(number == released.near)
        }
        #expect(closed.far.receive() == .end)
        #expect(released.far.receive(waits: false) == .nothing)
        System.close(released.near)
    }

    @Test("an error says what was attempted and what the system said")
    func errors() {
        #expect(SystemError("listen on 0.0.0.0:443", code: EACCES).description == "listen on 0.0.0.0:443: Permission denied")
        #expect(System.describe(1_000_000).isEmpty == false)
    }
}
