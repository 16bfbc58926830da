import Testing

@testable import Gatekeeper

/// Record buffers that go while a session rests.
struct TLSMemoryTests {
    @Test(
        "a record that is torn at any byte, its header's end above all, is whole though the session rested in between",
        arguments: [TLSVersion.tls12, .tls13])
    func torn(version: TLSVersion) async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker) { try TLSPeer($0, version: version) }
            try #require(await scene.shakeHands() == nil)
            let text = Array("hello".utf8)
            var cut = 0
            var recordBytes = 1
            while cut <= recordBytes {
                scene.client.write(text)
                let record = scene.client.takeUnsent()
                recordBytes = record.count
                _ = scene.client.socket.send(record.prefix(cut)[...], waits: false)
                await scene.turn()
                let first = await scene.readAll()
                #expect(first.last == .wouldBlock && first.bytes == (cut == record.count ? text : []))
                scene.stream.releaseIdleMemory()
                _ = scene.client.socket.send(record.dropFirst(cut), waits: false)
                await scene.turn()
                let second = await scene.readAll()
                #expect(second.last == .wouldBlock && first.bytes + second.bytes == text, "cut behind \(cut) of \(record.count) bytes")
                cut += 1
            }
            #expect(recordBytes > 20)
            scene.socket.close()
        }
    }

    @Test("a large body that ends with more behind it leaves no large buffer to whoever rests")
    func behindBulk() async throws {
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker)
            try #require(await scene.shakeHands() == nil)
            scene.stream.expectBulk(true)
            scene.client.write(Array(repeating: 7, count: 40_000))
            _ = scene.client.socket.send(scene.client.takeUnsent()[...], waits: false)
            await scene.turn()
            let buffer = Buffer(capacity: 1_000)
            #expect(scene.stream.read(into: buffer) == .bytes(1_000))
            #expect(scene.stream.hasPendingBytes)
            scene.stream.expectBulk(false)
            let rest = await scene.readAll()
            #expect(rest.bytes.count == 39_000 && rest.last == .wouldBlock)
            #expect(!scene.stream.hasPendingBytes)
            scene.client.write([1, 2, 3])
            _ = scene.client.socket.send(scene.client.takeUnsent()[...], waits: false)
            await scene.turn()
            #expect(await scene.readAll().bytes == [1, 2, 3])
            scene.socket.close()
        }
    }
}
