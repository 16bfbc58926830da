internal import Gatekeeper

/// What came of asking a ticket system, in plain words.
struct TicketSystemSight {
    var system: TicketSystem
    /// What it shows, trusted or not; nil in the clear, and where nothing came.
    var certificate: UpstreamCertificate?
    /// Which one somebody said that it is.
    var expected: TicketSystemPreset?
    var now: WallTime

    /// What trust in a key alone may stand in for.
    private static let mended = ["upstream_certificate_untrusted", "upstream_certificate_name"]

    var sight: InitSight {
        guard let answer = system.answers.first?.answer else { return silence }
        var sight = InitSight()
        sight.lines = ["\(system.name) answers\(system.server.tls == nil ? "" : " over TLS"): \(answer.status)\(words(of: answer))."]
        sight.lines += certificateLines
        if let objection = UpstreamExamination.objection(to: system) {
            sight.lines += ["But \(system.name) \(objection.predicate).", "What to do: \(objection.advice)."]
            sight.isDoubtful = true
            return sight
        }
        let seen = TicketSystemMarks.recognise(system)
        switch (seen, expected) {
        case (let seen?, let expected?) where seen.name != expected.name:
            sight.lines.append("This looks like \(seen.title), and you said \(expected.title): is it the right address?")
            sight.isDoubtful = true
        case (let seen?, nil):
            sight.lines.append("This looks like \(seen.title).")
            sight.looksLike = seen
        case (let seen?, _): sight.lines.append("This looks like \(seen.title), as you said.")
        case (nil, let expected?): sight.lines.append("It doesn't show that it is \(expected.title); that need not mean anything.")
        case (nil, nil): break
        }
        return sight
    }

    /// There was no answer.
    private var silence: InitSight {
        let reason = system.obstacle ?? "it wasn't asked"
        var sight = InitSight(isDoubtful: true)
        if let objection = UpstreamExamination.objection(to: system) {
            sight.lines = [
                "\(system.name) does not answer: \(reason).", "It \(objection.predicate).", "What to do: \(objection.advice).",
            ]
        } else if let trouble = UpstreamTrouble(reason, system.server) {
            sight.lines = ["\(system.name) does not answer: \(trouble.cause) (\(reason))."] + certificateLines
            sight.lines.append("What to do: \(trouble.cure)\(trouble.cure.hasSuffix("?") ? "" : ".")")
        } else {
            sight.lines = ["\(system.name) does not answer: \(reason)."] + certificateLines
        }
        if let certificate, Self.mended.contains(reason) {
            let pin = Base64.encode(certificate.pin)
            sight.pin = pin
            sight.lines.append("Its key is \(pin): it can be trusted by that alone.")
        }
        return sight
    }

    private func words(of answer: UpstreamAnswer) -> String {
        let server = answer["server"].map { ", by \(PeerWords.quoted($0))" } ?? ""
        let place = answer["location"].map { ", on to \(PeerWords.quoted($0))" } ?? ""
        return server + place
    }

    private var certificateLines: [String] {
        guard let facts = certificate?.facts else { return [] }
        let names = facts.names.isEmpty ? "no name" : facts.names.joined(separator: " ")
        let issuer = facts.isSelfSigned ? "by itself" : "by \(facts.issuer)"
        let left = facts.end > now ? TimeText.until(facts.end, from: now) : "which is over (\(facts.end.text))"
        return [PeerWords.plain("It shows a certificate for \(names), signed \(issuer); its end is \(left).")]
    }
}
