/// What all examinations together have to say.
struct DoctorReport: Equatable, Sendable {
    /// In the order of the examinations.
    var remarks: [Remark] = []

    func count(_ severity: Remark.Severity) -> Int { remarks.count { $0.severity == severity } }

    var isWell: Bool { count(.finding) == 0 }

    /// One for each remark, with a second one where there is something to do, then the summary.
    var lines: [String] {
        remarks.flatMap { remark in
            let seen = "\(remark.severity.rawValue): \(remark.examination.rawValue): \(remark.seen)"
            return [PeerWords.plain(seen)] + (remark.advice.map { ["  do: \(PeerWords.plain($0))"] } ?? [])
        } + [summary]
    }

    var summary: String {
        var parts = [CheckReport.count(count(.finding), "finding")]
        if count(.note) > 0 { parts.append(CheckReport.count(count(.note), "note")) }
        parts.append("\(count(.ok)) ok")
        if count(.unexamined) > 0 { parts.append("\(count(.unexamined)) not examined") }
        return parts.joined(separator: ", ")
    }

    /// For scripts: names that stay.
    var json: JSON {
        .object(
            of: ("ok", .boolean(isWell)), ("findings", .number(count(.finding))), ("notes", .number(count(.note))),
            ("unexamined", .number(count(.unexamined))),
            (
                "remarks",
                .array(
                    remarks.map { remark in
                        .object(
                            of: ("examination", .string(remark.examination.rawValue)),
                            ("severity", .string(remark.severity.rawValue)), ("seen", .string(remark.seen)),
                            ("advice", remark.advice.map(JSON.string)))
                    })
            ), ("summary", .string(summary)))
    }
}
