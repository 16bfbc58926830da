internal import Gatekeeper

/// The files that the configuration names: looked at when an event tells of a change, and from time to time without one.
final class WatchedFiles: TimedPart {
    private let configuration: ConfigurationInForce
    private let parts: ServiceParts
    /// Nil where the kernel watches nothing for us.
    private var watch: FileWatch?
    private var lookAt: Instant

    /// A renewal writes certificate and key, one after the other.
    private static let settleMilliseconds = 500
    /// How often files are looked at without an event: network file systems give none, nor does a folder that was replaced as a whole.
    private static let lookMilliseconds = 60_000

    init(of configuration: ConfigurationInForce, parts: ServiceParts, at now: Moment) {
        self.configuration = configuration
        self.parts = parts
        lookAt = now.instant.advanced(byMilliseconds: Self.lookMilliseconds)
        do throws(SystemError) {
            watch = try FileWatch()
            watch?.watch(configuration.lookedAtPaths)
            // Between the reading and the watching nobody looked.
            if let changed = configuration.source.changedFiles(since: configuration.current) {
                _ = configuration.reloadFiles(changed, at: now.wallTime)
            }
        } catch {
            Console.complain("cannot \(error); a renewed certificate takes a reload")
        }
    }

    /// Readable when there is a reason to look.
    var number: Int32? { watch?.number }

    /// Something has happened in their folders.
    func ring(at now: Moment) {
        watch?.clear()
        // From the first event on, so that a file that changes all the time is read all the same.
        lookAt = min(lookAt, now.instant.advanced(byMilliseconds: Self.settleMilliseconds))
    }

    /// Whatever has put another configuration in force, the files that it names are watched.
    func follow() {
        let paths = configuration.lookedAtPaths
        if let watched = watch?.paths, watched != paths { watch?.watch(paths) }
    }

    var next: DueTime? { .instant(lookAt) }

    func pass(at now: Moment) {
        guard lookAt <= now.instant else { return }
        // Whoever serves by then has read them, or looks itself.
        guard !parts.phase.isHandingOver else {
            lookAt = now.instant.advanced(byMilliseconds: Self.settleMilliseconds)
            return
        }
        let isWaiting = noteAbsentFiles(at: now.wallTime)
        lookAt = now.instant.advanced(byMilliseconds: isWaiting ? Int(AbsentFiles.patienceMilliseconds) : Self.lookMilliseconds)
        var changed = watch?.changed() ?? []
        // Links may lead elsewhere now, changed files or not.
        watch?.watch(configuration.lookedAtPaths)
        let failures = parts.problems.failures
        let index = configuration.source.file.flatMap { changed.firstIndex(of: $0) }
        if let index { changed.remove(at: index) }
        // Whatever it lacked may be there now.
        if index != nil || failures.configuration != nil { configuration.judgeFile(at: now.wallTime) }
        // What failed for want of another file succeeds when that comes back, the same as before.
        changed = Set(changed).union(failures.unread).sorted()
        guard !changed.isEmpty else { return }
        if case .kept(let lines) = configuration.reloadFiles(changed, at: now.wallTime), !lines.isEmpty {
            for line in lines { Console.report(line) }
            Console.complain("files were replaced, but can't be used; what was loaded before stays")
        }
    }

    /// Looks whether the next start would find what it needs.
    ///
    /// - Returns: whether some files are missing that may come back at any moment.
    private func noteAbsentFiles(at now: WallTime) -> Bool {
        var obstacles: [String: String] = [:]
        let awaited = configuration.current.configuration.orderedPaths
        for path in configuration.lookedAtPaths where !awaited.contains(path) {
            do throws(FileFailure) {
                try FileContents.checkReadable(path)
            } catch {
                obstacles[path] = error.problem
            }
        }
        parts.problems.absentFiles.follow(obstacles, at: now)
        return parts.problems.absentFiles.isWaiting(at: now)
    }
}
