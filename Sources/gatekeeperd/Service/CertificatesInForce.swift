internal import Gatekeeper

/// The certificates that are served, and whom clients' certificates must be vouched for by: warns as an end comes nearer.
final class CertificatesInForce: TimedPart {
    private(set) var certificates: [ServedCertificate]
    private(set) var authorities: AuthoritiesInForce
    private let plane: any DataPlane
    /// When to warn of the end of one.
    private var nextWarning: WallTime?

    /// Warns of those whose end is near already.
    init(
        _ certificates: [ServedCertificate], authorities: AuthoritiesInForce = AuthoritiesInForce(), on plane: any DataPlane,
        at now: WallTime
    ) {
        self.certificates = certificates
        self.authorities = authorities
        self.plane = plane
        for certificate in certificates { warn(of: certificate, at: now) }
        findNextWarning(after: now)
    }

    /// Others may be in force now: says which weren't before.
    func follow(_ settings: Settings, at now: WallTime) {
        let before = certificates
        certificates = ServedCertificate.all(of: settings, after: before, at: now)
        authorities = AuthoritiesInForce(of: settings)
        for certificate in certificates where !before.contains(where: certificate.isSame) {
            plane.event("certificate", certificate.fields(state: "changed"))
            warn(of: certificate, at: now)
        }
        findNextWarning(after: now)
    }

    var next: DueTime? { nextWarning.map { .calendar($0) } }

    /// Warns of those whose end has come nearer by a mark.
    func pass(at now: Moment) {
        let now = now.wallTime
        guard let mark = nextWarning, mark <= now else { return }
        let before = mark.advanced(byMilliseconds: -1)
        for certificate in certificates where certificate.nextWarning(after: before).map({ $0 <= now }) ?? false {
            warn(of: certificate, at: now)
        }
        findNextWarning(after: now)
    }

    private func findNextWarning(after now: WallTime) {
        nextWarning = certificates.compactMap { $0.nextWarning(after: now) }.min()
    }

    private func warn(of certificate: ServedCertificate, at now: WallTime) {
        guard certificate.isNearEnd(at: now) else { return }
        plane.event("certificate", certificate.fields(state: certificate.endsAt <= now ? "expired" : "expires"))
    }
}
