/// Has something in force that lies in the state folder.
protocol StateKeeper {
    /// What that is, as in `a lockdown would stay behind in /var/lib/gatekeeper`, if the service went on in another one; nil for nothing.
    ///
    /// - Parameter next: the configuration that names the other folder.
    func kept(before next: Configuration, at now: WallTime) -> String?
}

/// Whether the service can go on in another state folder. It never takes one while it runs, and what is in force in this one is known to nobody
/// who begins in the other.
struct StateInForce {
    /// In which the service began; nil where nothing outlives it.
    let folder: String?
    let keepers: [any StateKeeper]

    /// Why this configuration can't come into force without a restart, or be another process's; nil if it can.
    func obstacle(to next: Configuration, at now: WallTime) -> String? {
        guard let loss = loss(by: next, at: now) else { return nil }
        let way =
            folder == nil || next.statePath == nil
            ? "it takes a restart (systemctl restart gatekeeperd), which begins without that"
            : "another folder takes a restart: stop the service, move what is to go on, and start it"
        return "\(Self.obstaclePrefix)\(loss), so \(way); until then nothing of this configuration is in force"
    }

    private static let obstaclePrefix = "state: "

    static func isObstacle(_ line: String) -> Bool { line.hasPrefix(obstaclePrefix) }

    /// What a start by this configuration would begin without: `the ledger would stay behind in /var/lib/gatekeeper`; nil for nothing.
    func loss(by next: Configuration, at now: WallTime) -> String? {
        guard next.statePath != folder else { return nil }
        let kept = keepers.compactMap { $0.kept(before: next, at: now) }
        guard let last = kept.last else { return nil }
        let before = kept.dropLast().joined(separator: ", ")
        return "\(before)\(before.isEmpty ? "" : " and ")\(last) would stay behind in \(folder ?? "this process")"
    }
}
