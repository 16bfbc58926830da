/// Nobody is to forget that the door is shut.
extension Circumstances {
    var lockdownProblems: [Problem] {
        guard let lockdown else {
            return lockdownLeftover.map { leftover in
                [
                    Problem(
                        .lockdownUnrecorded, "a restart would shut everybody out again, as in the lockdown that is over: \(leftover)",
                        cure: "don't restart the service, and mend that or take the file away; it is tried again by itself", since: now)
                ]
            } ?? []
        }
        if let obstacle = lockdown.obstacle {
            return [
                Problem(
                    .lockdown, "everybody is shut out: \(obstacle)",
                    cure:
                        "find out who has changed it; `gatekeeperd lockdown --end` takes the file away and lets in again whoever is listed",
                    since: lockdown.since)
            ]
        }
        let by = lockdown.requester.map { ", by \($0)" } ?? ""
        let end = lockdown.endsAt.map { "until \($0.text)" } ?? "until somebody ends it"
        let shut = Problem(
            .lockdown, "there is a lockdown, \(end)\(by): \(lockdown.scope)",
            cure: "when the danger is over, `gatekeeperd lockdown --end` lets in again whoever is listed", since: lockdown.since)
        guard let transience = lockdown.transience else { return [shut] }
        return [
            shut,
            Problem(
                .lockdownUnrecorded, "a restart would end the lockdown: \(transience)",
                cure: "don't restart the service, and mend that; what can't be written is tried again by itself", since: lockdown.since),
        ]
    }
}
