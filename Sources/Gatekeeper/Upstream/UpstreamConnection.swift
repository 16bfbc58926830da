/// One connection to the ticket system, used by one exchange at a time, kept open between them.
final class UpstreamConnection {
    let socket: Socket
    /// Responses that have come in whole over it.
    var exchanges = 0
    /// Since when it lies in the pool.
    var idleSince = Instant(nanoseconds: 0)

    init(_ socket: Socket) {
        self.socket = socket
    }

    /// Whether it has carried an exchange before: then its peer may have closed it while our bytes were on their way.
    var isReused: Bool { exchanges > 0 }

    func close() {
        socket.close()
    }
}
