// What has been done, or is so, as the control socket answers it.

extension StatusReport {
    func reply(at now: WallTime) -> ControlReply {
        ControlReply(result: json, text: StatusText(report: self, now: now).lines.joined(separator: "\n"))
    }
}

extension ReloadReport {
    func reply(at now: WallTime) -> ControlReply {
        switch self {
        case .kept(let errors):
            return ControlReply(ControlFailure(.kept, "the new configuration can't be used; the old one stays", details: errors))
        case .applied(let applied):
            var lines = ["generation \(applied.generation) of the configuration is in force"]
            lines += applied.changes.isEmpty ? ["nothing has changed"] : applied.changes
            lines += applied.warnings.map { "warning: \($0)" }
            if let deadline = applied.confirmBefore {
                lines.append("`gatekeeperd confirm` keeps it; otherwise the old one comes back \(TimeText.until(deadline, from: now))")
            }
            let result = JSON.object(
                of: ("generation", .number(applied.generation)), ("changes", .strings(applied.changes)),
                ("warnings", .strings(applied.warnings)), ("confirm_before", applied.confirmBefore.map(JSON.time)))
            return ControlReply(result: result, text: lines.joined(separator: "\n"))
        }
    }
}

extension ConfirmReport {
    var reply: ControlReply {
        ControlReply(
            result: .object(
                of: ("generation", .number(generation)), ("file", file.map(JSON.string)), ("target", target.map(JSON.string)),
                ("text", text.map(JSON.string))),
            text: "generation \(generation) of the configuration stays" + (file.map { " (\($0))" } ?? ""))
    }
}

extension GrantOutcome {
    func reply(at now: WallTime) -> ControlReply {
        let role = grant.label.map { ", with the routes of \($0)" } ?? ""
        let (word, text): (String, String) =
            switch change {
            case .labelled: ("labelled", "\(grant.address) was admitted already; it has the routes of \(grant.label ?? "everybody") now")
            case .made: ("made", "\(grant.address) is admitted\(role); the grant ends \(TimeText.until(grant.endsAt, from: now))")
            case .extended(let before):
                (
                    "extended",
                    "\(grant.address) was admitted already\(role); its grant ends \(TimeText.until(grant.endsAt, from: now)) "
                        + "instead of \(before.text)"
                )
            case .none:
                (
                    "none",
                    "\(grant.address) is admitted for longer already; its grant ends \(TimeText.until(grant.endsAt, from: now)), "
                        + "and is shortened by revoking it first"
                )
            }
        let obstacle =
            isShutOut ? "\nbut there is a lockdown, and it admits nobody until that ends; the same with --during-lockdown does" : ""
        return ControlReply(
            result: .object(
                of: ("change", .string(word)), ("grant", grant.json), ("shut_out", isShutOut ? .boolean(true) : nil),
                ("note", note.map(JSON.string))),
            text: text + obstacle + (note.map { "\nbut \($0)" } ?? ""))
    }
}

extension ListReport {
    static func reply(_ lists: [ListReport], at now: WallTime) -> ControlReply {
        let text = lists.isEmpty ? "no list that changes: url or hosts under allow in the configuration makes one" : ""
        return ControlReply(
            result: .object(of: ("lists", .array(lists.map(\.json)))),
            text: lists.isEmpty ? text : lists.flatMap { $0.lines(at: now) }.joined(separator: "\n"))
    }

    func reply(taken: Proposal) -> ControlReply {
        ControlReply(
            result: .object(of: ("list", json), ("digest", .string(taken.digest))),
            text: "what \(label) has published is admitted: \(taken.difference)")
    }
}

extension LockdownReport {
    func reply(at now: WallTime) -> ControlReply {
        let text = lockdown.map { $0.text(at: now) } ?? "the lockdown is over: whoever is listed is let in again"
        return ControlReply(
            result: .object(of: ("lockdown", lockdown?.json ?? .null), ("warnings", .strings(warnings)), ("notes", .strings(notes))),
            text: ([text] + notes + warnings.map { "warning: \($0)" }).joined(separator: "\n"))
    }
}

extension RevokeReport {
    func reply(at now: WallTime) -> ControlReply {
        var lines = ["\(grant.address) is admitted no longer by the grant of \(grant.madeBy) (\(grant.reason))"]
        if let failure { lines.append("warning: \(failure); until that is written, a restart brings the grant back") }
        let result = JSON.object(of: ("grant", grant.json), ("warning", failure.map(JSON.string)))
        return ControlReply(result: result, text: lines.joined(separator: "\n"))
    }
}

extension DenialReport {
    var reply: ControlReply { ControlReply(result: json, text: lines.joined(separator: "\n")) }
}

extension DigestReport {
    var reply: ControlReply { ControlReply(result: json, text: DigestText(report: self).lines.joined(separator: "\n")) }
}

extension OpenedChallenge {
    func openedReply(at now: WallTime) -> ControlReply {
        let text =
            "whoever validates \(name) by TLS-ALPN-01 is shown the challenge; the window closes \(TimeText.until(until, from: now)), "
            + "or by `gatekeeperd challenge close \(name)`"
        return ControlReply(result: .object(of: ("window", json)), text: text)
    }

    var closedReply: ControlReply {
        ControlReply(result: .object(of: ("window", json)), text: "the window for \(name) is closed")
    }
}

extension OrderReport {
    func reply(at now: WallTime) -> ControlReply { ControlReply(result: json(at: now), text: text(at: now)) }
}
