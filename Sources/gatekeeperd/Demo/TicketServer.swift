internal import Gatekeeper
internal import Synchronization

/// Serves the demo's ticket API on a loopback port of its own: a thread for each connection, a limited number of them.
final class TicketServer: Sendable {
    /// More than the gate's workers keep open together.
    static let connectionsMax = 64
    /// Longer than the gate keeps an idle connection, so that the gate is the one to close it.
    private static let receiveSeconds = 120
    private static let sendSeconds = 30

    private let listener: LoopbackListener
    private let api = TicketAPI()
    private let connections = Mutex(0)

    var port: UInt16 { listener.port }

    /// Listens and starts to serve; ends with the process.
    static func start() throws(SystemError) -> TicketServer {
        let server = TicketServer(listener: try LoopbackListener())
        try Thread(name: "ticket-api") { server.acceptAll() }.detach()
        return server
    }

    private init(listener: consuming LoopbackListener) {
        self.listener = listener
    }

    private func acceptAll() {
        while true {
            guard let socket = listener.accept() else { continue }
            socket.setTimeouts(receiveSeconds: Self.receiveSeconds, sendSeconds: Self.sendSeconds)
            let isAdmitted = connections.withLock { count in
                guard count < Self.connectionsMax else { return false }
                count += 1
                return true
            }
            guard isAdmitted else {
                _ = socket.send(TicketResponse.problem(503, "Too many connections.").encoded(toHead: false, closes: true))
                continue
            }
            serveOnThread(socket)
        }
    }

    private func serveOnThread(_ socket: consuming StreamSocket) {
        let connection = Connection(socket)
        do {
            let thread = try Thread(name: "ticket-api") { [self] in
                connection.serve(api)
                connections.withLock { $0 -= 1 }
            }
            thread.detach()
        } catch {
            connections.withLock { $0 -= 1 }
        }
    }

    /// One connection, which belongs to its thread.
    private final class Connection: Sendable {
        private let socket: StreamSocket

        init(_ socket: consuming StreamSocket) {
            self.socket = socket
        }

        func serve(_ api: TicketAPI) {
            var reader = TicketRequestReader()
            while true {
                switch reader.next() {
                case .needsMore:
                    let bytes = socket.receive(bytesMax: 64 << 10)
                    guard !bytes.isEmpty else { return }
                    reader.feed(bytes)
                case .expectsContinue:
                    guard socket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return }
                case .request(let request):
                    let answer = api.answer(request).encoded(toHead: request.method == "HEAD", closes: !request.isKeepAlive)
                    guard socket.send(answer), request.isKeepAlive else { return }
                case .refused(let status, let detail):
                    _ = socket.send(TicketResponse.problem(status, detail).encoded(toHead: false, closes: true))
                    return
                }
            }
        }
    }
}
