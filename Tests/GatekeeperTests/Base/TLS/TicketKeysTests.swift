import CTLS
import Synchronization
import Testing

@testable import Gatekeeper

struct TicketKeysTests {
    /// A clock that goes when it is told to.
    private final class Clock: Sendable {
        private let hours = Atomic<Int>(1_000)

        func pass(hours count: Int) { hours.add(count, ordering: .relaxed) }

        var now: Instant { Instant(nanoseconds: 0).advanced(byMilliseconds: hours.load(ordering: .relaxed) * 3_600_000) }
    }

    @Test("a ticket resumes for a day and is renewed on the second; then its key is no more", arguments: [TLSVersion.tls12, .tls13])
    func rotation(version: TLSVersion) async throws {
        let clock = Clock()
        let files = try TestCertificates.shared()
        let keys = try TicketKeys(clock: { clock.now })
        // Two workers' contexts of one process.
        let settings = Settings.TLS(certificatePath: files.certificate, keyPath: files.key)
        let contexts = try (0..<2).map { _ in try TLSContext(settings, library: TestCertificates.makeLibrary(), ticketKeys: keys) }
        try await SmallWorker.run { worker in
            /// Whether `ticket` resumed, and the ticket that came with the connection.
            func connect(
                _ context: TLSContext, _ ticket: TLSPeer.Ticket?, on worker: isolated SmallWorker
            ) async throws -> (isResumed: Bool, ticket: TLSPeer.Ticket) {
                let scene = try TLSScene(worker, context: context) { socket in
                    try TLSPeer(socket, version: version) { session in
                        if let ticket { _ = unsafe SSL_set_session(session, ticket.session) }
                    }
                }
                let failure = await scene.shakeHands()
                try #require(failure == nil)
                _ = scene.client.read()
                defer { scene.socket.close() }
                return (scene.client.isResumed, try #require(scene.client.takeTicket()))
            }
            let first = try await connect(contexts[0], nil, on: worker)
            #expect(!first.isResumed)
            clock.pass(hours: 23)
            let second = try await connect(contexts[1], first.ticket, on: worker)
            #expect(second.isResumed)
            #expect(unsafe SSL_SESSION_is_resumable(second.ticket.session) == 1, "TLS 1.3 tickets serve once, so there is another")
            clock.pass(hours: 2)
            let renewed = try await connect(contexts[0], first.ticket, on: worker)
            #expect(renewed.isResumed, "the key before still opens")
            clock.pass(hours: 24)
            let late = try await connect(contexts[1], first.ticket, on: worker)
            #expect(!late.isResumed, "two days are over")
            #expect(try await connect(contexts[1], renewed.ticket, on: worker).isResumed, "sealed anew by the second key")
            clock.pass(hours: 1_000)
            let idle = try await connect(contexts[0], late.ticket, on: worker)
            #expect(!idle.isResumed, "an idle door's key ends, too")
        }
    }

    @Test("a process begins with a key of its own")
    func random() throws {
        let (one, other) = (try TicketKeys(), try TicketKeys())
        let name: InlineArray<16, UInt8> = .init(repeating: 0)
        #expect(one.opening(name.span) == nil && other.opening(name.span) == nil)
        #expect(one.sealing() === one.sealing())
        #expect(one.sealing() !== other.sealing())
    }
}
