/// A `GET` of our own.
package struct UpstreamQuestion: Equatable, Sendable {
    /// With a slash at its beginning.
    let path: String
    let host: String
    /// The name that clients are told to use: the fields are sent that a client's request would be forwarded with. Nil for a bare request.
    let publicHost: String?
    /// For whom it is asked, as a request of theirs would be forwarded; nil to say nothing of it.
    let client: PeerAddress?
    let bodyBytesMax: Int
    /// As `LoopMarker`; empty for none.
    let loopMarker: String

    /// Nil where one of them would end its line, or be read as more than its part of it.
    ///
    /// - Parameter bodyBytesMax: how much of the body is wanted.
    package init?(
        path: String, host: String, publicHost: String? = nil, client: PeerAddress? = nil, bodyBytesMax: Int = 0, loopMarker: String = ""
    ) {
        for text in [path, host, publicHost ?? "."] where text.isEmpty || text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) {
            return nil
        }
        self.path = path
        self.host = host
        self.publicHost = publicHost
        self.client = client
        self.bodyBytesMax = bodyBytesMax
        self.loopMarker = loopMarker
    }

    /// The host as a server name (SNI); nil for an address.
    var serverName: String? {
        let name = String(host.prefix { $0 != ":" })
        guard !host.hasPrefix("["), (try? PeerAddress(parsing: name)) == nil else { return nil }
        return name.lowercased()
    }

    func write(into buffer: Buffer) {
        buffer.append("GET ")
        buffer.append(path)
        buffer.append(" HTTP/1.1\r\nHost: ")
        buffer.append(host)
        buffer.append("\r\nUser-Agent: gatekeeper-check\r\n")
        if let publicHost {
            buffer.append("X-Forwarded-Proto: https\r\nX-Forwarded-Host: ")
            buffer.append(publicHost)
            buffer.append("\r\n")
        }
        if let client {
            for name: StaticString in ["X-Forwarded-For: ", "X-Real-IP: "] {
                buffer.append(name)
                client.append(to: buffer)
                buffer.append("\r\n")
            }
        }
        LoopMarker.write(loopMarker.utf8.span, into: buffer)
        buffer.append("Connection: close\r\n\r\n")
    }
}
