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
        var faults = authorities.flatMap { check in check.faults(at: now).map { (check.path, $0) } }
        if let revocations { faults += revocations.faults(at: now).map { (revocations.path, $0) } }
        return faults.enumerated().map { index, fault in
            let kind: Problem.Kind =
                switch fault.1.kind {
                case .expired: .certificateExpired
                case .expiring: .certificateEnding
                default: .certificateUnfit
                }
            let file = ConcealedValues.hide(in: fault.0)
            return Problem(
                kind, of: "\(file) \(index)", ConcealedValues.hide(in: fault.1.message),
                cure: "put a newer one into \(file); it is read by itself", since: now)
        }
    }
}
