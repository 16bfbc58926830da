internal import Gatekeeper

/// Is it the time that this machine takes it for? Certificates, grants and the log depend on it.
struct ClockExamination: Equatable, Sendable {
    /// Whether the kernel's clock is kept by another; nil where that isn't told.
    var isSynchronised: Bool?
    /// Certificates of ours that are for the future.
    var unripe: [CertificateFault]
    var systems: [System]

    /// What a ticket system said of the time.
    struct System: Equatable, Sendable {
        var name: String
        /// Its clock less this machine's.
        var aheadSeconds: Int64
    }

    static let differenceSecondsMax: Int64 = 60

    var findings: [ExaminationFinding] {
        var findings = unripe.map {
            ExaminationFinding.wrong(
                .clock, "\($0.message), or this machine's clock is behind", advice: "look at the clock; if it is right, wait until then")
        }
        for system in systems where abs(system.aheadSeconds) > Self.differenceSecondsMax {
            let difference = TimeText.duration(milliseconds: abs(system.aheadSeconds) * 1000)
            findings.append(
                .wrong(
                    .clock,
                    "the clock of \(system.name) is \(difference) \(system.aheadSeconds > 0 ? "ahead of" : "behind") this machine's",
                    advice: "have both keep the time (chrony or systemd-timesyncd): grants and entries end by this machine's clock"))
        }
        switch isSynchronised {
        case nil: findings.append(.unexamined(.clock, "the kernel doesn't tell whether the clock is kept, as in some containers"))
        case false?:
            findings.append(
                .wrong(
                    .clock, "nobody keeps this machine's clock, as far as the kernel knows",
                    advice: "install chrony or systemd-timesyncd; grants end by this clock. (Where a hypervisor keeps it: --skip clock)"))
        case true?: break
        }
        return findings.isEmpty ? [.ok(.clock, "the clock is kept by another\(agreement)")] : findings
    }

    private var agreement: String { systems.isEmpty ? "" : ", and the ticket system's agrees with it" }
}

extension ClockExamination.System {
    /// Nil where it says nothing of the time.
    init?(_ system: TicketSystem) {
        guard let answer = system.answers.first?.answer, let seconds = answer["date"].flatMap(HTTPDate.unixSeconds) else { return nil }
        self.init(name: system.name, aheadSeconds: seconds - answer.arrivedAtUnixMilliseconds / 1000)
    }
}
