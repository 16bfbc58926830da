/// A vendor's published source addresses, with where and when they were published.
///
/// Only what the vendor itself says of addresses that it will send from becomes a preset: an address too many is an open door.
struct VendorPreset: Sendable {
    /// What the configuration calls it.
    let name: String
    /// What people and log lines call it.
    let title: String
    let addresses: [String]
    /// The page that lists the addresses.
    let source: String
    /// The day of the revision that was read, as `2026-04-28`.
    let date: String
    let notes: [String]
    /// What the vendor's own software, on clients' PCs, has to reach.
    let outbound: [OutboundHost]

    static let all = [
        VendorPreset(
            name: "tier2tickets",
            title: "Tier2Tickets",
            addresses: ["34.202.14.153", "3.209.57.193"],
            source: "https://docs.tier2tickets.com/content/general/firewall/",
            date: "2026-04-28",
            notes: [
                "All API requests come from one of these two addresses; the pair stands since 2019-11-19.",
                "Until then it was 174.129.157.90 and 54.146.159.96, and the change wasn't announced: look at the page now and then.",
            ],
            outbound: [
                OutboundHost("flu1pjyrr2.execute-api.us-east-1.amazonaws.com", role: "settings, and basic ticket data"),
                OutboundHost("kdwq222yo3.execute-api.us-east-1.amazonaws.com", role: "the vendor's own gatekeeper, unless self-hosted"),
                OutboundHost("e4rz8vlrg0.execute-api.us-east-1.amazonaws.com", role: "plugins (automatic update, T2terminal)"),
                OutboundHost("hdb-stuff.s3.amazonaws.com", role: "upload of diagnostic data and images"),
                OutboundHost("connect.helpdeskbuttons.com", role: "request of a slot for TechConnect"),
                OutboundHost("connect.helpdeskbuttons.com", ports: 2001...2500, role: "TechConnect sessions"),
            ])
    ]

    static func named(_ name: String) -> VendorPreset? { all.first { $0.name == name } }

    /// The preset of that name, or which there are.
    static func find(_ name: String) throws(ValueMistake) -> VendorPreset {
        if let preset = named(name) { return preset }
        let names = all.map(\.name)
        if TicketSystemPreset.all.contains(where: { PresetCatalog.Entry.ticketSystem($0).names.contains(name.lowercased()) }) {
            let vendors = names.joined(separator: " ")
            throw ValueMistake("\(name) is a ticket system, not a vendor with addresses; there are presets for \(vendors)")
        }
        let hint = Suggestion.question(about: name, among: names) ?? ""
        throw ValueMistake("there is no preset \(Quantity.quoted(name)) (\(names.joined(separator: " ")))\(hint)")
    }
}
