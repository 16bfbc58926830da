internal import Gatekeeper

/// Makes a digest of what the ledger has and what the service knows at the moment.
struct DigestMaker {
    let configuration: ConfigurationInForce
    let parts: ServiceParts

    /// Told apart, of those that were turned away; a network of many counts as one.
    private static let topCount = 50

    /// Of the last hours, as many as begin within `seconds`.
    func report(_ query: DigestQuery, at now: Moment) throws(ControlFailure) -> DigestReport {
        guard let ledger = parts.ledger else {
            throw ControlFailure(
                .unavailable,
                "what a digest is made of is kept in the state folder, and this service has none (state: in the configuration)")
        }
        parts.denials.record(at: now.wallTime)
        parts.traffic.look(at: now)
        let hour = query.firstHour(at: now.wallTime)
        let since = WallTime(hour: hour)
        let allow = configuration.current.configuration.settings.allow
        let away = try ledger.report(
            since: since, top: Self.topCount,
            listing: { [plane = parts.plane] in plane.allowEntry(for: $0, nowUnixSeconds: now.wallTime.milliseconds / 1000) },
            at: now.wallTime)
        var report = DigestReport(host: HostName.own, since: since, until: now.wallTime, away: away)
        let newcomers = ledger.newSources(since: hour)
        var sources: [String: TrafficHour] = [:]
        for (_, door, traffic) in ledger.trafficHours(since: hour) {
            report.door = report.door + door
            sources.merge(traffic, uniquingKeysWith: +)
        }
        report.sources = sources.map { DigestReport.Source(name: $0.key, traffic: $0.value, isNew: newcomers.contains($0.key)) }
            .sorted { ($1.traffic.requests, $0.name) < ($0.traffic.requests, $1.name) }
        report.silences = parts.silences.silences
        report.returned = ledger.silences(since: since).filter { $0.backAt != nil }
        report.neverSeen = neverSeen(allow, sources)
        if let counts = ledger.newStrangers(since: hour) { (report.strangerCount, report.newStrangerCount) = counts }
        let peers = away.sources.map(\.address)
        let known = ledger.knownStrangers(peers, before: hour)
        report.strangers = peers.map { peer in
            DigestReport.Stranger(
                address: peer, isNew: !known.contains(peer), nearness: CandidateRanking.neighbour(of: peer, among: allow))
        }
        report.problems = parts.problems.problems
        report.certificates = parts.certificates.certificates.map {
            StatusReport.Certificate(
                file: $0.file, names: $0.names, startsAt: $0.lifetime.start, expiresAt: $0.endsAt, fingerprint: $0.fingerprint)
        }
        report.changes = ledger.changes(since: since)
        report.grants = ledger.grantHistory().filter { $0.madeAt >= since }
        report.missing = missing(ledger, since: since, at: now.wallTime)
        return report
    }

    /// Labels none of whose entries has ever come.
    private func neverSeen(_ allow: [Settings.AllowEntry], _ sources: [String: TrafficHour]) -> [String] {
        var seen: Set<String> = []
        var names: [String] = []
        for entry in allow {
            let name = entry.label ?? "\(entry.prefix)"
            if parts.sources.history[entry.prefix]?.seenAt != nil || sources[name] != nil { seen.insert(name) }
            if !names.contains(name), names.count < 100 { names.append(name) }
        }
        return names.filter { !seen.contains($0) }
    }

    /// What a process that ended without a word took with it.
    private func missing(_ ledger: ServiceLedger, since: WallTime, at now: WallTime) -> [String] {
        var missing = ledger.runs(since: since, but: parts.traffic.run).filter { run in
            run.ended == nil && !parts.traffic.isPredecessor(run)
        }.flatMap { run in
            let untold = run.untoldSince.map { since in
                "who was turned away from \(since.text) to \(run.seen.text) isn't counted: nobody read the log"
            }
            return ["killed after \(run.seen.text); its last second isn't counted"] + [untold].compactMap(\.self)
        }
        if let untold = parts.denials.untold() { missing.insert(untold.text, at: 0) }
        if let warning = parts.ledger?.troubles.first { missing.append(warning.text) }
        return missing
    }
}
