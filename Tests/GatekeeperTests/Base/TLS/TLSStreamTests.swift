import Glibc
import Testing

@testable import Gatekeeper

struct TLSStreamTests {
    @Test("shakes hands in both versions, and knows which", arguments: [TLSVersion.tls12, .tls13])
    func handshake(version: TLSVersion) async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker) { try TLSPeer($0, version: version) }
            let failure = await scene.shakeHands()
            #expect(failure == nil)
            #expect(scene.stream.version == version)
            #expect(!scene.stream.hasUnsentBytes)
            scene.socket.close()
        }
    }

    @Test("what the client says is read, what is answered arrives", arguments: [TLSVersion.tls12, .tls13])
    func echo(version: TLSVersion) async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker) { try TLSPeer($0, version: version) }
            try #require(await scene.shakeHands() == nil)
            for round in 0..<5 {
                scene.client.write(Array("question \(round)".utf8))
                scene.client.flush()
                await scene.turn()
                let (bytes, last) = await scene.readAll()
                #expect(bytes == Array("question \(round)".utf8))
                #expect(last == .wouldBlock)
                #expect(!scene.socket.isReadable)
                #expect(scene.say(Array("answer \(round)".utf8)) == .done)
                #expect(scene.client.read() == Array("answer \(round)".utf8))
            }
            scene.socket.close()
        }
    }

    @Test("a record torn at every byte is read once it is whole")
    func torn() async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker)
            try #require(await scene.shakeHands() == nil)
            scene.client.write(Array("torn".utf8))
            let record = scene.client.takeUnsent()
            for (index, byte) in record.enumerated() {
                scene.client.socket.send([byte])
                await scene.turn()
                let (bytes, last) = await scene.readAll()
                #expect(bytes == (index == record.count - 1 ? Array("torn".utf8) : []))
                #expect(last == .wouldBlock)
            }
            scene.socket.close()
        }
    }

    @Test("a goodbye that comes in one segment with the last bytes is reported behind them", arguments: [false, true])
    func goodbye(withFIN: Bool) async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker)
            try #require(await scene.shakeHands() == nil)
            scene.client.write(Array("last words".utf8))
            scene.client.closeNotify()
            scene.client.flush()
            if withFIN { scene.client.socket.finishSending() }
            await scene.turn()
            let buffer = Buffer(capacity: 1024)
            #expect(scene.stream.read(into: buffer) == .bytes(10))
            #expect(scene.stream.hasNews, "no event tells of the end any more")
            #expect(scene.stream.read(into: buffer) == .closed)
            #expect(scene.stream.read(into: buffer) == .closed, "an end stays an end")
            #expect(scene.say(Array("answer".utf8)) == .done, "whoever has said all still listens")
            #expect(scene.client.read() == Array("answer".utf8))
            scene.socket.close()
        }
    }

    @Test("a connection cut without goodbye has failed, after what was whole", arguments: [TLSVersion.tls12, .tls13])
    func cut(version: TLSVersion) async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker) { try TLSPeer($0, version: version) }
            try #require(await scene.shakeHands() == nil)
            scene.client.write(Array("whole".utf8))
            scene.client.write(Array("cut".utf8))
            scene.client.socket.send(scene.client.takeUnsent().dropLast(3))
            scene.client.socket.finishSending()
            await scene.turn()
            let (bytes, last) = await scene.readAll()
            #expect(bytes == Array("whole".utf8))
            #expect(last == .failed)
            #expect(scene.say(Array("answer".utf8)) == .failed)
            scene.socket.close()
        }
    }

    @Test("a record that somebody has changed ends the session")
    func changedRecord() async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker)
            try #require(await scene.shakeHands() == nil)
            scene.client.write(Array("secret".utf8))
            var record = scene.client.takeUnsent()
            record[record.count - 1] ^= 1
            scene.client.socket.send(record)
            await scene.turn()
            let (bytes, last) = await scene.readAll()
            #expect(bytes.isEmpty)
            #expect(last == .failed)
            #expect(TLSErrorQueue.drainFirst() == nil, "nothing is left for the next session")
            scene.socket.close()
        }
    }

    @Test(
        "whoever speaks HTTP in clear is told apart from whoever speaks something else",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "plain_http"),
            ("CONNECT a:443 HTTP/1.1\r\n\r\n", "plain_http"),
            ("SSH-2.0-OpenSSH_9.2\r\n", "wrong_version_number"), ("EHLO mail.example\r\n", "wrong_version_number"),
        ])
    func plainHTTP(text: String, reason: String) async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker)
            scene.client.socket.send(text.utf8)
            await scene.turn()
            let failure = scene.stream.handshake().failure
            #expect(failure == TLSFailure(reason: reason))
            scene.socket.close()
        }
    }

    @Test("whatever a peer sends instead of a handshake is a failure with a word for the log")
    func garbage() async throws {
        let seed = UInt64.random(in: .min ... .max)
        try await SmallWorker.run { worker in
            var random = SeededGenerator(seed: seed)
            for round in 0..<200 {
                let scene = try TLSScene(worker)
                var bytes = (0..<Int.random(in: 1..<300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
                // Every other one looks like a handshake record at first.
                if round % 2 == 0 { bytes = [22, 3, 1, 0, UInt8(min(255, bytes.count))] + bytes }
                scene.client.socket.send(bytes)
                scene.client.socket.finishSending()
                await scene.turn()
                let failure = scene.stream.handshake().failure
                let reason = failure?.reason ?? ""
                #expect(!reason.isEmpty && !reason.contains(" "), "seed \(seed), round \(round): \(reason)")
                scene.socket.close()
            }
        }
    }

    @Test("a peer that says nothing, or leaves, costs a word")
    func leaves() async throws {
        try await SmallWorker.run { worker in
            let silent = try TLSScene(worker)
            guard case .wouldBlock = silent.stream.handshake() else {
                Issue.record("nothing has been said")
                return
            }
            silent.client.socket.finishSending()
            await silent.turn()
            #expect(silent.stream.handshake().failure == .closed)
            silent.socket.close()
        }
    }

    @Test("a peer that resets in the middle of the handshake is told from one that leaves")
    func resets() async throws {
        try await SmallWorker.run { worker in
            let pair = try ConnectionPair.tcp()
            let socket = try Socket(Descriptor(owning: pair.near), on: worker.loop)
            let stream = try #require(try TLSStream(socket, context: TestCertificates.sharedContext(), pool: BufferPool()))
            let waiter = Waiter(on: worker.loop)
            socket.waiter = waiter
            socket.interest = [.broken]
            pair.far.reset()
            while !socket.isBroken {
                let wake = await waiter.wait(until: worker.patience)
                try #require(wake == .ready)
            }
            #expect(stream.handshake().failure == .reset)
            socket.close()
        }
    }

    @Test("the alert of a client that doesn't trust us is known by its number")
    func clientAlert() async throws {
        try await SmallWorker.run { worker in
            for version in [TLSVersion.tls12, .tls13] {
                let scene = try TLSScene(worker) { try TLSPeer($0, version: version, verifies: true) }
                let failure = try #require(await scene.shakeHands())
                // unknown_ca, RFC 8446 §6.2
                #expect(failure.alert == 48)
                #expect(!failure.reason.contains(" "))
                scene.socket.close()
            }
        }
    }

    @Test("a client that asks for new keys is followed")
    func keyUpdate() async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker) { try TLSPeer($0, version: .tls13) }
            try #require(await scene.shakeHands() == nil)
            _ = scene.client.read()
            #expect(scene.say([7]) == .done)
            let plainBytes = scene.client.socket.waitingBytes
            #expect(scene.client.read() == [7])
            for round in 0..<3 {
                scene.client.updateKeys()
                scene.client.write([UInt8(round)])
                scene.client.flush()
                await scene.turn()
                let (bytes, last) = await scene.readAll()
                #expect(bytes == [UInt8(round)])
                #expect(last == .wouldBlock)
                #expect(scene.say([7]) == .done)
                #expect(scene.client.socket.waitingBytes > plainBytes, "new keys for the way back are told before it")
                #expect(scene.client.read() == [7])
            }
            scene.socket.close()
        }
    }

    @Test("an idle session holds no buffer")
    func idle() async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker)
            let only = scene.pool.take()
            scene.pool.give(only)
            try #require(await scene.shakeHands() == nil)
            scene.client.write([1, 2, 3])
            scene.client.flush()
            await scene.turn()
            _ = await scene.readAll()
            #expect(scene.say([4]) == .done)
            // Had the session taken a second buffer, it would have come back last and go out first; had it kept this one, it would be missing.
            #expect(scene.pool.take() === only)
            scene.socket.close()
        }
    }

    /// In a process of its own: what is freed too early may be noticed by nobody, or end the process.
    @Test("a session goes on when the snapshot that it was made from is gone")
    func outlivesContext() async {
        await #expect(processExitsWith: .success) {
            try await SmallWorker.run { worker in
                for _ in 0..<20 {
                    let scene = try TLSScene(worker, context: TestCertificates.makeContext(library: TLSLibrary()))
                    guard await scene.shakeHands() == nil, scene.say([1]) == .done, scene.client.read() == [1] else { exit(1) }
                    scene.socket.close()
                }
            }
        }
    }

    @Test("our goodbye reaches the client, and only once there is a session to end")
    func saysGoodbye() async throws {
        try await SmallWorker.run { worker in
            let early = try TLSScene(worker)
            early.stream.sendCloseNotify()
            #expect(early.client.socket.receive(waits: false) == .nothing)
            early.socket.close()
            let scene = try TLSScene(worker)
            try #require(await scene.shakeHands() == nil)
            scene.stream.sendCloseNotify()
            scene.socket.close()
            _ = scene.client.read()
            #expect(scene.client.hasReceivedCloseNotify)
        }
    }
}

extension TLSStream.HandshakeStep {
    fileprivate var failure: TLSFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}
