/// Does the service answer, and is it well by its own account?
struct ServiceExamination: Equatable, Sendable {
    var state: Result<ServiceState, ControlFailure>
    /// The configuration that was read.
    var file: String?
    var hash: String

    var findings: [ExaminationFinding] {
        switch state {
        case .failure(let failure):
            return [
                .unexamined(
                    .service, failure.message,
                    advice: "start it (`systemctl start gatekeeperd.service`), or name its socket with --control, and ask again")
            ]
        case .success(let state):
            let findings = problems(of: state) + pending(of: state) + configuration(of: state)
            return findings.isEmpty ? [.ok(.service, "process \(state.process) \(manner)")] : findings
        }
    }

    private func problems(of state: ServiceState) -> [ExaminationFinding] {
        state.problems.map {
            .wrong(.service, "the service has a problem: \($0.text)", advice: $0.cure)
        }
    }

    private func pending(of state: ServiceState) -> [ExaminationFinding] {
        if let end = state.pendingEnd {
            return [.note(.service, "a configuration is on trial and undone at \(end)", advice: "`gatekeeperd confirm` keeps it")]
        }
        return state.isDraining ? [.note(.service, "process \(state.process) finishes what it has begun and then ends")] : []
    }

    private var manner: String { file.map { "serves by \($0) as it is now" } ?? "answers" }

    /// The same file and another state of it is a change that was forgotten, or one that was refused.
    private func configuration(of state: ServiceState) -> [ExaminationFinding] {
        guard state.pendingEnd == nil, let file, let inForce = state.configurationHash, inForce != hash else { return [] }
        guard state.configurationFile == file else {
            let other = state.configurationFile ?? "flags"
            return [.note(.service, "process \(state.process) serves by \(other), and what is said here is by \(file)")]
        }
        return [
            .note(
                .service, "the service doesn't serve by \(file) as it is now, or was started with flags beside it",
                advice: "`gatekeeperd reload` puts the file in force, or says why it can't be")
        ]
    }
}
