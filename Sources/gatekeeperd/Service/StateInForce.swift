/// Has something in force that lies in the state folder.
protocol StateKeeper {
    /// What that is, where it would stay behind in the folder if the service went on in another one; nil for nothing.
    ///
    /// - Parameter next: the configuration that names the other folder.
    func kept(before next: Configuration, at now: WallTime) -> KeptState?
}

/// Something that is in force and lies in the state folder.
struct KeptState: Equatable {
    /// As in `a lockdown is kept in /var/lib/gatekeeper`.
    var text: String
    /// What makes it none, where there is such a thing.
    var advice: String?
}

/// Whether the service can go on in another state folder. It never takes one while it runs, and what is in force in this one is known to nobody
/// who begins in the other.
struct StateInForce {
    /// In which the service began; nil where nothing outlives it.
    let folder: String?
    let keepers: [any StateKeeper]

    /// Why this configuration can't come into force without a restart, or be another process's; nil if it can.
    func obstacle(to next: Configuration, at now: WallTime) -> String? {
        let kept = kept(before: next, at: now)
        guard let loss = Self.loss(of: kept, folder) else { return nil }
        let advice = kept.compactMap(\.advice).map { "; \($0)" }.joined()
        return "state: \(loss), so another folder takes a restart (systemctl restart gatekeeperd), with what is to go on moved there before"
            + "\(advice); until then nothing of this configuration is in force"
    }

    /// What a start by this configuration would begin without: `the ledger would stay behind in /var/lib/gatekeeper`; nil for nothing.
    func loss(by next: Configuration, at now: WallTime) -> String? { Self.loss(of: kept(before: next, at: now), folder) }

    private func kept(before next: Configuration, at now: WallTime) -> [KeptState] {
        next.statePath == folder ? [] : keepers.compactMap { $0.kept(before: next, at: now) }
    }

    private static func loss(of kept: [KeptState], _ folder: String?) -> String? {
        guard let last = kept.last else { return nil }
        let before = kept.dropLast().map(\.text).joined(separator: ", ")
        return "\(before)\(before.isEmpty ? "" : " and ")\(last.text) would stay behind in \(folder ?? "this process")"
    }
}
