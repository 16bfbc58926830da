internal import Gatekeeper

/// A ticket system whose API looks at the client's address, and how that is seen by asking without a key.
struct AddressBoundAPI: Sendable {
    let title: String
    /// Below where it is installed.
    let path: String
    /// What its refusals say, in lower case.
    let marks: [String]
    /// That it sets with them, by which words that others use too are known as its own.
    let cookie: String?
    /// What is to be said of the refusal, and what to do; `HOST` stands for the address that it takes for the client's.
    private let meaningPattern: String
    private let remedyPattern: String

    static let all = [osTicket, glpi]

    /// As seen of osTicket 1.18.1: `GET` is refused before any key is looked at, with `400`, "URL not supported" and a cookie; `POST` without a key
    /// that is for this address with `401` and one of the other two. By `GET` it isn't seen whom it trusts.
    private static let osTicket = AddressBoundAPI(
        title: "osTicket", path: "/api/tickets.json",
        marks: ["url not supported", "valid api key required", "api key not found/active or source ip not authorized"],
        cookie: "ostsessid=",
        meaningPattern: "binds each key to the address of its client, and takes HOST for that unless it was told otherwise",
        remedyPattern:
            "have its web server put the client's address in place (nginx: set_real_ip_from HOST; real_ip_header X-Forwarded-For; "
            + "Apache: RemoteIPHeader X-Forwarded-For, RemoteIPInternalProxy HOST), or say define('TRUSTED_PROXIES', 'HOST'); in "
            + "include/ost-config.php. Make a key for each of the vendor's addresses; one for HOST would do for everybody who is admitted. "
            + "A request that is admitted ends this finding, if the log is a file here; else --skip api_keys")

    /// GLPI's API client is for a range of addresses. Its refusal comes before any token is looked at.
    private static let glpi = AddressBoundAPI(
        title: "GLPI", path: "/apirest.php/initSession", marks: ["error_not_allowed_ip"], cookie: nil,
        meaningPattern: "admits API clients by address, and admits neither HOST nor whom it was asked for",
        remedyPattern:
            "put the vendor's addresses into the range of GLPI's API client, and have its web server put the client's address in "
            + "place (set_real_ip_from HOST, or RemoteIPInternalProxy HOST). GLPI up to 9.3 believes X-Forwarded-For by itself; with pull request "
            + "24046 (2026) GLPI_TRUSTED_REVERSE_PROXIES in config/local_define.php does it; in between only the web server can")

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
        if let known = all.first(where: { $0.isSeen(in: answer, text) }) { return known }
        guard let mark = marks.first(where: text.contains) else { return nil }
        return AddressBoundAPI(
            title: "its API", path: "", marks: [mark], cookie: nil,
            meaningPattern: "speaks of addresses when it refuses, and takes HOST for the client",
            remedyPattern:
                "have the ticket system trust HOST as a proxy (X-Forwarded-For has the client's address), or make the key for HOST")
    }

    /// By what it says, or by its cookie where the words were translated.
    private func isSeen(in answer: UpstreamAnswer, _ text: String) -> Bool {
        if marks.contains(where: text.contains) { return true }
        guard let cookie else { return false }
        return answer.fields.contains { $0.name == "set-cookie" && $0.value.lowercased().hasPrefix(cookie) }
    }

    /// - Parameter address: whom it takes for the client.
    func meaning(for address: PeerAddress?) -> String { meaningPattern.replacing("HOST", with: Self.name(address)) }
    func remedy(for address: PeerAddress?) -> String { remedyPattern.replacing("HOST", with: Self.name(address)) }

    private static func name(_ address: PeerAddress?) -> String { address?.description ?? "this host" }
}
