internal import Gatekeeper

/// What is wrong with the revocation lists in a file, or soon will be.
struct RevocationCheck: Equatable, Sendable {
    let path: String
    let lists: [RevocationList]

    func faults(at now: WallTime) -> [CertificateFault] { lists.compactMap { fault(of: $0, at: now) } }

    private func fault(of list: RevocationList, at now: WallTime) -> CertificateFault? {
        let name = "\(path): the revocation list of \(list.issuer)"
        let start = WallTime(milliseconds: list.startsAtUnixSeconds * 1000)
        if start > now { return CertificateFault(kind: .notYetValid, message: "\(name) is not valid before \(start.text)") }
        guard let end = list.endsAtUnixSeconds.map({ WallTime(milliseconds: $0 * 1000) }) else { return nil }
        if end <= now {
            return CertificateFault(
                kind: .expired, message: "\(name) ran out on \(end.text): no client is let in until there is a newer one")
        }
        // Lists live for a day or for a year: the last tenth is when the next one should have come.
        guard end.milliseconds(since: now) < end.milliseconds(since: start) / 10 else { return nil }
        return CertificateFault(
            kind: .expiring, message: "\(name) runs out \(TimeText.until(end, from: now)): then no client is let in without a newer one")
    }
}
