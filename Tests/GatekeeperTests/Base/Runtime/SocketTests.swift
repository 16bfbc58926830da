import Glibc
import Testing

@testable import Gatekeeper

struct SocketTests {
    /// One socket under test on a worker's loop, its peer, and the place to wait for it.
    private struct Scene {
        let socket: Socket
        let far: PeerSocket
        let waiter: Waiter
        let buffer = Buffer(capacity: 8)

        init(_ pair: ConnectionPair, on loop: EventLoop) throws {
            far = pair.far
            waiter = Waiter(on: loop)
            socket = try Socket(Descriptor(owning: pair.near), on: loop)
            socket.waiter = waiter
        }

        /// Until the kernel has reported one of `readiness` anew.
        func wait(for readiness: Readiness, _ worker: isolated SmallWorker) async throws {
            socket.interest = readiness
            let wake = await waiter.wait(until: worker.patience)
            try #require(wake == .ready)
        }
    }

    @Test("a short read says that the socket is drained, and the next bytes set it readable again")
    func shortRead() async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(.tcp(), on: worker.loop)
            #expect(scene.socket.receive(into: scene.buffer) == .wouldBlock, "nothing has been reported yet")
            scene.far.send("abc".utf8)
            try await scene.wait(for: [.readable], worker)
            #expect(scene.socket.receive(into: scene.buffer) == .bytes(3))
            #expect(!scene.socket.isReadable)
            scene.far.send("de".utf8)
            try await scene.wait(for: [.readable], worker)
            #expect(scene.socket.receive(into: scene.buffer) == .bytes(2))
            #expect(scene.buffer.count == 5)
            scene.socket.close()
        }
    }

    @Test("a read that fills the room leaves the socket readable, and only an empty kernel ends that")
    func fullRead() async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(.local(), on: worker.loop)
            scene.far.send("0123456789abcdef".utf8)
            try await scene.wait(for: [.readable], worker)
            #expect(scene.socket.receive(into: scene.buffer) == .bytes(8))
            #expect(scene.socket.isReadable)
            scene.buffer.clear()
            #expect(scene.socket.receive(into: scene.buffer) == .bytes(8))
            #expect(scene.socket.isReadable, "the room was filled again, so more may be there")
            scene.buffer.clear()
            #expect(scene.socket.receive(into: scene.buffer) == .wouldBlock)
            #expect(!scene.socket.isReadable)
            scene.socket.close()
        }
    }

    @Test("to whoever reads behind a reset that a send was told of there is no orderly end")
    func toldReset() async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(.tcp(), on: worker.loop)
            scene.far.reset()
            while !scene.socket.isBroken { try await scene.wait(for: [.broken], worker) }
            scene.buffer.append("x")
            #expect(scene.socket.send(scene.buffer) == .failed(ECONNRESET))
            scene.buffer.clear()
            #expect(scene.socket.receive(into: scene.buffer) == .failed(ECONNRESET), "the kernel says each error once")
            scene.socket.close()
        }
    }

    @Test("once the peer's FIN is known a short read leaves the socket readable until the end has been read", arguments: [false, true])
    func finAfterBytes(overTCP: Bool) async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(overTCP ? .tcp() : .local(), on: worker.loop)
            scene.far.send("abc".utf8)
            scene.far.finishSending()
            while !scene.socket.peerClosed { try await scene.wait(for: [.readable], worker) }
            #expect(scene.socket.receive(into: scene.buffer) == .bytes(3))
            #expect(scene.socket.isReadable)
            #expect(scene.socket.receive(into: scene.buffer) == .endOfStream)
            #expect(scene.socket.receive(into: scene.buffer) == .endOfStream, "an end stays an end")
            #expect(!scene.socket.isBroken, "the other direction is open")
            scene.buffer.clear()
            scene.buffer.append("answer")
            #expect(scene.socket.send(scene.buffer) == .bytes(6))
            #expect(scene.far.receive() == .bytes(Array("answer".utf8)))
            scene.socket.close()
        }
    }

    @Test("the kernel is asked for unread input, which stays unread")
    func unreadInput() async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(.local(), on: worker.loop)
            #expect(!scene.socket.hasUnreadInput())
            // The loop hasn't turned, so epoll has said nothing about this.
            scene.far.send("a".utf8)
            #expect(!scene.socket.isReadable)
            #expect(scene.socket.hasUnreadInput())
            #expect(scene.socket.hasUnreadInput())
            try await scene.wait(for: [.readable], worker)
            #expect(scene.socket.receive(into: scene.buffer) == .bytes(1))
            #expect(!scene.socket.hasUnreadInput())
            scene.far.finishSending()
            #expect(scene.socket.hasUnreadInput(), "an end counts as input")
            scene.socket.close()
        }
    }

    @Test("a reset is an error to the peer, a close an orderly end")
    func resetOrClose() async throws {
        try await SmallWorker.run { worker in
            let reset = try Scene(.tcp(), on: worker.loop)
            reset.socket.reset()
            reset.socket.reset()
            #expect(reset.far.receive() == .failed(ECONNRESET))
            let closed = try Scene(.tcp(), on: worker.loop)
            closed.socket.close()
            closed.socket.reset()
            #expect(closed.far.receive() == .end)
        }
    }

    @Test("the peer's reset is reported as broken, and reading says so")
    func peerResets() async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(.tcp(), on: worker.loop)
            scene.far.reset()
            while !scene.socket.isBroken { try await scene.wait(for: [.broken], worker) }
            #expect(scene.socket.peerClosed && scene.socket.isReadable && scene.socket.isWritable)
            #expect(scene.socket.receive(into: scene.buffer) == .failed(ECONNRESET))
            scene.buffer.append("late")
            guard case .failed = scene.socket.send(scene.buffer) else {
                Issue.record("a write into a broken connection")
                return
            }
            #expect(scene.buffer.count == 4, "nothing was taken")
            scene.socket.close()
        }
    }

    @Test("a full socket takes a part, isn't tried again, and is reported writable when the peer has read")
    func backpressure() async throws {
        try await SmallWorker.run { worker in
            let pair = try ConnectionPair.local()
            System.set(pair.near, level: SOL_SOCKET, option: SO_SNDBUF, to: 8 << 10)
            let scene = try Scene(pair, on: worker.loop)
            let megabyte = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8 ^ $0) }
            let source = Buffer(capacity: megabyte.count)
            source.append(megabyte.span)
            var received: [UInt8] = []
            var stops = 0
            while !source.isEmpty {
                switch scene.socket.send(source) {
                case .bytes: continue
                case .wouldBlock:
                    #expect(!scene.socket.isWritable)
                    stops += 1
                    while case .bytes(let bytes) = scene.far.receive(waits: false) { received += bytes }
                    try await scene.wait(for: [.writable], worker)
                case .endOfStream, .failed:
                    Issue.record("the connection is whole")
                    return
                }
            }
            scene.socket.close()
            while case .bytes(let bytes) = scene.far.receive() { received += bytes }
            #expect(stops > 0)
            let isWhole = received == megabyte
            #expect(isWhole, "\(received.count) bytes")
        }
    }

    @Test("a limit bounds what one call sends")
    func limit() async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(.local(), on: worker.loop)
            scene.buffer.append("abcdefgh")
            #expect(scene.socket.send(scene.buffer, limit: 3) == .bytes(3))
            #expect(scene.socket.isWritable, "all that was offered went")
            #expect(scene.buffer.count == 5)
            #expect(scene.far.receive() == .bytes(Array("abc".utf8)))
            scene.socket.close()
        }
    }

    @Test("only what a task is interested in wakes it")
    func interest() async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(.local(), on: worker.loop)
            scene.socket.interest = [.peerClosed]
            scene.far.send("a".utf8)
            let wake = await scene.waiter.wait(until: worker.loop.now.advanced(byMilliseconds: 1))
            #expect(wake == .deadlineExceeded)
            #expect(scene.socket.isReadable, "noted all the same")
            scene.far.finishSending()
            let second = await scene.waiter.wait(until: worker.patience)
            #expect(second == .ready)
            scene.socket.close()
        }
    }

    @Test("a descriptor that can't be registered is closed")
    func registrationFails() async throws {
        try await SmallWorker.run { worker in
            let pair = try ConnectionPair.local()
            _ = try Socket(Descriptor(owning: pair.near), on: worker.loop)
            #expect(throws: SystemError.self) { _ = try Socket(Descriptor(owning: pair.near), on: worker.loop) }
            #expect(pair.far.receive() == .end)
        }
    }
}
