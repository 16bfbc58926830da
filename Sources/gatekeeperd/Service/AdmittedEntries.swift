internal import Gatekeeper

/// Whom the server is to admit: whom the configuration lists, what was accepted of lists that change, and whom grants name, as far as no lockdown
/// is in the way.
///
/// Whoever is shut out stays on the list, marked: who is turned away for the lockdown alone is told apart from a stranger.
struct AdmittedEntries {
    /// Nil without a state folder.
    let ledger: ServiceLedger?
    let lockdown: LockdownInForce
    let lists: ListsInForce

    /// Settings as the server is to have them at this moment.
    func settings(_ configuration: Configuration, at now: WallTime) -> Settings {
        var settings = configuration.settings
        settings.allow = allow(settings.allow + lists.entries(of: configuration.lists.map(\.value)), at: now)
        return settings
    }

    /// - Parameter configured: the list of the configuration in force.
    func current(_ configured: [Settings.AllowEntry], at now: WallTime) -> [Settings.AllowEntry] {
        allow(configured + lists.entries, at: now)
    }

    private func allow(_ configured: [Settings.AllowEntry], at now: WallTime) -> [Settings.AllowEntry] {
        let grants = ledger?.active(at: now) ?? []
        guard let lockdown = lockdown.current else { return configured + grants.map(ServiceLedger.entry(of:)) }
        return configured.map { entry in
            var entry = entry
            entry.lockdown = lockdown.effect(on: entry, at: now)
            return entry
        }
            + grants.map { grant in
                var entry = ServiceLedger.entry(of: grant)
                entry.lockdown = lockdown.effect(on: grant)
                return entry
            }
    }
}
