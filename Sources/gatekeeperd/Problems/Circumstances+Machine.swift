internal import Gatekeeper

/// What is wrong with the log, the ledger and the clock.
extension Circumstances {
    var machineProblems: [Problem] {
        logProblems
            + ledger.map { trouble in
                Problem(trouble.kind, of: trouble.subject, trouble.text, cure: trouble.cure, since: now)
            } + clockProblems
    }

    private var logProblems: [Problem] {
        var problems: [Problem] = []
        if let log {
            let lost = log.linesLost > 0 ? "; \(log.linesLost) lines were lost so far" : ""
            problems.append(
                Problem(
                    .logLost, "log lines can't be written: \(log.reason)\(lost)",
                    cure: "make room, or see that whoever reads the log runs; how many are missing is written when there is room again",
                    since: WallTime(milliseconds: log.sinceMilliseconds)))
        }
        if let failure = failures.log {
            problems.append(
                Problem(
                    .logLost, of: "open", "the log couldn't be opened anew, so lines go where they went before: \(failure.reason)",
                    cure: "let the service's user write there, and send SIGUSR1", since: failure.at))
        }
        return problems
    }

    private var clockProblems: [Problem] {
        guard let clockJump else { return [] }
        let distance = TimeText.duration(milliseconds: Int64(clamping: clockJump.milliseconds.magnitude))
        return [
            Problem(
                .clockJumped, "this machine's clock jumped by \(distance), \(clockJump.milliseconds > 0 ? "ahead" : "back")",
                cure: "see what keeps the clock (`timedatectl`); grants and entries of the list end by it, so look at `gatekeeperd grants`",
                since: clockJump.at)
        ]
    }
}
