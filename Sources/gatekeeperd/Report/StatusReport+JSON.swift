internal import Gatekeeper

/// For scripts: names that stay.
extension StatusReport {
    var json: JSON {
        .object(
            of: ("version", .string(version)), ("pid", processIdentifier.map { .number($0) }), ("started_at", startedAt.map(JSON.time)),
            ("uptime_seconds", uptimeMilliseconds.map { .number($0 / 1000) }),
            ("configuration", configuration?.json), ("listeners", .strings(listeners)),
            ("listeners_absent", .strings(absentListeners)),
            ("status_page", statusPage.map(JSON.string)), ("draining", .boolean(isDraining)),
            ("leaving", .boolean(isLeaving)),
            ("connections_open", openConnections.map { .number($0) }), ("admitted", admittedCount.map { .number($0) }),
            ("denied", deniedCount.map { .number($0) }), ("requests", requestCount.map { .number($0) }),
            ("routes", routesJSON), ("shield", shield?.json), ("sources_total", .number(sources.count)),
            ("sources", .array(sources.prefix(Self.sourcesMax).map(\.json))), ("certificates", .array(certificates.map(\.json))),
            ("orders", orders.isEmpty ? nil : .array(orders.map { $0.json(at: nil) })),
            ("upstreams", .array(upstreams.map(\.json))), ("grants", .array(grants.map(\.json))), ("lockdown", lockdown?.json),
            ("lists", lists.isEmpty ? nil : .array(lists.map(\.json))),
            ("pending_confirmation", pendingConfirmation?.json), ("problems", .array(problems.map(\.json))),
            ("limits", limits?.json), ("tls_failures", .object(of: tlsFailures.map { ($0.reason, .number($0.count)) })),
            ("denied_recently", .array(recentDenials.prefix(Self.answersMax).map(\.json))),
            ("answers", .array(answers.prefix(Self.answersMax).map(\.json))), ("day", dayJSON))
    }

    private static let answersMax = 200

    private var routesJSON: JSON? {
        guard routesMode != nil || isLearning else { return nil }
        return .object(
            of: ("mode", routesMode.map(JSON.string)), ("shadow_refused", shadowRefusedCount.map { .number($0) }),
            ("learning", .boolean(isLearning)))
    }

    /// Of ten minutes each, the oldest first: the present minute is the end of the last ones. What isn't known is null.
    private var dayJSON: JSON? {
        guard !day.isEmpty else { return nil }
        let spans = DaySpans(day, minutes: 10)
        let series = MinuteCounts.Series.allCases.map { series in
            (
                name: series.rawValue,
                value: Optional(JSON.array(spans.spans.map { span in span.map { .number(UInt64($0[series])) } ?? .null }))
            )
        }
        return .object(of: [(name: "minutes_each", value: .number(10))] + series)
    }
}

extension StatusReport.Limits {
    fileprivate var json: JSON {
        .object(of: ("connections", .number(connections)), ("connections_per_source", .number(connectionsPerSource)))
    }
}

extension StatusReport.Answers {
    fileprivate var members: [(name: String, value: JSON?)] {
        func milliseconds(_ number: Double?) -> JSON? { number.map { .number(Int($0.rounded(.up))) } }
        return [
            ("succeeded", .number(succeeded)), ("failed", .number(failed)), ("median_ms", milliseconds(median)),
            ("p95_ms", milliseconds(percentile95)), ("last_at", lastAt.map(JSON.time)),
        ]
    }

    fileprivate var json: JSON { .object(of: [("source", .string(name))] + members) }
}

extension RecentDenials.Source {
    fileprivate var json: JSON {
        .object(
            of: ("address", .string(address.description)), ("count", .number(count)), ("reasons", .strings(reasons)),
            ("last_at", .time(lastAt)), ("listed_as", listedAs.map(JSON.string)))
    }
}

extension StatusReport.ConfigurationState {
    fileprivate var json: JSON {
        .object(
            of: ("generation", .number(generation)), ("hash", hash.map(JSON.string)), ("file", file.map(JSON.string)),
            ("loaded_at", loadedAt.map(JSON.time)))
    }
}

extension StatusReport.Shield {
    fileprivate var json: JSON {
        .object(
            of: ("state", .string(state)), ("since", since.map(JSON.time)), ("dropped", .number(droppedCount)),
            ("coarse", .boolean(isCoarse)), ("obstacle", obstacle.map(JSON.string)))
    }
}

extension StatusReport.Source {
    fileprivate var json: JSON {
        .object(
            of: ("address", .string(address)), ("label", label.map(JSON.string)), ("origin", origin.map(JSON.string)),
            ("listed_at", listedAt.map(JSON.time)), ("last_seen_at", lastSeenAt.map(JSON.time)),
            ("connections_open", openConnections.map { .number($0) }),
            ("admitted", admittedCount.map { .number($0) }), ("requests", requestCount.map { .number($0) }),
            ("shut_out", isShutOut ? .boolean(true) : nil), ("until", until.map(JSON.time)))
    }
}

extension StatusReport.Certificate {
    fileprivate var json: JSON {
        .object(
            of: ("file", file.map(JSON.string)), ("names", .strings(names)), ("not_before", startsAt.map(JSON.time)),
            ("expires_at", expiresAt.map(JSON.time)),
            ("fingerprint", fingerprint.map(JSON.string)))
    }
}

extension Problem {
    fileprivate var json: JSON {
        .object(
            of: ("kind", .string(kind.rawValue)), ("about", subject.isEmpty ? nil : .string(subject)), ("text", .string(text)),
            ("cure", .string(cure)), ("since", .time(since)), ("details", details.isEmpty ? nil : .strings(details)))
    }
}

extension StatusReport.Upstream {
    fileprivate var json: JSON {
        .object(
            of: ("url", .string(url)), ("up", isUp.map(JSON.boolean)), ("since", since.map(JSON.time)),
            ("connections_open", openConnections.map { .number($0) }), ("failure", failure.map(JSON.string)),
            ("connections_max", connectionsMax.map { .number($0) }), ("answers", answers.map { .object(of: $0.members) }))
    }
}

extension StatusReport.PendingConfirmation {
    fileprivate var json: JSON {
        .object(of: ("file", file.map(JSON.string)), ("asked_by", askedBy?.json), ("deadline", .time(deadline)))
    }
}
