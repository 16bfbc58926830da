/// Sources that stay away.
extension Circumstances {
    var silenceProblems: [Problem] {
        silences.map { silence in
            let who = silence.candidates.isEmpty ? "" : "; unlisted addresses have knocked since, which `gatekeeperd status` shows"
            let first =
                silence.page.map { "see whether the vendor's page lists other addresses by now: \($0)" }
                ?? "ask the vendor whether it sends from other addresses by now"
            var problem = Problem(
                .sourceSilent, of: silence.label,
                "\(silence.label) has not come since \(silence.since.text) (usual: \(silence.usual))\(who)",
                cure: "\(first); who knocks in its place may be the vendor, or whoever has broken in there, "
                    + "so let nobody in for that alone",
                since: silence.since)
            problem.details = silence.details.map(ConcealedValues.hide)
            return problem
        }
    }
}
