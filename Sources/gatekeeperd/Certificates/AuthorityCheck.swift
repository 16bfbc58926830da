internal import Gatekeeper

/// What is wrong with a file of authorities that can be loaded, or soon will be: whom they vouch for is refused from their end on.
struct AuthorityCheck: Equatable, Sendable {
    let path: String
    let authorities: [CertificateChain.Certificate]

    /// Nil for a file that can't be read, which whoever loads it tells.
    init?(path: String) {
        guard let chain = try? CertificateChain(path: path) else { return nil }
        self.path = path
        authorities = chain.certificates
    }

    func faults(at now: WallTime) -> [CertificateFault] {
        authorities.compactMap { authority in
            guard let (kind, text) = Self.judge(CertificateLifetime(start: authority.start, end: authority.end), at: now) else {
                return nil
            }
            return CertificateFault(kind: kind, subject: authority.subject, message: "\(path): \(authority.subject) \(text)")
        }
    }

    private static func judge(_ lifetime: CertificateLifetime, at now: WallTime) -> (CertificateFault.Kind, String)? {
        if lifetime.start > now { return (.notYetValid, "is not valid before \(lifetime.start.text)") }
        if lifetime.isOver(at: now) { return (.expired, "expired on \(lifetime.end.text): it vouches for nobody any more") }
        return lifetime.isInLastTenth(at: now) ? (.expiring, "expires \(TimeText.until(lifetime.end, from: now))") : nil
    }
}
