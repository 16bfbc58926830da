internal import Gatekeeper

/// Where the ticket system listens, as an admin writes it: `http://10.0.0.5:8080`, `https://tickets.internal` or
/// `unix:/run/app.sock`.
struct UpstreamURL: Equatable, Sendable {
    var endpoint: Settings.Upstream.Endpoint
    var text: String
    /// Over TLS, whom the certificate must be for.
    var tlsPeer: Settings.Upstream.TLS.Peer?

    /// Room in `sockaddr_un`, less the NUL at the end.
    private static let socketPathBytesMax = 107
    private static let hostBytesMax = 253

    /// A relative socket path is completed with `directory`.
    init(_ text: String, directory: String) throws(ValueMistake) {
        self.text = text
        if let path = text.strip(prefix: "unix:") {
            let path = FilePath.complete(path, directory: directory)
            guard path.hasPrefix("/") || !path.isEmpty else {
                throw ValueMistake("the path of the socket is missing, as unix:/run/app.sock")
            }
            guard path.utf8.count <= Self.socketPathBytesMax else {
                throw ValueMistake("the path of a socket can't be longer than \(Self.socketPathBytesMax) bytes")
            }
            endpoint = .unix(path)
        } else if let rest = text.strip(prefix: "http://") {
            endpoint = try Self.endpoint(authority: rest, defaultPort: 80)
        } else if let rest = text.strip(prefix: "https://") {
            endpoint = try Self.endpoint(authority: rest, defaultPort: 443)
            switch endpoint {
            case .host(let name, _): tlsPeer = .name(name)
            case .address(let address): tlsPeer = .address(address.address.description)
            case .unix: break
            }
        } else {
            throw ValueMistake("\(Quantity.quoted(text)) is not an upstream; write http://HOST:PORT, https://HOST:PORT or unix:/PATH")
        }
    }

    /// What is asked there, over TLS by what the system trusts.
    var server: Settings.Upstream.Server {
        Settings.Upstream.Server(endpoint: endpoint, name: text, tls: tlsPeer.map { Settings.Upstream.TLS(peer: $0) })
    }

    private static func endpoint(authority text: String, defaultPort: UInt16) throws(ValueMistake) -> Settings.Upstream.Endpoint {
        let authority = text.hasSuffix("/") ? text.dropLast() : text[...]
        guard !authority.contains(where: { "/?#".contains($0) }) else {
            throw ValueMistake("an upstream has no path; requests keep their own: http://HOST:PORT")
        }
        guard !authority.contains("@") else { throw ValueMistake("an upstream has no user or password: http://HOST:PORT") }
        let (host, portText) = split(authority)
        var port = defaultPort
        if let portText {
            guard let number = try? Quantity.count(String(portText)), (1...65535).contains(number) else {
                throw ValueMistake("\(Quantity.quoted(String(portText))) is not a port (1 to 65535)")
            }
            port = UInt16(number)
        }
        guard !host.isEmpty else { throw ValueMistake("the host is missing: http://HOST:PORT") }
        if host.hasPrefix("[") || host.allSatisfy({ $0 == "." || $0.isASCII && $0.isNumber }) {
            let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
            if isBracketed, host.contains("%") {
                do {
                    return .address(try SocketAddress(parsing: "\(host):\(port)"))
                } catch {
                    throw ValueMistake(in: text, error.description)
                }
            }
            return .address(SocketAddress(address: try address(isBracketed ? host.dropFirst().dropLast() : host), port: port))
        }
        guard host.utf8.count <= hostBytesMax, isName(host) else {
            throw ValueMistake("\(Quantity.quoted(String(host))) is not a host name or an address")
        }
        return .host(String(host), port: port)
    }

    /// The name in a host with or without a port, in lower case; nil for an address, which TLS has no server name for (RFC 6066 §3).
    static func serverName(in text: String) -> String? {
        guard isAuthority(text), case .host(let name, _)? = try? endpoint(authority: text, defaultPort: 443) else { return nil }
        return name.lowercased()
    }

    /// Whether `text` is a host with or without a port, and nothing else.
    static func isAuthority(_ text: String) -> Bool {
        !text.hasSuffix("/") && (try? endpoint(authority: text, defaultPort: 80)) != nil
    }

    private static func split(_ authority: Substring) -> (host: Substring, port: Substring?) {
        guard let colon = authority.lastIndex(of: ":") else { return (authority, nil) }
        if let bracket = authority.lastIndex(of: "]"), colon < bracket { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func address(_ text: Substring) throws(ValueMistake) -> PeerAddress {
        let address: PeerAddress
        do {
            address = try PeerAddress(parsing: String(text))
        } catch {
            throw ValueMistake(in: String(text), error.description)
        }
        guard !address.isLinkLocal else {
            throw ValueMistake("\(text) is link-local: say by which interface, as in [\(text)%eth0]")
        }
        return address
    }

    private static func isName(_ host: Substring) -> Bool {
        host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
    }
}

extension String {
    /// The rest after `prefix`; nil if it doesn't begin so.
    fileprivate func strip(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
