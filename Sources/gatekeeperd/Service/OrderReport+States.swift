internal import Gatekeeper

/// What is served, joined with what is ordered.
extension OrderReport {
    /// - Parameter orderedPaths: of the files of those that are ordered.
    init(_ served: [ServedCertificate], _ states: [AcmeState], orderedPaths: Set<String>, at now: WallTime) {
        let files = Set(orderedPaths.map(ConcealedValues.hide))
        certificates = served.filter { !files.contains($0.file) }.map { certificate in
            Certificate(
                names: certificate.names, issuer: certificate.issuer, expiresAt: certificate.endsAt, file: certificate.file,
                needsAttention: certificate.isNearEnd(at: now))
        }
        certificates += states.map { state in
            Certificate(
                names: state.names, issuer: state.issuer, expiresAt: state.lifetime?.end, order: Order(state),
                needsAttention: state.lifetime == nil || state.failure != nil || state.lifetime?.isOver(at: now) == true)
        }
    }
}

extension OrderReport.Order {
    init(_ state: AcmeState) {
        directory = state.directory
        step = state.step.rawValue
        renewsAt = state.due?.at
        why = state.due?.why.rawValue
        pausedUntil = state.pausedUntil
        failure = state.failure.map { Failure(at: $0.at, reason: $0.reason.rawValue, text: $0.text) }
        for (reason, count) in state.failureCounts { failureCounts[reason.rawValue] = count }
        issuedCount = state.issuedCount
        askedCount = state.askedCount
        account = state.account
        dryRun = state.dryRun.map { DryRun(number: $0.number, failure: $0.failure) }
    }
}
