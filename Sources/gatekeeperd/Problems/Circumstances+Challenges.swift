/// Windows that somebody has opened: whoever can do that can have a certificate for the name.
extension Circumstances {
    var challengeProblems: [Problem] {
        windows.map { window in
            Problem(
                .challengeOpen, of: window.name,
                "a window for the validation of \(window.name) is open until \(window.until.text), asked for by \(window.requester)",
                cure:
                    "it closes by itself; if nobody should have opened it, `gatekeeperd challenge close \(window.name)` and see who it was",
                since: window.since)
        }
    }
}
