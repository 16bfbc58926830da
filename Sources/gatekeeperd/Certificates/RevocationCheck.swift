internal import Gatekeeper

/// What is wrong with the revocation lists in a file, or soon will be.
struct RevocationCheck: Equatable, Sendable {
    let path: String
    let lists: [RevocationList]

    func faults(at now: WallTime) -> [CertificateFault] { lists.compactMap { fault(of: $0, at: now) } }

    private func fault(of list: RevocationList, at now: WallTime) -> CertificateFault? {
        func fault(_ kind: CertificateFault.Kind, _ text: String) -> CertificateFault {
            CertificateFault(kind: kind, subject: list.issuer, message: "\(path): the revocation list of \(list.issuer) \(text)")
        }
        let start = WallTime(milliseconds: list.startsAtUnixSeconds * 1000)
        if start > now { return fault(.notYetValid, "is not valid before \(start.text)") }
        guard let end = list.endsAtUnixSeconds.map({ WallTime(milliseconds: $0 * 1000) }) else { return nil }
        let lifetime = CertificateLifetime(start: start, end: end)
        if lifetime.isOver(at: now) { return fault(.expired, "ran out on \(end.text): no client is let in until there is a newer one") }
        guard lifetime.isInLastTenth(at: now) else { return nil }
        return fault(.expiring, "runs out \(TimeText.until(end, from: now)): then no client is let in without a newer one")
    }
}
