import Glibc

/// One connection at the scripted upstream; used by its own thread only, but for `abort`.
///
/// `@unchecked`: the reader belongs to the script's thread; the socket may be shut down from any.
final class ScriptedConnection: @unchecked Sendable {
    /// 1 for the upstream's first.
    let number: Int
    let socket: PlainSocket
    /// Nil in clear.
    let session: TLSServer.Session?
    /// Sees every byte as it came, before anybody understands it.
    var tap: (([UInt8]) -> Void)?
    private let reader = MessageReader()
    private let keep: @Sendable (RawMessage) -> Void

    init(number: Int, _ socket: PlainSocket, _ session: TLSServer.Session? = nil, keep: @escaping @Sendable (RawMessage) -> Void) {
        self.number = number
        self.socket = socket
        self.session = session
        self.keep = keep
        socket.setTimeout(milliseconds: 120_000)
    }

    /// The header of the PROXY protocol, version 2, that it begins with: the IPv4 address of its client, or nil if it says LOCAL.
    func introduction() throws -> String? {
        var header: [UInt8] = []
        let collect: (ArraySlice<UInt8>) -> Void = { header += $0 }
        try reader.exactly(16, from: { self.receive() }, collect)
        guard header.starts(with: ProxyPreface.signature) else { throw Failure("no PROXY header") }
        try reader.exactly(Int(header[14]) << 8 | Int(header[15]), from: { self.receive() }, collect)
        return header[12] == 0x21 && header[13] == 0x11 ? header[16..<20].map(String.init).joined(separator: ".") : nil
    }

    /// The next request's head, or nil if the proxy closed instead. `body` is empty.
    func head() throws -> RawMessage? {
        try reader.head { self.receive() }.map { RawMessage(head: $0) }
    }

    /// The next request with its body, kept for the test; nil if the proxy closed instead.
    func request() throws -> RawMessage? {
        guard let head = try head() else { return nil }
        return try body(of: head)
    }

    /// Reads the body that belongs to `head` and keeps the request for the test.
    ///
    /// - Parameter take: sees each piece as it arrives.
    @discardableResult
    func body(of head: RawMessage, _ take: (ArraySlice<UInt8>) throws -> Void = { _ in }) throws -> RawMessage {
        var request = head
        var body: [UInt8] = []
        var count = 0
        let collect: (ArraySlice<UInt8>) throws -> Void = { piece in
            count += piece.count
            if body.count < 1 << 20 { body += piece }
            try take(piece)
        }
        if head["transfer-encoding"]?.lowercased() == "chunked" {
            try reader.chunked(&request, from: { self.receive() }, collect)
        } else if let length = head["content-length"].flatMap({ Int($0) }) {
            try reader.exactly(length, from: { self.receive() }, collect)
        }
        request.body = body
        request.bodyCount = count
        request.connection = number
        keep(request)
        return request
    }

    /// For scripts that never read a whole request.
    func keepWithoutBody(_ head: RawMessage) { keep(head) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        if let ending = session?.send(bytes) ?? (session == nil ? socket.send(bytes) : nil) { throw Failure("upstream send: \(ending)") }
    }

    func respond(_ status: String = "200 OK", fields: [String] = [], body: String = "") throws {
        let lines = ["HTTP/1.1 \(status)"] + fields + ["Content-Length: \(body.utf8.count)", "", body]
        try send(lines.joined(separator: "\r\n"))
    }

    /// Sends what is taken within the socket's timeout; 0 when that is nothing.
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int { try socket.sendSome(bytes) }

    /// Blocks until the proxy closes or sends what isn't asked for.
    @discardableResult
    func receive() -> Received {
        let received = session?.receive() ?? socket.receive()
        if case .bytes(let bytes) = received { tap?(bytes) }
        return received
    }

    /// Takes what has come and waits for the end of the connection.
    func drain() {
        socket.finishSending()
        while case .bytes = receive() {}
    }

    /// What has been read of the stream, and not been understood yet, was nothing.
    func forgetWhatCame() { _ = reader.takeBuffered() }

    /// FIN after what was sent, over TLS with close_notify before it, then closed.
    func finish() {
        session?.finishSending()
        socket.finishSending()
        socket.close()
    }

    func reset() { socket.reset() }

    /// Ends the connection under the script, from another thread.
    func abort() {
        socket.abort()
    }
}
