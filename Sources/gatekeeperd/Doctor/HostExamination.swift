/// Has the machine room for what the service is told to do, and will it start it again?
struct HostExamination: Equatable, Sendable {
    /// How many descriptors the service may have open; nil where none runs, or its limits can't be read.
    var descriptorsMax: Int?
    var connectionsWanted: Int
    /// How many connections that many descriptors are enough for.
    var connectionsPossible: Int?
    /// Nil where nothing is kept.
    var state: StateFolderFacts?
    /// Nil where systemd doesn't run, or the service has another configuration than the unit's.
    var unit: UnitFacts?

    struct StateFolderFacts: Equatable, Sendable {
        var path: String
        var obstacle: String?
        var space: FreeSpace?
    }

    struct UnitFacts: Equatable, Sendable {
        var isInstalled: Bool
        var isEnabled: Bool
    }

    private static let bytesMin: UInt64 = 64 << 20
    private static let filesMin: UInt64 = 100

    var findings: [ExaminationFinding] {
        let findings = descriptors + folder + boot
        return findings.isEmpty ? [.ok(.host, "descriptors, the state folder and its file system have room")] : findings
    }

    private var descriptors: [ExaminationFinding] {
        guard let descriptorsMax, let connectionsPossible else {
            return [.unexamined(.host, "how many descriptors the service may open is known while it runs, to its user and root")]
        }
        guard connectionsPossible < connectionsWanted else { return [] }
        return [
            .wrong(
                .host,
                "the service may open \(descriptorsMax) descriptors, which is enough for \(connectionsPossible) connections and not "
                    + "for limits.connections, \(connectionsWanted)", advice: "raise LimitNOFILE= in the unit, or lower limits.connections")
        ]
    }

    private var folder: [ExaminationFinding] {
        guard let state else { return [.note(.host, "no state folder is configured, so grants and denials aren't kept")] }
        var findings: [ExaminationFinding] = []
        if let obstacle = state.obstacle {
            findings.append(
                .wrong(.host, "grants and denials can't be kept: cannot \(obstacle)", advice: "let the service's user write there"))
        }
        guard let space = state.space else { return findings }
        if space.bytes < Self.bytesMin || space.files.map({ $0 < Self.filesMin }) ?? false {
            let left =
                space.bytes < Self.bytesMin ? "\(space.bytes >> 20)MiB" : "room for \(space.files ?? 0) files"
            findings.append(
                .wrong(.host, "\(left) are left where \(state.path) lies", advice: "make room: a full disk takes no grant and no denial"))
        }
        return findings
    }

    private var boot: [ExaminationFinding] {
        guard let unit else { return [] }
        guard unit.isInstalled else {
            return [
                .note(
                    .host, "systemd runs here and knows no gatekeeperd.service", advice: "install the unit, or start the service otherwise")
            ]
        }
        guard !unit.isEnabled else { return [] }
        return [
            .wrong(
                .host, "gatekeeperd.service isn't enabled, so the next boot doesn't start it",
                advice: "`systemctl enable gatekeeperd.service`")
        ]
    }
}
