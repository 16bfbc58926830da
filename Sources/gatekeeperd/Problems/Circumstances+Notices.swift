internal import Gatekeeper

/// Those who are to be told, and can't be.
extension Circumstances {
    var noticeProblems: [Problem] {
        notifiers.compactMap { notifier in
            notifier.trouble.map { trouble in
                Problem(
                    .noticeUndelivered, of: notifier.name, "notices don't reach \(notifier.name): \(trouble.reason)",
                    cure: "mend that and try it with `gatekeeperd notify --test`; each notice is tried for an hour", since: trouble.since)
            }
        }
    }
}
