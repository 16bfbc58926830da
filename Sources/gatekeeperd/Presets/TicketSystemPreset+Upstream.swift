/// What is known of how a ticket system takes request bodies: it decides what `upstream.reuse_after_body` and `upstream.request_buffering` ought to
/// say. Nothing here changes a setting: `init` writes it down, `check` says where a configuration differs.
extension TicketSystemPreset {
    /// Something that was seen, and with what.
    struct Shown: Equatable, Sendable {
        let holds: Bool
        /// What does it, and when that was seen.
        let by: String
    }

    /// Whether every request body is read, or thrown away, before the next request on a connection; nil where nobody has looked.
    var readsBodies: Shown? { Self.reading[name] }

    /// Whether a body needs its length in `Content-Length`; nil where nobody has looked.
    var wantsLengths: Shown? { Self.lengths[name] }

    /// How many connections it serves at once, the next one waiting until another closes; nil where that is no bound for a door.
    var connectionsMax: (count: Int, by: String)? { Self.bounds[name] }

    /// The settings that follow, as `key: value`, each with its reason.
    var upstreamSettings: [(setting: String, reason: String)] {
        var settings: [(setting: String, reason: String)] = []
        if let readsBodies { settings.append(("reuse_after_body: \(readsBodies.holds)", readsBodies.by)) }
        if let wantsLengths, wantsLengths.holds { settings.append(("request_buffering: auto", wantsLengths.by)) }
        if let connectionsMax { settings.append(("connections_max: \(connectionsMax.count)", connectionsMax.by)) }
        return settings
    }

    private static let bounds: [String: (count: Int, by: String)] = [
        "roundup": (40, "its own server forks for 40 connections at once and lets the next one hang (shown with 2.6.0, 2026-11-26)")
    ]

    private static let phpReads = "nginx 1.22 and Apache 2.4 with mod_php throw away what the application leaves unread (shown 2026-11-27)"
    private static let php = Shown(holds: true, by: phpReads)

    private static let reading: [String: Shown] = [
        "osticket": Shown(
            holds: true,
            by: "\(phpReads); behind Apache it closes after each answer of its API, so that this gains something only behind nginx"),
        "glpi": php, "itop": php, "freescout": php,
        "rt": Shown(holds: true, by: "Starman 0.4 reads a body before RT is called (shown 2026-11-27)"),
        "zammad": Shown(holds: true, by: "puma 5.6 reads a body before Zammad is called (shown 2026-11-27)"),
        "roundup": Shown(
            holds: false,
            by: "its own server leaves the body of a GET, and of a POST outside of a tracker, unread and takes it for the next request "
                + "(shown with 2.6.0, 2026-11-26)"),
    ]

    private static let chunksCut = Shown(
        holds: true, by: "behind Apache 2.4 with php-fpm, chunked bodies above 16 KiB arrive cut (shown 2026-11-26)")

    private static let lengths: [String: Shown] = [
        "osticket": chunksCut, "glpi": chunksCut, "itop": chunksCut, "freescout": chunksCut,
        "roundup": Shown(holds: true, by: "its own server never answers a chunked request (shown with 2.6.0, 2026-11-26)"),
    ]
}
