internal import Gatekeeper

/// The digest for people: one screen, of 80 columns and some 40 lines.
struct DigestText {
    let report: DigestReport
    /// Read by phone: without the addresses that are near to a listed one, so that nobody lets one in from there.
    var isNotice = false

    static let columnsMax = 80
    static let linesMax = 40

    private static let sourcesMax = 7
    private static let awayMax = 5
    private static let networksMax = 3
    private static let shortMax = 3

    var title: String { "gatekeeper on \(report.host), \(report.since.text) to \(report.until.text)" }

    var lines: [String] { ([title] + body).map(Self.fitted) }

    var body: [String] {
        Array(
            (report.missing.prefix(2).map { "missing: \($0)" } + admitted + absent + turnedAway + problems + certificates + changes).prefix(
                Self.linesMax - 1))
    }

    /// A line that is too long for the screen is cut; nothing in it acts on a terminal.
    static func fitted(_ line: String) -> String {
        let shown = VisibleText.of(line)
        return shown.count > columnsMax ? shown.prefix(columnsMax - 1) + "…" : shown
    }

    // MARK: Who was let in

    private var admitted: [String] {
        let door = report.door
        var counts = [Quantity.counted(door.requests, "request")]
        if door.errors > 0 { counts.append(Quantity.counted(door.errors, "error")) }
        if door.refused > 0 { counts.append("\(door.refused) refused") }
        if door.cut > 0 { counts.append("\(door.cut) cut short") }
        if door.requests > 0 { counts.append("\(Self.bytes(door.bytesIn)) in, \(Self.bytes(door.bytesOut)) out") }
        var lines = ["let in: " + counts.joined(separator: ", ")]
        if door.routeRefusals > 0 {
            lines.append("  \(door.routeRefusals) refused by routes (403): the refused lines of the log have them")
        }
        if door.shadowRefusals > 0 {
            lines.append("  \(door.shadowRefusals) on no route, let through by routes_mode: shadow")
        }
        if door.tlsFailures > 0 {
            lines.append("  \(Quantity.counted(door.tlsFailures, "handshake")) failed: tls_failed in the log says why")
        }
        let rows = report.sources.prefix(Self.sourcesMax).map { source in
            let failed = source.traffic.failed > 0 ? ", \(source.traffic.failed) not answered well" : ""
            let bytes = ", \(Self.bytes(source.traffic.bytesIn)) in, \(Self.bytes(source.traffic.bytesOut)) out"
            let name = source.name + (source.isNew ? " (new)" : "")
            return "  \(name): \(Quantity.counted(source.traffic.requests, "request"))\(failed)\(bytes)"
        }
        lines += rows
        let rest = report.sources.dropFirst(Self.sourcesMax)
        if !rest.isEmpty {
            let requests = rest.reduce(0) { $0 &+ $1.traffic.requests }
            lines.append("  and \(Quantity.counted(rest.count, "source")) more: \(Quantity.counted(requests, "request"))")
        }
        return lines
    }

    private static func bytes(_ count: UInt64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (Double(count), 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        guard unit > 0 else { return "\(count) B" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    // MARK: Who wasn't there

    private var absent: [String] {
        var lines: [String] = []
        for silence in report.silences.prefix(Self.shortMax) {
            lines.append("silent: \(silence.label), since \(silence.since.text)")
            lines.append("  usual: \(silence.usual)")
        }
        if report.silences.count > Self.shortMax { lines.append("  and \(report.silences.count - Self.shortMax) more: gatekeeperd status") }
        lines += report.returned.prefix(Self.shortMax).map { silence in
            "back: \(silence.label), which was silent from \(silence.since.text)"
        }
        if !report.neverSeen.isEmpty { lines.append("never came: \(report.neverSeen.joined(separator: ", "))") }
        return lines
    }

    // MARK: Who was turned away

    private var turnedAway: [String] {
        let away = report.away
        guard away.total > 0 else { return ["turned away: nobody"] + packets }
        let addresses = Quantity.counted(report.strangerCount, "address", plural: "addresses")
        var lines = [
            "turned away: \(Quantity.counted(away.total, "connection")) of \(addresses) told apart, \(report.newStrangerCount) of them new"
        ]
        for network in away.networks.prefix(Self.networksMax) { lines.append("  \(network.name): \(network.denials.count)") }
        if !isNotice {
            let known = Dictionary(report.strangers.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
            // Who is near to somebody listed is worth a look, however seldom he came.
            let near = away.sources.filter { known[$0.address]?.nearness != nil }
            let shown = (near + away.sources.filter { known[$0.address]?.nearness == nil }).prefix(Self.awayMax)
            for source in shown {
                let stranger = known[source.address]
                let words = [source.words, stranger?.nearness, stranger.map { $0.isNew ? "new" : "known" }].compactMap(\.self)
                lines.append("  \(source.address): \(source.denials.count), \(words.joined(separator: ", "))")
            }
        }
        if let others = away.others { lines.append("  too many to tell apart: \(others.denials.count)") }
        return lines + packets
    }

    private var packets: [String] {
        report.away.packets.map { ["  dropped by the kernel: \(Quantity.counted($0.count, "packet")), of whom nothing is known"] } ?? []
    }

    // MARK: What is to be done, and what was

    private var problems: [String] {
        guard !report.problems.isEmpty else { return ["problems: none"] }
        return report.problems.prefix(Self.shortMax).map { "problem: \($0.kind.rawValue): \($0.text)" }
            + (report.problems.count > Self.shortMax ? ["  and \(report.problems.count - Self.shortMax) more: gatekeeperd status"] : [])
    }

    private var certificates: [String] {
        report.certificates.prefix(Self.shortMax).map { certificate in
            let end = certificate.expiresAt.map { TimeText.until($0, from: report.until) } ?? "nobody knows when"
            return "certificate: \(certificate.names.first ?? "without a name") ends \(end)"
        }
    }

    private var changes: [String] {
        var lines = report.changes.suffix(Self.shortMax + 1).map { "changed: \($0.at.text) by \($0.requester): \($0.text)" }
        lines += report.grants.prefix(Self.shortMax).map { grant in
            "grant: \(grant.address) by \(grant.madeBy), made \(grant.madeAt.text): \(grant.reason)"
        }
        return lines.isEmpty ? ["changed: nothing"] : lines
    }
}
