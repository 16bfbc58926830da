internal import Gatekeeper

extension Schema {
    /// How a ticket system that binds keys to addresses is shown the client's.
    static let clientAddress = [
        Setting(
            path: "upstream.proxy_protocol",
            rule: .scalar(.choice(\.settings.upstream.clientAddress.proxyProtocol, [("off", .off), ("v2", .v2)], default: "off")),
            summary:
                "v2 begins each connection to the ticket system with a PROXY header that tells the client's address and port; it must expect one."
        ),
        Setting(
            path: "upstream.source",
            rule: .scalar(.choice(\.settings.upstream.clientAddress.source, [("self", .own), ("client", .client)], default: "self")),
            summary:
                "client has connections come from the client's address; it takes CAP_NET_RAW, and answers that are routed back through here."
        ),
    ]
}
