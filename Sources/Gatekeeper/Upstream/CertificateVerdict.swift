/// What a server has to say of our certificate, or of none, after a handshake that it has finished: in TLS 1.3 it tells only then.
struct CertificateVerdict {
    private let connection: UpstreamConnection
    private let buffers: BufferPool
    private let waiter: Waiter
    private let loop: EventLoop

    /// Who says nothing for so long waits for a request.
    private static let patienceMilliseconds = 500

    init(_ connection: UpstreamConnection, _ buffers: BufferPool, _ waiter: Waiter, _ loop: EventLoop) {
        self.connection = connection
        self.buffers = buffers
        self.waiter = waiter
        self.loop = loop
    }

    /// The log's word for why it ends the connection; nil when it doesn't, or has asked for no certificate.
    func objection() async -> StaticString? {
        guard let tls = connection.tls, tls.version == .tls13, tls.isCertificateAsked else { return nil }
        let buffer = buffers.take()
        defer { buffers.give(buffer) }
        connection.socket.waiter = waiter
        connection.socket.interest = [.readable]
        let deadline = loop.now.advanced(byMilliseconds: Self.patienceMilliseconds)
        while true {
            switch connection.receive(into: buffer) {
            case .bytes: return nil
            case .endOfStream, .failed: return connection.objection?.reason ?? "closed_before_response"
            case .wouldBlock: break
            }
            guard await waiter.wait(until: deadline) == .ready else { return nil }
        }
    }
}
