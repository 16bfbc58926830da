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

    func examine() -> DoctorReport {
        let facts = DoctorFacts(for: self)
        return DoctorReport(
            remarks: Examination.allCases.flatMap { examination in
                asks(examination) ? remarks(examination, facts) : [.unexamined(examination, "left out, as told by --skip")]
            })
    }

    private func remarks(_ examination: Examination, _ facts: DoctorFacts) -> [Remark] {
        let settings = configuration.settings
        let state = try? facts.account.state.get()
        switch examination {
        case .service:
            return ServiceExamination(state: facts.account.state, file: file, hash: configuration.fingerprint).remarks
        case .certificate:
            guard let files = facts.certificates else { return [.unexamined(.certificate, "the files couldn't be read in time")] }
            return CertificateExamination(files: files, served: state?.certificates).remarks
        case .upstream:
            return UpstreamExamination(systems: facts.systems, publicHost: facts.publicHost).remarks
        case .sources:
            return SourceExamination(
                admitted: state?.sources, denials: facts.account.denials, gateways: facts.gateways,
                balancers: settings.listeners.flatMap(\.proxyProtocolFrom), allowed: settings.allow.map(\.prefix)
            ).remarks
        case .exposure:
            return ExposureExamination(
                systems: facts.systems, listening: facts.listening,
                ownListeners: settings.listeners.map(\.address) + (state?.listeners ?? []), publicLook: facts.publicLook
            ).remarks
        case .apiKeys: return APIKeyExamination(systems: facts.systems, records: facts.records).remarks
        case .clock:
            return ClockExamination(
                isSynchronised: facts.isClockSynchronised,
                unripe: (facts.certificates ?? []).flatMap(\.faults).filter { $0.kind == .notYetValid },
                systems: facts.systems.compactMap(ClockExamination.System.init)
            ).remarks
        case .host:
            return HostExamination(
                descriptorsMax: facts.descriptorsMax, connectionsWanted: settings.limits.connectionsMax,
                connectionsPossible: facts.descriptorsMax.map(Server.connectionsMax), state: facts.stateFolder, unit: facts.unit
            ).remarks
        }
    }
}
