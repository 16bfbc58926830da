internal import Gatekeeper

/// Where a status page is, as a monitoring system is told: `http://127.0.0.1:9180`, or `https://…/gatekeeper` where something with TLS is in
/// front of it.
struct StatusURL: Equatable, Sendable {
    /// Nobody said another.
    static let usual = "http://127.0.0.1:9180"

    var server: Settings.Upstream.Server
    /// As a client writes it in `Host`.
    var authority: String
    /// Of what the service says of itself.
    var path: String
    var text: String

    init(_ text: String) throws(ValueMistake) {
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
            throw ValueMistake("\(Quantity.quoted(text)) is not a URL; write http://HOST:PORT or https://HOST:PORT")
        }
        let rest = text.dropFirst(scheme.count)
        let authority = String(rest.prefix { $0 != "/" })
        var folder = rest.dropFirst(authority.count)
        while folder.hasSuffix("/") { folder.removeLast() }
        guard !folder.contains(where: { "?#".contains($0) }), !authority.contains(where: { "?#@".contains($0) }) else {
            throw ValueMistake("the URL of a status page has no query and no user; write http://HOST:PORT, and the token into a file")
        }
        let url = try UpstreamURL(scheme + authority, directory: "")
        server = url.server
        server.name = text
        self.authority = authority
        path = folder + StatusResource.json.rawValue
        self.text = text
    }

    /// Where the service of this configuration serves it, asked from its own machine.
    ///
    /// - Parameter status: what stands under `status`.
    init(configured status: String) throws(ValueMistake) {
        let address: SocketAddress
        do throws(AddressSyntaxError) {
            address = try SocketAddress(parsing: status)
        } catch {
            throw ValueMistake(in: status, error.description)
        }
        guard address.port != 0 else { throw ValueMistake("status has port 0, which may be any: name the address with --url") }
        let isAny = ["0.0.0.0", "::"].contains("\(address.address)")
        let host = isAny ? (address.address.isIPv4 ? "127.0.0.1" : "[::1]") + ":\(address.port)" : "\(address)"
        try self.init("http://\(host)")
    }
}
