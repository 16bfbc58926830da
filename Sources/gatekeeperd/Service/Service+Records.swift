internal import Gatekeeper

/// What the ledger is told from time to time: who was denied, and who came.
extension Service {
    // MARK: Denials

    /// Readable when there is something to record.
    var denialDescriptor: Int32 { server.denialDescriptor }

    /// Writes down who was denied since the last time; what the disk refuses is tried again with what comes next.
    ///
    /// - Parameter isLast: there is no next time and no log any more.
    func recordDenials(at now: WallTime, isLast: Bool = false) {
        let taken = server.takeDenials()
        problemBook.limited.count(taken, at: now, name: server.label)
        guard let ledger, ledger.keepsDenials, case .failed(let error, let isNews) = ledger.record(taken, at: now) else { return }
        let count = taken.reduce(0) { $0 &+ $1.count }
        if isLast {
            let denials = "\(Quantity.counted(count, "denial")) \(count == 1 ? "is" : "are")"
            return Console.complain("\(denials) in the log, but not in the ledger: \(error)")
        }
        server.putBackDenials(taken)
        problemBook.limited.passOver(taken)
        if isNews {
            server.event("ledger_failed", [JournalField("error", ConcealedValues.hide(in: "\(error)")), JournalField("denials", count)])
        }
    }

    // MARK: Sources

    /// Writes down when each source was last seen; what the disk refuses is tried again the next time.
    func recordSources(at now: WallTime) {
        history.note(server.lastSeen())
        guard let ledger, ledger.record(history) else { return }
        history.isChanged = false
    }
}
