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
            let name = "\(path): \(authority.subject)"
            if authority.start > now {
                return CertificateFault(kind: .notYetValid, message: "\(name) is not valid before \(authority.start.text)")
            }
            if authority.end <= now {
                return CertificateFault(kind: .expired, message: "\(name) expired on \(authority.end.text): it vouches for nobody any more")
            }
            guard authority.end.milliseconds(since: now) < authority.end.milliseconds(since: authority.start) / 10 else { return nil }
            return CertificateFault(kind: .expiring, message: "\(name) expires \(TimeText.until(authority.end, from: now))")
        }
    }
}
