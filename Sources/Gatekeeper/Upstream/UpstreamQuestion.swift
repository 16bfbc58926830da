/// A request of our own: a `GET`, or a `POST` of what somebody is to be told.
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
    /// What is shown as a Bearer token; nil to show none.
    let bearer: String?
    /// Nil for a `GET`.
    let post: Post?

    /// What is sent to be kept.
    package struct Post: Equatable, Sendable {
        /// Beside the length and what every request of ours has: `Content-Type`, and what else belongs to it.
        package var fields: [UpstreamAnswer.Field]
        package var body: [UInt8]

        package init(fields: [UpstreamAnswer.Field], body: [UInt8]) {
            self.fields = fields
            self.body = body
        }
    }

    /// Nil where one of them would end its line, or be read as more than its part of it.
    ///
    /// - Parameter bodyBytesMax: how much of the body is wanted.
    package init?(
        path: String, host: String, publicHost: String? = nil, client: PeerAddress? = nil, bodyBytesMax: Int = 0,
        loopMarker: String = "", bearer: String? = nil, post: Post? = nil
    ) {
        for text in [path, host, publicHost ?? ".", bearer ?? "."]
        where text.isEmpty || text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) {
            return nil
        }
        for field in post?.fields ?? [] where field.value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return nil }
        self.path = path
        self.host = host
        self.publicHost = publicHost
        self.client = client
        self.bodyBytesMax = bodyBytesMax
        self.loopMarker = loopMarker
        self.bearer = bearer
        self.post = post
    }

    /// The host as a server name (SNI); nil for an address.
    var serverName: String? {
        let name = String(host.prefix { $0 != ":" })
        guard !host.hasPrefix("["), (try? PeerAddress(parsing: name)) == nil else { return nil }
        return name.lowercased()
    }

    func write(into buffer: Buffer) {
        buffer.append(post == nil ? "GET " : "POST ")
        buffer.append(path)
        buffer.append(" HTTP/1.1\r\nHost: ")
        buffer.append(host)
        buffer.append(post == nil ? "\r\nUser-Agent: gatekeeper-check\r\n" : "\r\nUser-Agent: gatekeeper\r\n")
        if let publicHost {
            buffer.append("X-Forwarded-Proto: https\r\nX-Forwarded-Host: ")
            buffer.append(publicHost)
            buffer.append("\r\n")
        }
        if let bearer {
            buffer.append("Authorization: Bearer ")
            buffer.append(bearer)
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
        for field in post?.fields ?? [] {
            buffer.append(field.name)
            buffer.append(": ")
            buffer.append(field.value)
            buffer.append("\r\n")
        }
        if let post {
            buffer.append("Content-Length: ")
            buffer.append(decimal: UInt64(post.body.count))
            buffer.append("\r\n")
        }
        buffer.append("Connection: close\r\n\r\n")
        if let post { buffer.append(post.body.span) }
    }
}
