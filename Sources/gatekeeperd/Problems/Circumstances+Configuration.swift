internal import Gatekeeper

/// What is wrong with the configuration, and with the files that it names.
extension Circumstances {
    private static let warningsShown = 20

    var configurationProblems: [Problem] {
        var problems: [Problem] = []
        if let failure = failures.reload {
            problems.append(
                Problem(
                    .reloadFailed, "the reload at \(failure.at.text) failed, and the configuration before it stays: \(failure.reason)",
                    cure: "mend that and `gatekeeperd reload`; `gatekeeperd check` says what is wrong", since: failure.at))
        }
        if let failure = failures.configuration, let file = configurationFile {
            problems.append(
                Problem(
                    .configurationUnusable, of: file, "the next start would fail by what \(file) says now: \(failure.reason)",
                    cure: "mend it, `gatekeeperd check`, and `gatekeeperd reload` when it is right", since: failure.at))
        }
        if let failure = failures.state, let file = configurationFile {
            problems.append(
                Problem(
                    .configurationWarning, of: "state", "\(file) names another state folder, and at the next start \(failure.reason)",
                    cure: "name the folder that there was; or stop the service, move what is to go on, and start it", since: failure.at))
        }
        if let failure = failures.succession {
            problems.append(
                Problem(
                    .successionFailed, "the new binary did not take over, so the old one serves: \(failure.reason)",
                    cure: "see what it said on standard error, mend that and send SIGUSR2 again, or restart the service",
                    since: failure.at))
        }
        if allowListIsEmpty {
            problems.append(
                Problem(
                    .allowListEmpty, "the allow-list is empty, so nobody can connect",
                    cure: "list the vendor's addresses under allow: and `gatekeeperd reload`", since: loadedAt))
        }
        if let shieldDoubt {
            problems.append(
                Problem(
                    .shieldUnavailable, shieldDoubt, cure: "give the service what it needs, or say `shield: off`", since: loadedAt))
        }
        problems += absentAddresses.map { absence(of: $0, "listen") }
        if let absentStatusAddress { problems.append(absence(of: absentStatusAddress, "status")) }
        return problems + warningProblems
    }

    private func absence(of address: SocketAddress, _ key: String) -> Problem {
        Problem(
            .listenerAbsent, of: "\(address)", "nobody can connect to \(address), as this machine has no such address any more",
            cure: "give it back (`ip address` shows which it has), or take it out of `\(key)`", since: now)
    }

    private var warningProblems: [Problem] {
        var problems = warnings.prefix(Self.warningsShown).map { warning in
            Problem(
                // Not by its line, which moves with those above it.
                .configurationWarning, of: warning.message, "\(warning.origin): \(warning.message)",
                cure: "say it otherwise and `gatekeeperd reload`; `gatekeeperd check` shows the same warning", since: loadedAt)
        }
        if warnings.count > Self.warningsShown {
            problems.append(
                Problem(
                    .configurationWarning, of: "others", "\(warnings.count - Self.warningsShown) more warnings of the configuration",
                    cure: "`gatekeeperd check` shows them all", since: loadedAt))
        }
        return problems
    }

    var fileProblems: [Problem] {
        var problems: [Problem] = []
        if let failure = failures.files {
            problems.append(
                Problem(
                    .filesUnusable,
                    "files were replaced at \(failure.at.text) and can't be used, so what was loaded before stays: "
                        + failure.reason,
                    cure:
                        "put the right files there; they are read again by themselves. If it is meant so, `gatekeeperd reload` takes them",
                    since: failure.at))
        }
        return problems
            + absentFiles.map { file in
                Problem(
                    .fileMissing, of: file.path, "\(file.path) \(file.obstacle), so the next start would fail; what was loaded goes on",
                    cure: "put it back, or take it out of the configuration", since: file.since)
            }
    }
}
