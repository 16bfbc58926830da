/// How it stands with the certificates: those that are served, and those that are ordered.
struct OrderReport: Equatable, Sendable {
    var certificates: [Certificate] = []

    struct Certificate: Equatable, Sendable {
        var names: [String]
        /// What it says of who issued it; empty while there is none.
        var issuer = ""
        var expiresAt: WallTime?
        /// Where it lies; nil for one that is ordered.
        var file: String?
        /// Nil for one that somebody else renews.
        var order: Order?
        /// It needs somebody.
        var needsAttention = false
    }

    struct Order: Equatable, Sendable {
        var directory: String
        /// `resting`, `ordering`, `authorizing`, `finalizing`, `downloading`, `locked`, `withheld`.
        var step: String
        var renewsAt: WallTime?
        /// `missing`, `changed`, `suggested`, `lifetime`, `asked`.
        var why: String?
        /// Nothing is tried before.
        var pausedUntil: WallTime?
        var failure: Failure?
        /// Since the start, by reason.
        var failureCounts: [String: Int] = [:]
        /// Since the start.
        var issuedCount = 0
        /// How often somebody has asked for it, since the start.
        var askedCount = 0
        /// The account's URL, for CAA records; nil before there is one.
        var account: String?
        var dryRun: DryRun?

        struct Failure: Equatable, Sendable {
            var at: WallTime
            var reason: String
            var text: String
        }

        struct DryRun: Equatable, Sendable {
            /// Tells it from others.
            var number: Int
            var failure: String?
        }
    }

    var needsAttention: Bool { certificates.contains(where: \.needsAttention) }

    // MARK: For people

    func text(at now: WallTime) -> String {
        certificates.isEmpty
            ? "there are no certificates" : certificates.map { $0.lines(at: now).joined(separator: "\n") }.joined(separator: "\n\n")
    }
}

extension OrderReport.Certificate {
    /// For the status: when it is ordered next.
    func line(at now: WallTime) -> String {
        "\(names.joined(separator: ", ")): \((order?.lines(at: now) ?? []).dropFirst().map { $0.dropFirst(2) }.joined(separator: "; "))"
    }

    fileprivate func lines(at now: WallTime) -> [String] {
        var lines = [names.joined(separator: ", ")]
        if let expiresAt {
            let left = expiresAt <= now ? "ENDED \(TimeText.since(expiresAt, until: now))" : "ends \(TimeText.until(expiresAt, from: now))"
            lines.append("  issued by \(issuer.isEmpty ? "nobody that it names" : issuer), \(left)")
        } else {
            lines.append("  none is there yet: clients get an alert")
        }
        guard let order else { return lines + ["  renewed by whoever puts \(file ?? "its file") there"] }
        return lines + order.lines(at: now)
    }
}

extension OrderReport.Order {
    fileprivate func lines(at now: WallTime) -> [String] {
        var lines = ["  ordered from \(directory)"]
        switch step {
        case "resting":
            if let renewsAt, let why {
                let moment = max(renewsAt, pausedUntil ?? renewsAt)
                lines.append("  next: \(moment <= now ? "now" : TimeText.until(moment, from: now)), \(Self.words(for: why))")
            }
        case "locked": lines.append("  another process of this service orders")
        case "withheld": lines.append("  not ordered from here: another door has the address now, or this one is leaving")
        default: lines.append("  under way: \(step)")
        }
        if let failure { lines.append("  last error, \(TimeText.since(failure.at, until: now)): \(failure.text)") }
        return lines
    }

    private static func words(for why: String) -> String {
        switch why {
        case "missing": "as there is none"
        case "changed": "as it is for other names, or of another authority"
        case "suggested": "as the authority suggests"
        case "lifetime": "as most of its lifetime is over then"
        default: "as somebody has asked for it"
        }
    }
}

// MARK: For scripts

extension OrderReport {
    func json(at now: WallTime) -> JSON {
        .object(of: ("certificates", .array(certificates.map { $0.json(at: now) })), ("needs_attention", .boolean(needsAttention)))
    }
}

extension OrderReport.Certificate {
    /// - Parameter now: nil to leave out what depends on it.
    func json(at now: WallTime?) -> JSON {
        .object(
            of: ("names", .strings(names)), ("issuer", issuer.isEmpty ? nil : .string(issuer)), ("file", file.map(JSON.string)),
            ("expires_at", expiresAt.map(JSON.time)),
            ("days_left", now.flatMap { now in expiresAt.map { .number($0.milliseconds(since: now) / 86_400_000) } }),
            ("order", order?.json),
            ("needs_attention", .boolean(needsAttention)))
    }
}

extension OrderReport.Order {
    fileprivate var json: JSON {
        .object(
            of: ("directory", .string(directory)), ("step", .string(step)), ("renews_at", renewsAt.map(JSON.time)),
            ("why", why.map(JSON.string)), ("paused_until", pausedUntil.map(JSON.time)),
            (
                "last_error",
                failure.map { .object(of: ("at", .time($0.at)), ("reason", .string($0.reason)), ("text", .string($0.text))) }
            ),
            ("failures", .object(of: failureCounts.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })),
            ("issued", .number(issuedCount)), ("asked", .number(askedCount)), ("account", account.map(JSON.string)),
            ("dry_run", dryRun.map { .object(of: ("number", .number($0.number)), ("error", $0.failure.map(JSON.string))) }))
    }
}
