import Testing

@testable import Gatekeeper

/// Much of it, either way.
struct TLSVolumeTests {
    @Test("of the protocols on offer http/1.1 is chosen, else http/1.0, and others alone are refused")
    func protocols() async throws {
        try await SmallWorker.run { worker in
            let both = try TLSScene(worker) { try TLSPeer($0, protocols: ["h2", "http/1.1"]) }
            try #require(await both.shakeHands() == nil)
            #expect(both.client.chosenProtocol == "http/1.1")
            both.socket.close()
            let old = try TLSScene(worker) { try TLSPeer($0, protocols: ["h2", "http/1.0"]) }
            try #require(await old.shakeHands() == nil)
            #expect(old.client.chosenProtocol == "http/1.0")
            old.socket.close()
            let neither = try TLSScene(worker) { try TLSPeer($0, protocols: ["h2", "http/0.9"]) }
            let failure = try #require(await neither.shakeHands())
            #expect(failure.reason.contains("application_protocol"))
            neither.socket.close()
            let silent = try TLSScene(worker)
            try #require(await silent.shakeHands() == nil)
            #expect(silent.client.chosenProtocol == nil)
            silent.socket.close()
        }
    }

    @Test("a megabyte for a slow reader waits with the caller: at most one buffer of it lies here", arguments: [TLSVersion.tls12, .tls13])
    func slowReader(version: TLSVersion) async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker) { try TLSPeer($0, version: version) }
            try #require(await scene.shakeHands() == nil)
            let megabyte = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8 ^ $0) }
            let source = Buffer(capacity: megabyte.count)
            source.append(megabyte.span)
            var received: [UInt8] = []
            var stops = 0
            var rounds = 0
            while received.count < megabyte.count {
                let before = source.count
                let outcome = scene.stream.write(source)
                try #require(outcome != .failed)
                #expect(before - source.count <= TLSStream.writeBytesMax)
                if outcome == .done, !source.isEmpty { continue }
                if outcome == .wouldBlock {
                    stops += 1
                    #expect(scene.stream.hasUnsentBytes)
                    let taken = megabyte.count - source.count
                    // With the client lies a part of one record, which it can't open yet.
                    let onTheWay = scene.client.socket.waitingBytes + (16 << 10)
                    #expect(taken - received.count <= onTheWay + TLSStream.writeBytesMax)
                    let left = source.count
                    #expect(scene.stream.write(source) == .wouldBlock)
                    #expect(source.count == left, "nothing is taken while something waits")
                }
                received += scene.client.read(max: 50_000)
                rounds += 1
                try #require(rounds < 1_000)
                await scene.turn()
            }
            #expect(stops > 0, "the socket was never full, so nothing was tested")
            let isWhole = received == megabyte
            #expect(isWhole, "\(received.count) bytes")
            #expect(!scene.stream.hasUnsentBytes)
            scene.socket.close()
        }
    }

    @Test("a client that is too old is refused with a reason")
    func tooOld() async throws {
        let context = try TestCertificates.makeContext(minimumVersion: .tls13)
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker, context: context) { try TLSPeer($0, version: .tls12) }
            let failure = try #require(await scene.shakeHands())
            #expect(failure.reason == "unsupported_protocol")
            scene.socket.close()
        }
    }

    @Test("a megabyte from a client is read whole, in bulk or in small rooms", arguments: [false, true], [100, 16 << 10, 64 << 10])
    func bulk(isExpected: Bool, roomBytes: Int) async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker)
            try #require(await scene.shakeHands() == nil)
            if isExpected { scene.stream.expectBulk(true) }
            let megabyte = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8 ^ $0) }
            scene.client.write(megabyte)
            scene.client.closeNotify()
            var rest = scene.client.takeUnsent()[...]
            var received: [UInt8] = []
            var last = TLSStream.ReadOutcome.wouldBlock
            var rounds = 0
            while last == .wouldBlock {
                rest = rest.dropFirst(scene.client.socket.send(rest.prefix(100_000), waits: false))
                await scene.turn()
                rounds += 1
                try #require(rounds < 1_000)
                let bytes: [UInt8]
                (bytes, last) = await scene.readAll(roomBytes: roomBytes)
                received += bytes
            }
            #expect(last == .closed)
            let isWhole = rest.isEmpty && received == megabyte
            #expect(isWhole, "\(received.count) bytes, \(rest.count) unsent")
            scene.socket.close()
        }
    }
}
