internal import Gatekeeper

/// What a firewall's admin is sent: a table, what is wrong, what to ask for.
struct OutboundReport: Equatable, Sendable {
    var title: String
    /// Where the list of hosts stands, and as of when.
    var source: String
    var time: WallTime
    var rows: [OutboundRow]
    /// Variables of the environment that name a proxy.
    var proxyVariables: [String] = []

    static let columnsMax = 100

    var isWell: Bool { !rows.contains(where: \.isFinding) }

    /// As programs look for it. What they say may hold a password: names alone.
    static func proxyVariables(_ value: (String) -> String? = Environment.value) -> [String] {
        ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].filter { !(value($0) ?? "").isEmpty }
    }

    var lines: [String] {
        let heading = "\(title): what its software has to reach, as tried from this machine at \(time.text)"
        var lines = Self.wrap(heading) + Self.wrap("list: \(source)") + [""] + table
        let notes = rows.flatMap { row -> [String] in
            let name = "\(row.host.name):\(row.host.portText), \(row.host.role)"
            return row.detail.map { Self.wrap("\(name): \($0)", indent: "  ") } ?? []
        }
        if !notes.isEmpty { lines += [""] + notes }
        if let proxyNote { lines += [""] + Self.wrap(proxyNote) }
        let requests = rows.compactMap(\.request).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        if !requests.isEmpty {
            lines += ["", "Please, for whoever runs the firewall:"] + requests.flatMap { Self.wrap("- \($0)", indent: "  ") }
        }
        return lines + ["", summary]
    }

    private var proxyNote: String? {
        guard !proxyVariables.isEmpty else { return nil }
        return "\(proxyVariables.joined(separator: ", ")) is set: programs that go by it connect to that proxy, and not to these hosts; "
            + "this was tried without it"
    }

    var summary: String {
        let count = rows.count(where: \.isFinding)
        return count == 0 ? "everything can be reached" : "\(count) of \(rows.count) can't be used as they are"
    }

    private var table: [String] {
        let cells = [["HOST", "PORT", "ADDRS", "TCP", "TLS", "VERDICT"]] + rows.map(Self.cells)
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let padded = zip(row, widths).map { text, width in text + String(repeating: " ", count: width - text.count) }
            return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func cells(_ row: OutboundRow) -> [String] {
        let families = [(row.addresses.count(where: \.isIPv4), "v4"), (row.addresses.count { !$0.isIPv4 }, "v6")]
        let counts = families.filter { $0.0 > 0 }.map { "\(min($0.0, 99))\($0.1)" }.joined(separator: " ")
        let taken = row.attempts.compactMap(\.reach?.connectMilliseconds)
        let handshakes = row.attempts.compactMap(\.reach?.handshakeMilliseconds)
        let tcp =
            row.attempts.isEmpty ? "-" : row.host.isTLS ? time(taken.min()) : "\(taken.count) of \(row.attempts.count)"
        return [
            row.host.name, row.host.portText, counts.isEmpty ? "-" : counts, tcp, row.host.isTLS ? time(handshakes.min()) : "-",
            row.verdict.rawValue,
        ]
    }

    private static func time(_ milliseconds: Int?) -> String { milliseconds.map { "\($0) ms" } ?? "-" }

    /// At blanks; what has none is left whole.
    static func wrap(_ text: String, indent: String = "") -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > columnsMax {
                lines.append(line)
                line = indent + word
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    var json: JSON {
        .object(
            of: ("ok", .boolean(isWell)), ("vendor", .string(title)), ("source", .string(source)), ("time", .time(time)),
            ("proxy_variables", .strings(proxyVariables)), ("hosts", .array(rows.map(\.json))), ("summary", .string(summary)))
    }
}
