/// What all examinations together have to say.
struct DoctorReport: Equatable, Sendable {
    /// In the order of the examinations.
    var findings: [ExaminationFinding] = []

    func count(_ severity: ExaminationFinding.Severity) -> Int { findings.count { $0.severity == severity } }

    var isWell: Bool { count(.wrong) == 0 }

    /// One for each finding, with a second one where there is something to do, then the summary.
    var lines: [String] {
        findings.flatMap { finding in
            let seen = "\(finding.severity.rawValue): \(finding.examination.rawValue): \(finding.seen)"
            return [PeerWords.plain(seen)] + (finding.advice.map { ["  do: \(PeerWords.plain($0))"] } ?? [])
        } + [summary]
    }

    var summary: String {
        var parts = [CheckReport.count(count(.wrong), "finding")]
        if count(.note) > 0 { parts.append(CheckReport.count(count(.note), "note")) }
        parts.append("\(count(.ok)) ok")
        if count(.unexamined) > 0 { parts.append("\(count(.unexamined)) not examined") }
        return parts.joined(separator: ", ")
    }

    /// For scripts: names that stay.
    var json: JSON {
        .object(
            of: ("ok", .boolean(isWell)), ("findings", .number(count(.wrong))), ("notes", .number(count(.note))),
            ("unexamined", .number(count(.unexamined))),
            (
                "remarks",
                .array(
                    findings.map { finding in
                        .object(
                            of: ("examination", .string(finding.examination.rawValue)),
                            ("severity", .string(finding.severity.rawValue)), ("seen", .string(finding.seen)),
                            ("advice", finding.advice.map(JSON.string)))
                    })
            ), ("summary", .string(summary)))
    }
}
