internal import Gatekeeper

/// A configuration from another file, in force until its time is up or somebody confirms it; then the one before it comes back.
///
/// ```
///   apply ──▶ pending ──confirm──▶ it stays
///                │ └──reload, another apply──▶ over
///                └──time is up──▶ the one before comes back
/// ```
final class Confirmation: TimedPart {
    private let configuration: ConfigurationInForce
    private let parts: ServiceParts
    private var waiting: (pending: PendingConfiguration, before: ConfigurationSource.Reading)?

    /// - Parameter resumed: what `resume` has put in force, and what comes back otherwise.
    init(
        of configuration: ConfigurationInForce, parts: ServiceParts,
        resumed: (pending: PendingConfiguration, before: ConfigurationSource.Reading)? = nil
    ) {
        self.configuration = configuration
        self.parts = parts
        waiting = resumed
    }

    /// What waits to be confirmed.
    var pending: PendingConfiguration? { waiting?.pending }

    /// A start's configuration: what waits for its confirmation goes on over a restart; if its time was up meanwhile, it is over.
    static func resume(
        _ reading: ConfigurationSource.Reading, from source: ConfigurationSource, ledger: ServiceLedger?, at now: WallTime
    ) -> (reading: ConfigurationSource.Reading, pending: PendingConfiguration?) {
        guard let pending = ledger?.rememberedPending() else { return (reading, nil) }
        if pending.endsAt > now {
            do {
                let resumed = try source.read(text: pending.text, named: pending.file)
                // Which programs are run is what root's file says now, whatever was asked for before.
                if resumed.configuration.runsSamePrograms(as: reading.configuration) { return (resumed, pending) }
                Console.complain("\(pending.file) has other programs run than the configuration file")
            } catch {
                for line in error.lines { Console.report(line) }
            }
        }
        Console.complain("\(pending.file) was not confirmed; the configuration before it is in force")
        ledger?.forgetPending()
        return (reading, nil)
    }

    // MARK: What is asked for

    /// Puts the text of another file in the place of the configuration's, as if it stood there: relative paths are relative to the
    /// configuration's folder. On disk nothing changes until it is confirmed.
    func apply(
        file: String, confirmWithinSeconds seconds: Int?, by requester: Requester, at now: WallTime
    ) throws(ControlFailure) -> ReloadReport {
        try parts.phase.checkMayChange()
        let source = configuration.source
        guard source.file != nil else {
            throw ControlFailure(.invalid, "this service was started with flags and has no configuration file that another could replace")
        }
        let text: [UInt8]
        do {
            text = try FileContents.read(file, bytesMax: YAMLReader.fileBytesMax)
        } catch {
            throw ControlFailure(.invalid, "\(error)")
        }
        let next: ConfigurationSource.Reading
        let mayRunPrograms: Bool
        do throws(ConfigurationError) {
            next = try source.read(text: text, named: file)
            // Whoever may command the service isn't thereby one who may have it run programs.
            let runsOthers = !next.configuration.runsSamePrograms(as: configuration.current.configuration)
            mayRunPrograms = requester.user == 0 || !runsOthers
            if runsOthers, mayRunPrograms { try next.configuration.checkPrograms(in: file) }
        } catch {
            return configuration.keep(error.lines, askedBy: "\(requester)", as: nil, at: now)
        }
        guard mayRunPrograms else {
            throw ControlFailure(
                .invalid, "\(file) has other programs run than the configuration in force (notify: command); root alone may apply that")
        }
        let before = waiting?.before ?? configuration.current
        let report = configuration.bringInForce(next, askedBy: "\(requester)", at: now, failingAs: nil)
        guard case .applied(var applied) = report else { return report }
        configuration.judgeFile(at: now)
        guard let seconds, let text = next.text else {
            end()
            if let own = source.file, own != file {
                applied.warnings.append("a reload or a restart takes what \(own) says: make it say the same")
            }
            return .applied(applied)
        }
        let pending = PendingConfiguration(
            file: file, text: text, endsAt: now.advanced(byMilliseconds: Int64(seconds) * 1000), askedBy: requester)
        waiting = (pending, before)
        applied.confirmBefore = pending.endsAt
        if let problem = parts.ledger == nil ? "there is no state folder" : parts.ledger?.remember(pending) {
            applied.warnings.append("\(problem); a restart before the confirmation brings the old configuration back at once")
        }
        return .applied(applied)
    }

    func confirm(by requester: Requester, at now: WallTime) throws(ControlFailure) -> ConfirmReport {
        try parts.phase.checkMayChange()
        guard let pending else { throw ControlFailure(.missing, "nothing waits to be confirmed") }
        end()
        configuration.takeAsOwn()
        let generation = configuration.generation
        parts.plane.event("confirmed", [JournalField("generation", generation), JournalField("by", "\(requester)")])
        return ConfirmReport(
            generation: generation, file: pending.file, target: configuration.source.file,
            text: String(decoding: pending.text, as: UTF8.self))
    }

    /// Nothing waits any more: something else is in force.
    func end() {
        guard waiting != nil else { return }
        waiting = nil
        parts.ledger?.forgetPending()
    }

    // MARK: Time

    /// A successor that is on its way has it from the ledger.
    var next: DueTime? { parts.phase.isHandingOver ? nil : waiting.map { .calendar($0.pending.endsAt) } }

    func pass(at now: Moment) {
        guard let (pending, before) = waiting, let next, next.isDue(at: now) else { return }
        end()
        bringBack(before, because: "\(pending.file) was not confirmed", at: now.wallTime)
    }

    private func bringBack(_ before: ConfigurationSource.Reading, because reason: String, at now: WallTime) {
        let source = configuration.source
        // With the files that it names as they are now, if they can still be used.
        var next = (try? source.read(text: before.text)) ?? before
        // Nobody has asked for lists that turned empty meanwhile.
        let emptied = next.configuration.keepLists(of: configuration.current.configuration)
            .union(next.configuration.keepLists(of: before.configuration))
        guard case .kept = configuration.bringInForce(next, askedBy: reason, at: now, failingAs: nil) else {
            if !emptied.isEmpty {
                _ = configuration.keep(next.configuration.lines(ofEmptied: emptied), askedBy: reason, as: \.files, at: now)
            }
            return
        }
        // A file it names is gone since. What is on disk may be better than what nobody confirmed.
        _ = configuration.reload(askedBy: reason, at: now)
    }
}
