internal import Gatekeeper

/// Whom certificates must be vouched for by, and which of them are revoked, as the files said when they were loaded.
struct AuthoritiesInForce: Sendable {
    private var authorities: [AuthorityCheck] = []
    private var revocations: RevocationCheck?

    init() {}

    /// Files that can't be read aren't in force.
    init(of settings: Settings) {
        let paths =
            [settings.tls.clientAuthorityPath] + settings.listeners.map(\.clientAuthorityPath)
            + settings.upstream.servers.map { $0.tls?.authorityPath }
        authorities = Set(paths.compactMap(\.self)).sorted().compactMap { AuthorityCheck(path: $0) }
        revocations = settings.tls.clientRevocationPath.flatMap { path in
            (try? RevocationList.read(path: path)).map { RevocationCheck(path: path, lists: $0) }
        }
    }

    /// Judged as `check` judges them.
    func problems(at now: WallTime) -> [Problem] {
        let faults =
            authorities.flatMap { check in check.faults(at: now).map { (check.path, $0) } }
            + (revocations.map { check in check.faults(at: now).map { (check.path, $0) } } ?? [])
        return faults.map { path, fault in
            let kind: Problem.Kind =
                switch fault.kind {
                case .expired: .certificateExpired
                case .expiring: .certificateEnding
                default: .certificateUnfit
                }
            return Problem(
                kind, of: "\(path) \(fault.subject)", fault.message, cure: "put a newer one into \(path); it is read by itself", since: now)
        }
    }
}
