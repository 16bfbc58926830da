internal import Gatekeeper

/// What needs an admin's attention.
extension Service {
    /// Judges anew what is wrong, and tells the log of what began and of what is over.
    func judgeProblems(at now: WallTime) {
        let book = problemBook
        book.followClock(now, MonotonicClock.now())
        book.limited.forget(at: now)
        let change = book.follow(circumstances(at: now))
        for problem in change.over { server.event("problem_over", Self.fields(of: problem)) }
        for problem in change.begun { server.event("problem", Self.fields(of: problem)) }
    }

    private func circumstances(at now: WallTime) -> Circumstances {
        var circumstances = Circumstances(at: now)
        circumstances.configurationFile = source.file
        circumstances.failures = problemBook.failures
        circumstances.warnings = current.configuration.warnings
        circumstances.allowListIsEmpty = current.configuration.settings.allow.isEmpty && (ledger?.active(at: now) ?? []).isEmpty
        circumstances.shieldDoubt = shieldDoubt
        circumstances.absentAddresses = server.absentListeners.lazy.filter { !$0.isFree }.map(\.address)
        if let page = statusListener?.address, !page.isHere { circumstances.absentStatusAddress = page }
        circumstances.loadedAt = loadedAt
        circumstances.certificates = certificates
        circumstances.authorities = problemBook.authorities
        circumstances.absentFiles = problemBook.absentFiles.files(at: now)
        circumstances.upstreams = server.upstreams
        circumstances.answers = server.answerRuns
        circumstances.limited = problemBook.limited.current
        circumstances.log = server.logTrouble
        circumstances.ledger = ledger?.troubles ?? []
        circumstances.clockJump = problemBook.clockJump
        return circumstances
    }

    /// The configuration asks for a shield that there can't be. One that nobody has asked for is told of by `status` alone.
    var shieldDoubt: String? {
        guard current.configuration.origins.shield != nil, let obstacle = server.shieldObstacle else { return nil }
        return "the shield can't be raised: \(obstacle.advised)"
    }

    private static func fields(of problem: Problem) -> [JournalField] {
        [
            JournalField("kind", problem.kind.rawValue), JournalField("text", problem.text), JournalField("cure", problem.cure),
            JournalField("since", problem.since.text),
        ]
    }

    // MARK: Files

    /// What is read again when it changes, and the configuration file, which is only judged.
    var lookedAtPaths: [String] {
        let paths = current.configuration.watchedPaths
        guard let file = source.file, !paths.contains(file) else { return paths }
        return paths + [file]
    }

    /// Looks whether the next start would find what it needs.
    ///
    /// - Returns: whether some files are missing that may come back at any moment.
    func lookForFiles(at now: WallTime) -> Bool {
        var obstacles: [String: String] = [:]
        for path in lookedAtPaths {
            do throws(FileFailure) {
                try FileContents.checkReadable(path)
            } catch {
                obstacles[path] = error.problem
            }
        }
        problemBook.absentFiles.follow(obstacles, at: now)
        return problemBook.absentFiles.isWaiting(at: now)
    }

    /// The configuration file has changed: would the next start take it? Nobody has asked for it yet, so nothing comes of it but a word.
    func judgeConfigurationFile(at now: WallTime) {
        do throws(ConfigurationError) {
            let reading = try source.read()
            problemBook.failures.configuration = nil
            // What failed was taken back.
            if reading.configuration.fingerprint == current.configuration.fingerprint { problemBook.failures.reload = nil }
        } catch {
            // The same thing isn't told twice.
            guard problemBook.failures.reload == nil else { return }
            let failure = ServiceFailures.Failure(at: now, lines: error.lines)
            guard problemBook.failures.configuration?.lines != failure.lines else { return }
            problemBook.failures.configuration = failure
        }
    }
}
