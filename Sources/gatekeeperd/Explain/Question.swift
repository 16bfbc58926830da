internal import Gatekeeper

/// What an admin asks `explain`: about an address, and about a request from there.
struct Question: Equatable, Sendable {
    var peer: PeerAddress
    var request: Request?

    /// A request as a client makes it from a method and a URL (RFC 9112 §3.2.1).
    struct Request: Equatable, Sendable {
        var method: String
        /// Path and query as they were given; nothing is put right.
        var target: String
        /// Host and port as the URL names them; nil for a bare path.
        var authority: String?
        var asksForWebSocket = false
    }

    init(address: String, method: String? = nil, url: String? = nil) throws(ValueMistake) {
        do throws(AddressSyntaxError) {
            peer = try PeerAddress(parsing: address)
        } catch {
            throw ValueMistake(in: address, error.description)
        }
        guard !peer.isLinkLocal || peer.zone != 0 else {
            throw ValueMistake("\(address) is link-local: say by which interface it comes, as in \(address)%eth0")
        }
        guard let method else { return }
        guard let url, !url.isEmpty else { throw ValueMistake("a method needs a URL behind it, as GET https://tickets.example/") }
        // The one thing that no client sends: these would end the request line.
        for text in [method, url] where text.isEmpty || text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) {
            throw ValueMistake("\(Quantity.quoted(text)) is empty, or holds a space or a control character")
        }
        request = Request(method: method, url: url)
    }
}

extension Question.Request {
    init(method: String, url: String) {
        self.method = method
        guard let mark = url.firstRange(of: "://"), let scheme = Scheme(rawValue: url[..<mark.lowerBound].lowercased()) else {
            target = url
            return
        }
        asksForWebSocket = scheme == .ws || scheme == .wss
        let rest = url[mark.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        authority = String(rest[..<end])
        let path = rest[end...]
        target = path.hasPrefix("/") ? String(path) : "/\(path)"
    }

    private enum Scheme: String {
        case http, https, ws, wss
    }

    /// What is asked for in the handshake (RFC 6066 §3): the host, unless it is an address.
    func serverName(defaultHost: String) -> String? {
        let authority = authority ?? defaultHost
        guard !authority.hasPrefix("[") else { return nil }
        let host = String(authority.prefix { $0 != ":" })
        return (try? PeerAddress(parsing: host)) == nil ? host : nil
    }

    /// The head that a plain client sends: no field but those that must be there.
    func head(defaultHost: String) -> [UInt8] {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: \(authority ?? defaultHost)"]
        if asksForWebSocket {
            lines += [
                "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            ]
        }
        return Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    }
}
