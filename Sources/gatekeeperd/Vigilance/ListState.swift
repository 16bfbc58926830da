internal import Gatekeeper

/// One list: what is admitted of it, what was found at the last looks, and what waits for a person. Knows no disk, no network and no clock.
struct ListState: Equatable, Sendable {
    var source: ListSource
    private(set) var accepted = Accepted()
    private(set) var proposal: ListReport.Proposal?
    private(set) var failure: ListReport.Failure?
    private(set) var lookedAt: WallTime?
    /// What somebody has seen, and may accept without naming it.
    private(set) var shownDigest: String?

    /// What is admitted, since when and by whom.
    struct Accepted: Equatable, Sendable {
        var entries: [AddressPrefix] = []
        /// When each of them came onto it; one that went and came again began anew.
        var listedAt: [AddressPrefix: WallTime] = [:]
        var at: WallTime?
        var by: Requester?

        init() {}

        /// In the place of `before`.
        init(entries: [AddressPrefix], after before: Accepted, at now: WallTime, by requester: Requester? = nil) {
            self.entries = entries
            let known = Set(before.entries)
            for entry in entries { listedAt[entry] = known.contains(entry) ? before.listedAt[entry] ?? before.at : now }
            (at, by) = (now, requester)
        }
    }

    /// What outlives the process.
    struct Kept: Equatable, Sendable {
        var accepted = Accepted()
        var proposal: Proposed?

        /// What was found and waits for a person.
        struct Proposed: Equatable, Sendable {
            var entries: [AddressPrefix]
            var since: WallTime
            /// Somebody has seen it.
            var isShown: Bool
            /// Where it was found, as `ListSource.placeDigest` has it; nil where that isn't known.
            var place: String?
        }
    }

    init(_ source: ListSource, kept: Kept = Kept()) {
        self.source = source
        accepted = kept.accepted
        // Who names another page for a label doesn't trust what was found at the one before.
        guard source.isProposed, let waiting = kept.proposal, waiting.place == source.placeDigest else { return }
        proposal = proposal(of: waiting.entries, since: waiting.since)
        if waiting.isShown { shownDigest = proposal?.digest }
    }

    var kept: Kept {
        Kept(
            accepted: accepted,
            proposal: proposal.map {
                Kept.Proposed(entries: $0.entries, since: $0.since, isShown: $0.digest == shownDigest, place: source.placeDigest)
            })
    }

    static func digest(of entries: [AddressPrefix]) -> String {
        let text = entries.map(\.description).sorted().joined(separator: "\n")
        return String(Fingerprint.sha256(of: Array(text.utf8)).prefix(8))
    }

    enum Change: Equatable {
        case none
        case proposed
        /// Of a name: admitted now.
        case replaced(added: [AddressPrefix], removed: [AddressPrefix])
        case failed
    }

    /// What a look has found.
    mutating func take(_ outcome: ListFetch.Outcome, at now: WallTime) -> Change {
        let reason: (text: String, isRefusal: Bool)
        switch outcome {
        case .entries(let entries):
            lookedAt = now
            failure = nil
            return take(entries, at: now)
        case .unreachable(let text): reason = (text, false)
        case .refused(let text):
            reason = (text, true)
            // What isn't there any more can't be accepted.
            proposal = nil
        }
        let isNews = failure?.reason != reason.text || failure?.isRefusal != reason.isRefusal
        failure = ListReport.Failure(reason: reason.text, since: failure?.since ?? now, isRefusal: reason.isRefusal)
        return isNews ? .failed : .none
    }

    private mutating func take(_ entries: [AddressPrefix], at now: WallTime) -> Change {
        guard let next = proposal(of: entries, since: now) else {
            proposal = nil
            return .none
        }
        guard source.isProposed else {
            accepted = Accepted(entries: entries, after: accepted, at: now)
            return .replaced(added: next.added, removed: next.removed)
        }
        guard proposal?.digest != next.digest else { return .none }
        proposal = next
        shownDigest = nil
        return .proposed
    }

    /// Nil where these are admitted already.
    private func proposal(of entries: [AddressPrefix], since: WallTime) -> ListReport.Proposal? {
        let (before, after) = (Set(accepted.entries), Set(entries))
        let (added, removed) = (entries.filter { !before.contains($0) }, accepted.entries.filter { !after.contains($0) })
        guard !added.isEmpty || !removed.isEmpty else { return nil }
        return ListReport.Proposal(entries: entries, since: since, digest: Self.digest(of: entries), added: added, removed: removed)
    }

    mutating func markShown() { shownDigest = proposal?.digest }

    /// Admits what is proposed.
    ///
    /// - Parameter digest: of what was shown; nil for what was shown last.
    /// - Returns: the proposal, which is admitted now.
    mutating func accept(_ digest: String?, by requester: Requester, at now: WallTime) throws(ValueMistake) -> ListReport.Proposal {
        guard source.isProposed else { throw ValueMistake("\(source.name) needs nobody's consent: it is admitted as it is") }
        guard let proposal else { throw ValueMistake("nothing is proposed for \(source.label)") }
        guard (digest ?? shownDigest) == proposal.digest else {
            let what = digest == nil ? "nobody has been shown what is proposed now" : "something else is proposed by now"
            throw ValueMistake("\(what): see `gatekeeperd lists`, and accept it with --digest \(proposal.digest)")
        }
        accepted = Accepted(entries: proposal.entries, after: accepted, at: now, by: requester)
        self.proposal = nil
        return proposal
    }

    /// What another process has taken.
    mutating func admit(_ accepted: Accepted) { self.accepted = accepted }

    /// As entries of the allow-list.
    var allowEntries: [Settings.AllowEntry] {
        accepted.entries.map { Settings.AllowEntry(prefix: $0, label: source.label, origin: ListReport.origin(source.label)) }
    }

    var report: ListReport {
        ListReport(
            label: source.label, name: source.name, isProposed: source.isProposed, entries: accepted.entries,
            listedAt: accepted.listedAt, acceptedAt: accepted.at, acceptedBy: accepted.by, proposal: proposal, lookedAt: lookedAt,
            failure: failure)
    }
}
