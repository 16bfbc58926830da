internal import Gatekeeper
internal import Synchronization

/// Lists that change, from one configuration to the next: looked at on threads of their own, so that nobody waits; admitted once a person says so,
/// or (names) as they are.
final class ListsInForce: TimedPart {
    /// Called on a thread of its own, and may wait.
    typealias Fetch = @Sendable (ListSource) -> ListFetch.Outcome

    /// Nil until somebody serves.
    private var plane: (any DataPlane)?
    private let store: ListStore?
    private let fetch: Fetch
    /// Has the server learn of what is admitted now.
    private var didChange: (WallTime) -> Void = { _ in }
    private var states: [Entry] = []
    /// As the disk has it, also of lists that the configuration doesn't name now.
    private var kept: [String: ListState.Kept] = [:]
    /// Why that can't be read, or written.
    private(set) var trouble: String?
    /// What is on the disk isn't ours to read, and is set aside before it is written over.
    private var isIllegible = false
    /// Some of what the disk has isn't to be there any more. Written down by whoever serves, not by whoever has handed over.
    private var hasForgotten = false
    private var results: Results?
    private var underWay = 0

    private struct Entry {
        var state: ListState
        var isUnderWay = false
        var looksAt: Instant
        /// When the last look began.
        var lookedAt: Instant?
    }

    /// What looks came to, for the control thread to fetch.
    private final class Results: Sendable {
        let bell: ReadinessPipe
        private let list = Mutex<[(source: ListSource, outcome: ListFetch.Outcome)]>([])

        init() throws(SystemError) {
            bell = try ReadinessPipe()
        }

        func add(_ source: ListSource, _ outcome: ListFetch.Outcome) {
            list.withLock { $0.append((source, outcome)) }
            ReadinessPipe.speak(on: bell.writing)
        }

        func take() -> [(source: ListSource, outcome: ListFetch.Outcome)] {
            list.withLock { results in
                defer { results = [] }
                return results
            }
        }
    }

    private static let underWayMax = 4
    private static let hostsMilliseconds = 60_000
    /// Between two looks at least, however often a configuration comes into force.
    private static let restMilliseconds = 5_000
    /// After a look that came to nothing.
    private static let retryMilliseconds = 600_000

    init(_ sources: [ListSource], folder: String?, fetch: @escaping Fetch = ListFetch.fetch, at now: Instant) {
        self.fetch = fetch
        store = folder.map { ListStore(folder: $0) }
        readStore()
        follow(sources, at: now)
    }

    /// From now on lists are looked at, and `didChange` is told of whatever is admitted or not any more.
    func serve(on plane: any DataPlane, didChange: @escaping (WallTime) -> Void) {
        self.plane = plane
        self.didChange = didChange
    }

    // MARK: What is so

    /// Whom these lists admit, as entries of the allow-list.
    func entries(of sources: [ListSource]) -> [Settings.AllowEntry] {
        sources.flatMap { source in
            ListState(source, kept: ListState.Kept(accepted: kept[source.key]?.accepted ?? ListState.Accepted())).allowEntries
        }
    }

    var entries: [Settings.AllowEntry] { entries(of: states.map(\.state.source)) }
    var reports: [ListReport] { states.map(\.state.report) }

    /// Another configuration is in force. Each of its lists is looked at again at once: whoever reloads may know of news.
    func follow(_ sources: [ListSource], at now: Instant) {
        forgetProposals(but: Set(sources.map(\.key)))
        states = sources.map { source in
            var entry =
                states.first { $0.state.source == source }
                ?? Entry(state: ListState(source, kept: kept[source.key] ?? ListState.Kept()), looksAt: now)
            let soonest = entry.lookedAt.map { max(now, $0.advanced(byMilliseconds: Self.restMilliseconds)) } ?? now
            entry.looksAt = min(entry.looksAt, soonest)
            return entry
        }
    }

    /// Goes by what another process has written, which keeps the file by now; true if others are admitted.
    func followStore() -> Bool {
        let before = entries.map(\.prefix)
        readStore()
        for index in states.indices { states[index].state.admit(kept[states[index].state.source.key]?.accepted ?? ListState.Accepted()) }
        return entries.map(\.prefix) != before
    }

    // MARK: What is asked for

    /// What there is, and from now on it has been shown.
    func show() -> [ListReport] {
        for index in states.indices {
            states[index].state.markShown()
            keepProposal(of: states[index].state)
        }
        return reports
    }

    /// Since when an entry of the list with this label is admitted; nil where that isn't known.
    func listedAt(_ prefix: AddressPrefix, label: String) -> WallTime? {
        states.first { $0.state.source.label == label }?.state.accepted.listedAt[prefix]
    }

    /// Admits what is proposed for this label, once it is on the disk.
    func accept(
        _ label: String, digest: String?, by requester: Requester, at now: WallTime
    ) throws(ControlFailure) -> (report: ListReport, taken: ListReport.Proposal) {
        guard let index = states.firstIndex(where: { $0.state.source.label == label }) else {
            let labels = states.map(\.state.source.label)
            let hint =
                Suggestion.question(about: label, among: labels)
                ?? (labels.isEmpty ? " (url under allow in the configuration makes one)" : " (\(labels.joined(separator: ", ")))")
            throw ControlFailure(.missing, "no list is called \(Quantity.quoted(label))\(hint)")
        }
        var state = states[index].state
        let taken: ListReport.Proposal
        do throws(ValueMistake) {
            taken = try state.accept(digest, by: requester, at: now)
        } catch {
            throw ControlFailure(.missing, error.message)
        }
        if let failure = keep(state) { throw ControlFailure(.unavailable, "nothing has changed: \(failure)") }
        states[index].state = state
        tell("accepted", state.source, taken, by: requester)
        didChange(now)
        return (state.report, taken)
    }

    // MARK: Time

    /// Readable when a look has come to something; nil while none is under way.
    var number: Int32? { underWay == 0 ? nil : results?.bell.reading.number }

    /// To be called when `number` is readable.
    func ring() {
        if let results { _ = ReadinessPipe.hasSpoken(results.bell.reading) }
    }

    var next: DueTime? {
        guard underWay < Self.underWayMax else { return nil }
        return states.lazy.filter { !$0.isUnderWay }.map(\.looksAt).min().map { .instant($0) }
    }

    /// Takes in what was found, and begins to look where it is time.
    func pass(at now: Moment) {
        if hasForgotten {
            hasForgotten = false
            if !isIllegible, let failure = write(kept) { trouble = failure }
        }
        for (source, outcome) in results?.take() ?? [] { finish(source, outcome, at: now) }
        for index in states.indices where !states[index].isUnderWay && states[index].looksAt <= now.instant {
            guard underWay < Self.underWayMax else { return }
            begin(index, at: now)
        }
    }

    private func begin(_ index: Int, at now: Moment) {
        let source = states[index].state.source
        underWay += 1
        states[index].isUnderWay = true
        states[index].lookedAt = now.instant
        do throws(SystemError) {
            let (results, fetch) = (try openResults(), fetch)
            try Thread(name: "list") { results.add(source, fetch(source)) }.detach()
        } catch {
            finish(source, .unreachable("cannot \(error)"), at: now)
        }
    }

    private func openResults() throws(SystemError) -> Results {
        if let results { return results }
        let opened = try Results()
        results = opened
        return opened
    }

    private func finish(_ source: ListSource, _ outcome: ListFetch.Outcome, at now: Moment) {
        underWay -= 1
        guard let index = states.firstIndex(where: { $0.state.source == source }) else { return }
        states[index].isUnderWay = false
        var state = states[index].state
        let change = state.take(outcome, at: now.wallTime)
        states[index].looksAt = now.instant.advanced(byMilliseconds: Self.pause(source, outcome))
        switch change {
        case .none: break
        case .failed:
            let reason = state.failure?.reason ?? ""
            plane?.event("list", [JournalField("state", "failed"), JournalField("label", source.label), JournalField("error", reason)])
        case .proposed:
            if let proposal = state.proposal { tell("proposed", source, proposal) }
        case .replaced(let added, let removed):
            // Kept or not: it is asked anew each minute.
            if let failure = keep(state) {
                kept[source.key] = state.kept
                trouble = failure
            }
            states[index].state = state
            let proposal = ListReport.Proposal(
                entries: state.accepted.entries, since: now.wallTime, digest: "", added: added, removed: removed)
            tell("changed", source, proposal)
            didChange(now.wallTime)
        }
        states[index].state = state
        keepProposal(of: state)
    }

    private static func pause(_ source: ListSource, _ outcome: ListFetch.Outcome) -> Int {
        guard case .url(let page) = source.way else { return hostsMilliseconds }
        if case .unreachable = outcome { return min(retryMilliseconds, page.everySeconds * 1000) }
        return page.everySeconds * 1000
    }

    private func tell(_ word: String, _ source: ListSource, _ proposal: ListReport.Proposal, by requester: Requester? = nil) {
        plane?.event(
            "list",
            [JournalField("state", word), JournalField("label", source.label)]
                + (proposal.digest.isEmpty ? [] : [JournalField("digest", proposal.digest)])
                + [
                    JournalField("added", Self.text(proposal.added)), JournalField("removed", Self.text(proposal.removed)),
                    JournalField("entries", proposal.entries.count),
                ] + (requester.map { [JournalField("by", "\($0)")] } ?? []))
    }

    /// A line of the log holds so many and the number of the others.
    private static let toldMax = 50

    private static func text(_ entries: [AddressPrefix]) -> String {
        let shown = entries.prefix(toldMax).map(\.description).joined(separator: " ")
        return entries.count > toldMax ? "\(shown) … (\(entries.count))" : shown
    }

    // MARK: The disk

    private func readStore() {
        guard let store else { return }
        do throws(FileFailure) {
            kept = try store.read()
            (trouble, isIllegible) = (nil, false)
        } catch {
            trouble = "\(error.path) \(error.problem); nobody is admitted by a list until it is accepted anew"
            isIllegible = true
        }
    }

    /// Nil, or why it isn't on the disk; then what was kept stays.
    private func keep(_ state: ListState) -> String? {
        var next = kept
        next[state.source.key] = state.kept
        return write(next)
    }

    /// Nil, or why it isn't on the disk; then what was kept stays.
    private func write(_ next: [String: ListState.Kept]) -> String? {
        guard let store else { return "there is no state folder" }
        do throws(SystemError) {
            if isIllegible { _ = try StateFolder.setAside(store.path, suffixes: [""], as: store.path + ".corrupt") }
            isIllegible = false
            try store.write(next)
            (kept, trouble) = (next, nil)
            return nil
        } catch {
            return "what lists admit, and what waits to be accepted, can't be written: cannot \(error)"
        }
    }

    /// A list that comes back is looked at before anything of it can be accepted.
    private func forgetProposals(but keys: Set<String>) {
        let gone = kept.keys.filter { !keys.contains($0) && kept[$0]?.proposal != nil }
        guard !gone.isEmpty else { return }
        for key in gone { kept[key]?.proposal = nil }
        hasForgotten = true
    }

    /// What waits for a person, on the disk as it is here. Not in the place of a file that can't be understood, which a person may yet mend;
    /// without it only the next process has to look again.
    private func keepProposal(of state: ListState) {
        guard store != nil, !isIllegible else { return }
        let isOther = (kept[state.source.key] ?? ListState.Kept()).proposal != state.kept.proposal
        guard isOther || trouble != nil else { return }
        if let failure = keep(state) { trouble = failure }
    }
}

extension ListsInForce: StateKeeper {
    func kept(before next: Configuration, at now: WallTime) -> String? {
        // Without a folder there is none, and nothing can be accepted before there is one.
        let isAny = store == nil ? !next.lists.isEmpty : states.contains { $0.state.kept != ListState.Kept() }
        return isAny ? "what is accepted of lists" : nil
    }
}
