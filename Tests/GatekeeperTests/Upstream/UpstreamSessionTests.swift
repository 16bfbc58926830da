import Glibc
import Testing

@testable import Gatekeeper

@Suite("Resuming a session with the ticket system")
struct UpstreamSessionTests {
    /// Our side and the ticket system's, on one worker.
    private final class Scene {
        let tls: UpstreamTLS
        private let server: TLSContext
        private let pool = BufferPool()
        private let waiter: Waiter
        private let loop: EventLoop
        private var sockets: [Socket] = []

        init(_ worker: isolated SmallWorker, _ settings: Settings.Upstream.TLS, version: TLSVersion) throws {
            let files = try TestCertificates.shared()
            var serving = Settings.TLS(certificatePath: files.named, keyPath: files.namedKey)
            serving.minimumVersion = version
            server = try TestCertificates.makeContext(serving)
            tls = UpstreamTLS(settings, context: try TestCertificates.makeClientContext(settings))
            loop = worker.loop
            waiter = Waiter(on: worker.loop)
        }

        /// A connection over which the server has said something; nil if the handshake failed. The failure is told to whoever asks.
        func connect(at wallSeconds: Int64) async throws -> TLSStream? {
            var ends: [Int32] = [0, 0]
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            try #require(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
            let near = try Socket(Descriptor(owning: ends[0]), on: loop)
            let far = try Socket(Descriptor(owning: ends[1]), on: loop)
            sockets += [near, far]
            let client = try #require(tls.begin(over: near, pool: pool, wallSeconds: wallSeconds))
            let stream = try #require(TLSStream(far, context: server, pool: pool))
            var done = (client: false, server: false)
            for _ in 0..<20 where !(done.client && done.server) {
                if !done.client {
                    switch client.handshake() {
                    case .done: done.client = true
                    case .failed: return nil
                    case .wouldBlock: break
                    }
                }
                await waiter.yield()
                if !done.server, case .done = stream.handshake() { done.server = true }
                await waiter.yield()
            }
            let said = Buffer(capacity: 8)
            said.append("hello")
            _ = stream.write(said)
            await waiter.yield()
            _ = client.read(into: Buffer(capacity: 64 << 10))
            return client
        }

        func close() {
            for socket in sockets { socket.close() }
        }
    }

    private static func settings() throws -> Settings.Upstream.TLS {
        var settings = Settings.Upstream.TLS(peer: .name("localhost"))
        settings.authorityPath = try TestCertificates.shared().named
        return settings
    }

    @Test("a session is resumed within an hour, and then the certificate is looked at again", arguments: [TLSVersion.tls12, .tls13])
    func anHour(version: TLSVersion) async throws {
        try await SmallWorker.run { worker in
            let scene = try Scene(worker, Self.settings(), version: version)
            let now = System.wallMilliseconds() / 1000
            let first = try #require(try await scene.connect(at: now))
            #expect(first.resumedVerification == nil)
            scene.tls.remember(first, wallSeconds: now)
            let second = try #require(try await scene.connect(at: now + 1800))
            #expect(second.resumedVerification == now..<now + 3600)
            // What a resumed session is resumed by is no fresher than the handshake that it stems from.
            scene.tls.remember(second, wallSeconds: now + 1800)
            #expect(try await scene.connect(at: now + 3599)?.resumedVerification == now..<now + 3600)
            #expect(try await scene.connect(at: now + 3600)?.resumedVerification == nil)
            #expect(try await scene.connect(at: now)?.resumedVerification == nil)
            scene.close()
        }
    }

    @Test("nor is it resumed when a certificate by which it was trusted has ended")
    func certificateEnded() async throws {
        let end = try CertificateChain(path: TestCertificates.shared().named).leaf.endsAtUnixSeconds
        try await SmallWorker.run { worker in
            let scene = try Scene(worker, Self.settings(), version: .tls13)
            let first = try #require(try await scene.connect(at: end - 10))
            scene.tls.remember(first, wallSeconds: end - 10)
            #expect(try await scene.connect(at: end - 1)?.resumedVerification != nil)
            #expect(try await scene.connect(at: end)?.resumedVerification == nil)
            scene.close()
        }
    }

    @Test("a certificate with its name in the subject alone is for nobody")
    func commonName() async throws {
        try await SmallWorker.run { worker in
            var settings = try Self.settings()
            settings.peer = .name("named")
            let scene = try Scene(worker, settings, version: .tls13)
            #expect(try await scene.connect(at: System.wallMilliseconds() / 1000) == nil)
            scene.close()
        }
    }
}
