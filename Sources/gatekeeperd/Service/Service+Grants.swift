internal import Gatekeeper

/// Grants that come, go and are used.
extension Service {
    /// The server learns of grants that came or went.
    func adoptGrants(at now: WallTime) {
        server.admit(Self.settings(of: current, ledger, at: now).allow)
    }

    /// Sources that connected by a grant: the first time is worth a line, and the others aren't announced any more.
    func noteAnnouncements(at now: WallTime) {
        let used = server.takeAnnouncements().flatMap { ledger?.recordUse(by: $0, at: now) ?? [] }
        guard !used.isEmpty else { return }
        for grant in used { report(grant, "first_used") }
        adoptGrants(at: now)
    }

    func report(_ grant: Grant, _ state: String, by requester: Requester? = nil) {
        server.event(
            "grant",
            [
                JournalField("state", state), JournalField("address", "\(grant.address)"), JournalField("reason", grant.reason),
                JournalField("until", grant.endsAt.text), JournalField("by", "\(requester ?? grant.madeBy)"),
            ])
    }
}
