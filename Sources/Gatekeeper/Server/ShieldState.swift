/// The shield as the control thread knows it: whether there is one, and since when it is as it is.
struct ShieldState: Sendable {
    /// Nil where it isn't asked: the settings say never, or that strangers are dropped always; or the kernel has refused.
    private(set) var shield: Shield?
    /// Since the shield was last raised or lowered, in milliseconds since 1970.
    var sinceMilliseconds = System.wallMilliseconds()
    /// Why it can't be raised, once a flood has found that out.
    var obstacle: SystemError?
    /// Another process of the service may be about to accept on our sockets: their filters are left alone.
    var isLent = false

    init(_ settings: Settings, at now: Instant, _ counts: Shield.Counts) {
        guard settings.onDeny != .drop, let rule = settings.shield else { return }
        shield = Shield(rule, at: now, counts)
    }

    var isUp: Bool { shield?.isUp ?? false }

    /// Whether it is up and stays up under other settings.
    func isUp(by settings: Settings) -> Bool {
        isUp && settings.onDeny != .drop && settings.shield == shield?.settings
    }

    mutating func turn(at now: Instant, _ counts: Shield.Counts) -> Shield.Change? {
        guard let change = shield?.turn(at: now, counts) else { return nil }
        sinceMilliseconds = System.wallMilliseconds()
        return change
    }

    /// Takes up what other settings say of it; true if that ends what was.
    mutating func follow(_ settings: Settings, at now: Instant, _ counts: Shield.Counts) -> Bool {
        let next = ShieldState(settings, at: now, counts)
        guard next.shield?.settings != shield?.settings, obstacle == nil || next.shield == nil else { return false }
        let isLent = isLent
        self = next
        self.isLent = isLent
        return true
    }

    /// Raising it has failed. Without the privilege it would again; anything else may pass, so the next alarm tries anew.
    mutating func fail(because error: SystemError, at now: Instant, _ counts: Shield.Counts) {
        guard error.isLackOfPrivilege else { return shield = shield.map { Shield($0.settings, at: now, counts) } }
        shield = nil
        obstacle = error
    }
}
