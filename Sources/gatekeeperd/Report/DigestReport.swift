internal import Gatekeeper

/// The morning look: what a day, or some other while, has brought. Whole hours, as the ledger keeps them; the sums are those of `status`,
/// `denials` and the metrics.
struct DigestReport: Equatable, Sendable {
    var host = ""
    /// The beginning of an hour.
    var since: WallTime
    var until: WallTime
    /// All exchanges, and for how long the door ran.
    var door = DoorHour()
    /// Most requests first.
    var sources: [Source] = []
    var silences: [Silence] = []
    /// Those that ended.
    var returned: [ToldSilence] = []
    /// Entries of the list that have never come.
    var neverSeen: [String] = []
    var away: DenialReport
    /// What is known of who was turned away and is told apart, in the order of `away`.
    var strangers: [Stranger] = []
    var strangerCount: Int64 = 0
    var newStrangerCount: Int64 = 0
    var problems: [Problem] = []
    var certificates: [StatusReport.Certificate] = []
    /// The earliest first.
    var changes: [RecordedChange] = []
    var grants: [Grant] = []
    /// What isn't in the sums.
    var missing: [String] = []

    struct Source: Equatable, Sendable {
        var name: String
        var traffic: TrafficHour
        /// It came for the first time.
        var isNew: Bool
    }

    struct Stranger: Equatable, Sendable {
        var address: PeerAddress
        var isNew: Bool
        /// The entry of the list that is near it.
        var nearness: String?
    }

    static let secondsMax = Int(TrafficHour.daysKept) * 86_400

    /// Connections that were turned away, whoever did.
    var deniedCount: Int64 { away.total }

    // MARK: For the log

    var fields: [JournalField] {
        [
            JournalField("since", since.text), JournalField("until", until.text), JournalField("requests", door.requests),
            JournalField("errors", door.errors), JournalField("refused", door.refused),
            JournalField("shadow_refused", door.shadowRefusals), JournalField("cut", door.cut),
            JournalField("bytes_in", door.bytesIn), JournalField("bytes_out", door.bytesOut), JournalField("denied", deniedCount),
            JournalField("strangers", strangerCount), JournalField("new_strangers", newStrangerCount),
            JournalField("sources", sources.count), JournalField("new_sources", list(sources.filter(\.isNew).map(\.name))),
            JournalField("silent", list(silences.map(\.label))), JournalField("back", list(returned.map(\.label))),
            JournalField("problems", problems.count), JournalField("changes", changes.count),
            JournalField("missing", missing.isEmpty ? "none" : missing.joined(separator: "; ")),
        ]
    }

    private func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.prefix(20).joined(separator: ", ") }

    // MARK: For scripts

    var json: JSON {
        let sources = JSON.array(
            sources.map { source in
                .object(of: [("source", .string(source.name)), ("new", .boolean(source.isNew))] + Self.members(source.traffic))
            })
        let strangers = JSON.array(
            strangers.map { stranger in
                .object(
                    of: ("address", .string(stranger.address.description)), ("new", .boolean(stranger.isNew)),
                    ("near", stranger.nearness.map(JSON.string)))
            })
        return .object(
            of: ("since", .time(since)), ("until", .time(until)), ("ran_seconds", .number(door.milliseconds / 1000)),
            ("requests", .number(door.requests)), ("errors", .number(door.errors)), ("refused", .number(door.refused)),
            ("route_refusals", .number(door.routeRefusals)), ("shadow_refusals", .number(door.shadowRefusals)),
            ("cut", .number(door.cut)), ("tls_failures", .number(door.tlsFailures)),
            ("bytes_in", .number(door.bytesIn)), ("bytes_out", .number(door.bytesOut)), ("sources", sources),
            ("silent", .array(silences.map(\.json))),
            (
                "back",
                .array(
                    returned.map { silence in
                        .object(
                            of: ("label", .string(silence.label)), ("since", .time(silence.since)),
                            ("back_at", silence.backAt.map(JSON.time)))
                    })
            ),
            ("never_seen", .strings(neverSeen)), ("denials", away.json), ("strangers", strangers),
            ("stranger_count", .number(strangerCount)), ("new_stranger_count", .number(newStrangerCount)),
            ("problems", .strings(problems.map { "\($0.kind.rawValue): \($0.text)" })),
            (
                "certificates",
                .array(certificates.map { .object(of: ("names", .strings($0.names)), ("expires_at", $0.expiresAt.map(JSON.time))) })
            ),
            (
                "changes",
                .array(changes.map { .object(of: ("at", .time($0.at)), ("by", .string($0.requester)), ("text", .string($0.text))) })
            ),
            ("grants", .array(grants.map(\.json))), ("missing", .strings(missing)))
    }

    private static func members(_ traffic: TrafficHour) -> [(name: String, value: JSON?)] {
        [
            ("succeeded", .number(traffic.succeeded)), ("failed", .number(traffic.failed)), ("bytes_in", .number(traffic.bytesIn)),
            ("bytes_out", .number(traffic.bytesOut)),
        ]
    }
}
