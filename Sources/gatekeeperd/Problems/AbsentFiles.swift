/// Files that the next start needs and that aren't there, or can't be read: what goes on from memory would find out after a restart only.
struct AbsentFiles: Equatable, Sendable {
    private var seen: [String: File] = [:]

    struct File: Equatable, Sendable {
        var path: String
        /// `can't be read: No such file or directory`.
        var obstacle: String
        var since: WallTime
    }

    /// A renewal takes its files away for a moment.
    static let patienceMilliseconds: Int64 = 4_000

    /// Takes in what a look at the files has found: those of `paths` that can't be read, with the reason.
    mutating func follow(_ obstacles: [String: String], at now: WallTime) {
        seen = obstacles.reduce(into: [:]) { next, entry in
            let since = seen[entry.key]?.since ?? now
            next[entry.key] = File(path: entry.key, obstacle: entry.value, since: min(since, now))
        }
    }

    /// Those that are worth a word.
    func files(at now: WallTime) -> [File] {
        seen.values.filter { now.milliseconds(since: $0.since) >= Self.patienceMilliseconds }.sorted { $0.path < $1.path }
    }

    /// Some aren't there, and it isn't clear yet whether they come back.
    func isWaiting(at now: WallTime) -> Bool { files(at: now).count < seen.count }
}
