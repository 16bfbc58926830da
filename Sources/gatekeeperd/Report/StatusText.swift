/// The service's state for people: what needs attention first, then in the order of a connection's way.
struct StatusText {
    let report: StatusReport
    let now: WallTime

    var lines: [String] {
        var lines = report.problems.flatMap { problem in
            let lines = problem.lines(at: now)
            return lines.prefix(1).map { "problem: \($0)" } + lines.dropFirst().map { "  \($0)" }
        }
        if let lockdown = report.lockdown { lines.append("lockdown: \(lockdown.text(at: now))") }
        if let pending = report.pendingConfirmation { lines.append(text(pending)) }
        lines.append(service)
        if let configuration = report.configuration { lines.append(text(configuration)) }
        if !report.listeners.isEmpty { lines.append("listening on \(report.listenersText)") }
        if let page = report.statusPage { lines.append("status page on \(page)") }
        if let counts { lines.append(counts) }
        if let routes = report.routesText { lines.append("routes \(routes)") }
        if let shield = report.shield { lines.append("shield \(shield.text(at: now))") }
        lines += section("certificates", report.certificates.map(text))
        lines += section("orders", report.orders.map { $0.line(at: now) })
        lines += section("upstreams", report.upstreams.map(text))
        lines += section("lists", report.lists.map { $0.line(at: now) })
        lines += section("grants", report.grants.map { $0.text(at: now) })
        lines += section("sources", sources)
        return lines
    }

    private func section(_ title: String, _ entries: [String]) -> [String] {
        entries.isEmpty ? [] : ["", title] + entries.map { "  " + $0 }
    }

    private var service: String {
        var parts = ["gatekeeperd \(report.version)"]
        if let process = report.processIdentifier { parts.append("process \(process)") }
        if let uptime = report.uptime(at: now) { parts.append("up \(TimeText.duration(milliseconds: uptime))") }
        if report.isLeaving { parts.append("leaving") }
        if report.isDraining { parts.append("draining") }
        return parts.joined(separator: ", ")
    }

    private var counts: String? {
        var parts: [String] = []
        if let count = report.openConnections { parts.append("\(Quantity.counted(count, "connection")) open") }
        if let count = report.admittedCount { parts.append("\(count) admitted") }
        if let count = report.deniedCount { parts.append("\(count) denied") }
        if let count = report.requestCount { parts.append(Quantity.counted(count, "request")) }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private func text(_ configuration: StatusReport.ConfigurationState) -> String {
        var text = "configuration generation \(configuration.generation)"
        if let hash = configuration.hash { text += " (\(hash.prefix(12)))" }
        if let file = configuration.file { text += " from \(file)" }
        if let loadedAt = configuration.loadedAt { text += ", loaded \(TimeText.since(loadedAt, until: now))" }
        return text
    }

    private func text(_ pending: StatusReport.PendingConfirmation) -> String {
        let what = pending.file ?? "the new configuration"
        let who = pending.askedBy.map { ", applied by \($0)," } ?? ""
        return "unconfirmed: \(what)\(who) is undone \(TimeText.until(pending.deadline, from: now)) unless `gatekeeperd confirm` keeps it"
    }

    private func text(_ certificate: StatusReport.Certificate) -> String {
        var text = certificate.names.joined(separator: ", ")
        if let expiresAt = certificate.expiresAt {
            let left = expiresAt.milliseconds(since: now)
            text += left > 0 ? "  expires \(TimeText.until(expiresAt, from: now))" : "  EXPIRED \(TimeText.since(expiresAt, until: now))"
            if left > 0, certificate.isEnding(at: now) { text += "  RENEW" }
        }
        if let file = certificate.file { text += "  \(file)" }
        return text
    }

    private func text(_ upstream: StatusReport.Upstream) -> String {
        var text = upstream.url
        if let isUp = upstream.isUp { text += isUp ? "  up" : "  DOWN" }
        if let since = upstream.since { text += " for \(TimeText.duration(milliseconds: now.milliseconds(since: since)))" }
        if let count = upstream.openConnections { text += "  \(Quantity.counted(count, "connection"))" }
        if let failure = upstream.failure { text += "  \(failure)" }
        return text
    }

    private var sources: [String] {
        let shown = report.sources.prefix(StatusReport.sourcesMax).map(text)
        let rest = report.sources.count - shown.count
        return rest > 0 ? shown + ["… and \(rest) more"] : shown
    }

    private func text(_ source: StatusReport.Source) -> String {
        var text = source.address
        if let label = source.label { text += "  \(label)" }
        text += source.lastSeenAt.map { "  seen \(TimeText.since($0, until: now))" } ?? "  never seen"
        if let count = source.openConnections { text += "  \(count) open" }
        if let count = source.admittedCount { text += "  \(count) admitted" }
        if let count = source.requestCount { text += "  \(Quantity.counted(count, "request"))" }
        if source.isShutOut { text += "  shut out" }
        if let until = source.until { text += "  ends \(TimeText.until(until, from: now))" }
        if let origin = source.origin { text += "  (\(origin))" }
        return text
    }
}
