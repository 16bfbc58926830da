/// What was tried and didn't succeed, until it does: each of them leaves the service as it was.
struct ServiceFailures: Equatable, Sendable {
    /// The configuration that was last asked for isn't in force.
    var reload: Failure?
    /// Files that it names have changed and can't be used.
    var files: Failure?
    /// Files that have changed and couldn't be read: to be tried again.
    var unread: Set<String> = []
    /// What the configuration file says now can't be used, though nobody has asked for it yet.
    var configuration: Failure?
    /// It names another state folder, where the next start would begin without what is in force in this one.
    var state: Failure?
    var succession: Failure?
    /// The log couldn't be opened where it should be.
    var log: Failure?

    /// One thing takes the place of another of its kind: a configuration that was asked for in vain is the file that can't be used, or that
    /// names another folder.
    mutating func note(_ failure: Failure, as kind: WritableKeyPath<ServiceFailures, Failure?>) {
        self[keyPath: kind] = failure
        if kind == \.reload { (configuration, state) = (nil, nil) }
    }

    /// A configuration came into force that was read whole, with all the files that it names; `kind` is what a failure would have
    /// been noted as, nil for a configuration that isn't the file's.
    mutating func succeed(_ kind: WritableKeyPath<ServiceFailures, Failure?>?) {
        files = nil
        unread = []
        // A renewal reads the text that is in force, and says nothing about what the file says by now.
        guard kind != \.files else { return }
        reload = nil
        if kind == \.reload { (configuration, state) = (nil, nil) }
    }

    struct Failure: Equatable, Sendable {
        var at: WallTime
        /// Why: the first few lines.
        var lines: [String]

        private static let linesKept = 5

        init(at: WallTime, lines: [String]) {
            self.at = at
            self.lines = Array(lines.prefix(Self.linesKept))
        }

        var reason: String { lines.joined(separator: "; ") }
    }
}
