internal import Gatekeeper

/// Looks at a deployment from inside: at what works by itself and fails in company.
///
/// Changes nothing. Connects to the control socket and the ticket systems of the configuration, and to the public name if told to.
struct Doctor: Sendable {
    var configuration: Configuration
    /// Of the configuration; nil for one in flags alone.
    var file: String?
    /// Where the service is asked, in place of what the configuration says.
    var controlPath: String?
    /// Where a way around the service is looked for.
    var publicName: String?
    var skipped: Set<Examination> = []
    var now: WallTime

    func asks(_ examination: Examination) -> Bool { !skipped.contains(examination) }

    /// Whether anything is left that needs their answers.
    var asksTicketSystems: Bool { [.upstream, .exposure, .apiKeys, .clock].contains(where: asks) }

    /// Which ticket system the configuration says that there is.
    private var preset: String? {
        configuration.written["upstream.preset"].flatMap { try? PresetCatalog.ticketSystem($0).name }
    }

    func examine() -> DoctorReport {
        let facts = DoctorFacts(for: self)
        var findings: [Examination: [ExaminationFinding]] = [:]
        for examination in Examination.allCases where examination != .service && asks(examination) {
            findings[examination] = Self.settled(self.findings(examination, facts))
        }
        if asks(.service) { findings[.service] = Self.settled(service(facts, besides: findings)) }
        return DoctorReport(
            findings: Examination.allCases.flatMap { examination in
                findings[examination] ?? [.unexamined(examination, "left out, as told by --skip")]
            })
    }

    /// What is well is one line, and none beside what isn't.
    static func settled(_ findings: [ExaminationFinding]) -> [ExaminationFinding] {
        let others = findings.filter { $0.severity != .ok }
        guard !others.contains(where: { $0.severity == .wrong }) else { return others }
        let well = findings.filter { $0.severity == .ok }
        guard let first = well.first else { return others }
        var line = first
        line.seen = well.map(\.seen).joined(separator: "; ")
        return [line] + others
    }

    /// What the service says of itself, but for what was found here as well.
    private func service(_ facts: DoctorFacts, besides findings: [Examination: [ExaminationFinding]]) -> [ExaminationFinding] {
        let state = facts.account.state.map { state in
            var state = state
            state.problems.removeAll { problem in
                guard let examination = Self.examination(of: problem) else { return false }
                return (findings[examination] ?? []).contains { Self.tells($0, of: problem) }
            }
            return state
        }
        return ServiceExamination(state: state, file: file, hash: configuration.fingerprint).findings
    }

    private static func tells(_ finding: ExaminationFinding, of problem: ServiceState.Problem) -> Bool {
        guard finding.severity == .wrong else { return false }
        // The service has hidden what the environment gave it; here it stands as it is.
        let seen = ConcealedValues.hide(in: finding.seen)
        return [problem.text, problem.subject].contains { !$0.isEmpty && seen.contains(ConcealedValues.hide(in: $0)) }
    }

    /// Who looks at the same thing from here.
    private static func examination(of problem: ServiceState.Problem) -> Examination? {
        switch Problem.Kind(rawValue: problem.kind) {
        case .upstreamDown, .upstreamTransparent: .upstream
        case .certificateEnding, .certificateExpired, .certificateUnfit: .certificate
        case .requestsUnauthorized: .apiKeys
        default: nil
        }
    }

    private func findings(_ examination: Examination, _ facts: DoctorFacts) -> [ExaminationFinding] {
        let settings = configuration.settings
        let state = try? facts.account.state.get()
        switch examination {
        case .service: return []
        case .certificate:
            guard let files = facts.certificates else { return [.unexamined(.certificate, "the files couldn't be read in time")] }
            return CertificateExamination(files: files, served: state?.certificates).findings
        case .orders:
            return OrderExamination(
                orders: facts.orders, listeners: settings.listeners.map(\.address), listening: facts.listening,
                isBehindBalancer: settings.listeners.contains { !$0.proxyProtocolFrom.isEmpty }, service: state?.process,
                pagePort: facts.pagePort
            ).findings
        case .upstream:
            return UpstreamExamination(systems: facts.systems, publicHost: facts.publicHost).findings
                + ClientAddressExamination(attempts: facts.transparencyAttempts).findings
        case .sources:
            return SourceExamination(
                admitted: state?.sources, denials: facts.account.denials, lastHour: facts.account.lastHour, gateways: facts.gateways,
                onLink: facts.onLink, now: now, balancers: settings.listeners.flatMap(\.proxyProtocolFrom),
                allowed: settings.allow.map(\.prefix)
            ).findings
        case .exposure:
            return ExposureExamination(
                systems: facts.systems, listening: facts.listening,
                ownListeners: settings.listeners.map(\.address) + (state?.listeners ?? []), exposureScan: facts.exposureScan
            ).findings
        case .apiKeys:
            return APIKeyExamination(
                systems: facts.systems, records: facts.records, preset: preset, clientAddress: settings.upstream.clientAddress,
                problems: (state?.problems ?? []).filter { $0.kind == Problem.Kind.requestsUnauthorized.rawValue }
            ).findings
        case .clock:
            return ClockExamination(
                isSynchronised: facts.isClockSynchronised,
                unripe: (facts.certificates ?? []).flatMap(\.faults).filter { $0.kind == .notYetValid },
                systems: facts.systems.compactMap(ClockExamination.System.init)
            ).findings
        case .host:
            return HostExamination(
                descriptorsMax: facts.descriptorsMax, connectionsWanted: settings.limits.connectionsMax,
                connectionsPossible: facts.descriptorsMax.map(Server.connectionsMax), state: facts.stateFolder, unit: facts.unit
            ).findings
        }
    }
}
