import Glibc

/// A client that sends exactly the bytes it is given and tells exactly what came back, over TLS or without.
final class RawClient {
    enum Security {
        case plain
        case tls
        case customTLS(TLSClientContext, TLSClientSession.Ticket? = nil)
    }

    let socket: PlainSocket
    /// Nil over plain TCP.
    let session: TLSClientSession?
    private let reader = MessageReader()

    /// Connects from `source`, sends the `preface` as it is, and, over TLS, shakes hands.
    init(
        port: UInt16, host: String = "127.0.0.1", from source: String? = "127.0.0.2", preface: [UInt8] = [], security: Security = .tls,
        timeoutSeconds: Int = 30, receiveBufferBytes: Int32? = nil
    ) throws {
        socket = try PlainSocket(
            to: SocketName(host, port: port), from: source.map { try SocketName($0, port: 0) },
            timeoutSeconds: timeoutSeconds, receiveBufferBytes: receiveBufferBytes)
        if !preface.isEmpty, let ending = socket.send(preface) { throw Failure("preface: \(ending)") }
        session =
            switch security {
            case .plain: nil
            case .tls: try TLSClientSession(over: socket, context: .shared())
            case .customTLS(let context, let ticket): try TLSClientSession(over: socket, context: context, ticket: ticket)
            }
    }

    convenience init(
        to daemon: Daemon, from source: String? = "127.0.0.2", preface: [UInt8] = [], security: Security = .tls,
        timeoutSeconds: Int = 30, receiveBufferBytes: Int32? = nil
    ) throws {
        try self.init(
            port: daemon.port, from: source, preface: preface, security: security, timeoutSeconds: timeoutSeconds,
            receiveBufferBytes: receiveBufferBytes)
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        if let ending = trySending(bytes) { throw Failure("send: \(ending)") }
    }

    /// Nil if everything was taken.
    func trySending(_ bytes: [UInt8]) -> StreamEnding? {
        if let session { session.send(bytes) } else { socket.send(bytes) }
    }

    /// What the next read brings, no framing understood.
    func receive(max: Int = 64 << 10) -> Received {
        if let session { session.receive(max: max) } else { socket.receive(max: max) }
    }

    /// The next response, final or interim.
    ///
    /// - Parameter method: what it answers: a response to HEAD has no body whatever its fields say.
    func response(to method: String = "GET") throws -> RawMessage {
        try reader.response(to: method) { self.receive() }
    }

    /// Sends one request and returns its final response.
    func exchange(_ request: String) throws -> RawMessage {
        try send(request)
        return try response(to: String(request.prefix { $0 != " " }))
    }

    /// Everything until the stream ends, and how it ended.
    func receiveToEnd() -> (bytes: [UInt8], ending: StreamEnding) {
        var bytes = reader.takeBuffered()
        while true {
            switch receive() {
            case .bytes(let more): bytes += more
            case .ended(let ending): return (bytes, ending)
            }
        }
    }

    /// No more from us: close_notify over TLS, FIN without. Reading goes on.
    func finishSending() {
        if let session { session.finishSending() } else { socket.finishSending() }
    }

    func close() { socket.close() }
    func reset() { socket.reset() }
}
