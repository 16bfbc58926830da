import CTLS
import Testing

@testable import Gatekeeper

/// Handshakes in which a client has much to say: more than one look at the socket takes.
struct TLSFlightTests {
    @Test("early data that is refused is passed over, up to what a session may allow (RFC 8446 §4.2.10)", arguments: [1, 4_096, 16_384])
    func rejectedEarlyData(count: Int) async throws {
        let ticket = try EarlyTicket()
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker) { socket in
                try TLSPeer(socket, version: .tls13) { session in _ = unsafe SSL_set_session(session, ticket.session) }
            }
            let early = [UInt8](repeating: 0x65, count: count)
            #expect(scene.client.writeEarly(early) == count)
            let failure = await scene.shakeHands()
            #expect(failure == nil)
            scene.client.write([1, 2, 3])
            scene.client.flush()
            await scene.turn()
            let (bytes, last) = await scene.readAll()
            #expect(bytes == [1, 2, 3], "nothing of the early data is taken for a request")
            #expect(last == .wouldBlock)
            scene.socket.close()
        }
    }

    @Test("a ClientHello of several records is a ClientHello", arguments: [TLSVersion.tls12, .tls13])
    func longHello(version: TLSVersion) async throws {
        let protocols = (0..<300).map { number in String(repeating: "p", count: 96) + "\(number)" } + ["http/1.1"]
        try await SmallWorker.run { worker in
            let scene = try TLSScene(worker) { try TLSPeer($0, version: version, protocols: protocols) }
            let failure = await scene.shakeHands()
            #expect(failure == nil)
            #expect(scene.client.chosenProtocol == "http/1.1")
            scene.socket.close()
        }
    }

    @Test("a client's certificate with a long chain is read whole every time", arguments: [TLSVersion.tls12, .tls13])
    func longChain(version: TLSVersion) async throws {
        let files = try TestCertificates.shared()
        let context = try TestCertificates.makeContext()
        try context.demandCertificate(of: ClientAuthorities(path: files.certificate))
        try await SmallWorker.run { worker in
            for _ in 0..<20 {
                let scene = try TLSScene(worker, context: context) { socket in
                    try TLSPeer(socket, version: version) { session in
                        unsafe SSL_use_certificate_file(session, files.certificate, SSL_FILETYPE_PEM)
                        unsafe SSL_use_PrivateKey_file(session, files.key, SSL_FILETYPE_PEM)
                        guard let leaf = unsafe SSL_get_certificate(session) else { return }
                        // Some 40 kB, below what OpenSSL takes of a chain.
                        for _ in 0..<100 { unsafe SSL_ctrl(session, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer(leaf)) }
                    }
                }
                let failure = await scene.shakeHands()
                #expect(failure == nil)
                scene.socket.close()
            }
        }
    }

    @Test("whoever has sent more than one look takes is looked at again without another word of it")
    func comesBack() async throws {
        try await SmallWorker.run { worker in
            let pair = try ConnectionPair.local()
            let socket = try Socket(Descriptor(owning: pair.near), on: worker.loop, readiness: [.readable, .writable])
            let stream = try #require(try TLSStream(socket, context: TestCertificates.sharedContext(), pool: BufferPool()))
            let waiter = Waiter(on: worker.loop)
            socket.waiter = waiter
            // Handshake records that never end: the beginning of a ClientHello, in pieces that each take a look of their own.
            let hello: [UInt8] = [22, 3, 1, 0x40, 0, 1, 1, 0xff, 0xf0] + [UInt8](repeating: 0, count: 16_380)
            let next: [UInt8] = [22, 3, 1, 0x40, 0] + [UInt8](repeating: 0, count: 16_384)
            pair.far.send(hello + Array([next, next, next, next, next].joined()))
            var looks = 0
            while looks < 100 {
                guard case .wouldBlock = stream.handshake() else { break }
                looks += 1
                guard socket.isReadable else { break }
                let wake = await waiter.wait(until: worker.patience)
                try #require(wake == .ready)
            }
            #expect(!socket.isReadable, "everything that was there has been looked at")
            socket.close()
        }
    }
}

/// A session of some other server, which allows early data.
@safe private final class EarlyTicket: @unchecked Sendable {
    let session: OpaquePointer

    /// SAFETY: everything is made, used and freed here but the session, which is freed in `deinit`.
    init() throws {
        let files = try TestCertificates.shared()
        guard let server = unsafe SSL_CTX_new(TLS_server_method()), let client = unsafe SSL_CTX_new(TLS_client_method()),
            let near = unsafe SSL_new(server), let far = unsafe SSL_new(client), let up = unsafe BIO_new(BIO_s_mem()),
            let down = unsafe BIO_new(BIO_s_mem())
        else { throw TLSSetupError("no TLS server") }
        unsafe SSL_use_certificate_file(near, files.certificate, SSL_FILETYPE_PEM)
        unsafe SSL_use_PrivateKey_file(near, files.key, SSL_FILETYPE_PEM)
        unsafe SSL_set_max_early_data(near, 16_384)
        unsafe SSL_set_accept_state(near)
        unsafe SSL_set_connect_state(far)
        unsafe BIO_up_ref(up)
        unsafe BIO_up_ref(down)
        unsafe SSL_set_bio(near, up, down)
        unsafe SSL_set_bio(far, down, up)
        for _ in 0..<4 {
            unsafe SSL_do_handshake(far)
            unsafe SSL_do_handshake(near)
        }
        var byte: UInt8 = 0
        unsafe SSL_read(far, &byte, 1)
        ERR_clear_error()
        guard let session = unsafe SSL_get1_session(far) else { throw TLSSetupError("no session") }
        unsafe self.session = session
        unsafe SSL_set_shutdown(far, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(far)
        unsafe SSL_free(near)
        unsafe SSL_CTX_free(client)
        unsafe SSL_CTX_free(server)
    }

    deinit {
        unsafe SSL_SESSION_free(session)
    }
}
