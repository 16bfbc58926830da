internal import Gatekeeper

/// A ticket system whose API looks at the client's address, and how that is seen by asking without a key.
struct AddressBoundAPI: Sendable {
    let title: String
    /// Below where it is installed.
    let path: String
    /// What its refusal says, in lower case.
    let mark: String
    /// What is to be said of the refusal, and what to do; `HOST` stands for the address that it takes for the client's.
    private let meaningPattern: String
    private let remedyPattern: String

    static let all = [osTicket, glpi]

    private static let osTicket = AddressBoundAPI(
        title: "osTicket", path: "/api/tickets.json", mark: "valid api key required",
        meaningPattern: "binds each key to the address of its client, and takes HOST for that",
        remedyPattern: "list HOST in osTicket's TRUSTED_PROXIES, so that it sees the client's address, which the key must be made for. "
            + "When that is done: --skip api_keys")

    private static let glpi = AddressBoundAPI(
        title: "GLPI", path: "/apirest.php/initSession", mark: "error_not_allowed_ip",
        meaningPattern: "admits API clients by address, and doesn't admit HOST",
        remedyPattern: "list HOST in the range of addresses of GLPI's API client, or have GLPI trust HOST as a proxy where its version can")

    /// What an unknown one says that minds the address.
    private static let marks = ["ip address", "source ip", "your ip"]

    private static let refusals: ClosedRange<UInt16> = 400...403

    /// Paths to be asked for: where each is installed as a rule, and where routes say that it is.
    static func paths(routes: [String]) -> [String] {
        let routed = routes.filter { route in !route.contains("{") && all.contains { route.hasSuffix($0.path) } }
        return (all.map(\.path) + routed).reduce(into: []) { paths, path in
            if !paths.contains(path), paths.count < pathsMax { paths.append(path) }
        }
    }

    private static let pathsMax = 8

    /// The one that answers so; nil where nothing is said of addresses.
    static func recognise(_ answer: UpstreamAnswer) -> AddressBoundAPI? {
        guard refusals.contains(answer.status) else { return nil }
        let text = String(decoding: answer.body, as: UTF8.self).lowercased()
        if let known = all.first(where: { text.contains($0.mark) }) { return known }
        guard let mark = marks.first(where: text.contains) else { return nil }
        return AddressBoundAPI(
            title: "its API", path: "", mark: mark, meaningPattern: "speaks of addresses when it refuses, and takes HOST for the client",
            remedyPattern:
                "have the ticket system trust HOST as a proxy (X-Forwarded-For has the client's address), or make the key for HOST")
    }

    /// - Parameter address: whom it takes for the client.
    func meaning(for address: PeerAddress?) -> String { meaningPattern.replacing("HOST", with: Self.name(address)) }
    func remedy(for address: PeerAddress?) -> String { remedyPattern.replacing("HOST", with: Self.name(address)) }

    private static func name(_ address: PeerAddress?) -> String { address?.description ?? "this host" }
}
