import Testing

@testable import gatekeeperd

struct DoctorReportTests {
    private let report = DoctorReport(findings: [
        .ok(.service, "process 1 serves"), .wrong(.exposure, "it listens everywhere", advice: "bind it"),
        .note(.host, "nothing is kept"), .unexamined(.clock, "nothing is told"),
    ])

    @Test("people read a line for each, with what to do behind it, and a summary")
    func lines() {
        #expect(
            report.lines == [
                "ok: service: process 1 serves", "finding: exposure: it listens everywhere", "  do: bind it", "note: host: nothing is kept",
                "unexamined: clock: nothing is told", "1 finding, 1 note, 1 ok, 1 not examined",
            ])
        #expect(!report.isWell)
    }

    @Test("a terminal gets no control characters, whoever wrote them")
    func controls() {
        let report = DoctorReport(findings: [.wrong(.service, "a\u{1b}[31m\u{9b}\nb", advice: "c\u{7}")])
        #expect(report.lines.prefix(2) == ["finding: service: a?[31m??b", "  do: c?"])
    }

    @Test("notes and what wasn't examined are no findings")
    func well() {
        let well = DoctorReport(findings: report.findings.filter { $0.severity != .wrong })
        #expect(well.isWell && well.summary == "0 findings, 1 note, 1 ok, 1 not examined")
    }

    @Test("scripts read the same under names that stay")
    func json() throws {
        let json = report.json
        #expect(json["ok"] == .boolean(false) && json["findings"]?.integer == 1)
        #expect(json["notes"]?.integer == 1 && json["unexamined"]?.integer == 1)
        let second = json["remarks"].elements[1]
        #expect(second.string("examination") == "exposure" && second.string("severity") == "finding")
        #expect(second.string("seen") == "it listens everywhere" && second.string("advice") == "bind it")
        #expect(json["remarks"].elements[0]["advice"] == nil)
    }

    @Test("words for scripts are those of the contract")
    func words() {
        #expect(
            Examination.allCases.map(\.rawValue) == [
                "service", "certificate", "orders", "upstream", "sources", "exposure", "api_keys", "clock", "host",
            ])
        #expect(ExaminationFinding.Severity.allCases.map(\.rawValue) == ["ok", "note", "finding", "unexamined"])
    }

    @Test("what is well is one line of an examination, and none beside what isn't")
    func settled() {
        let (a, b) = (ExaminationFinding.ok(.upstream, "a answers"), ExaminationFinding.ok(.upstream, "b answers"))
        #expect(Doctor.settled([a, b]) == [.ok(.upstream, "a answers; b answers")])
        let (note, wrong) = (ExaminationFinding.note(.upstream, "n"), ExaminationFinding.wrong(.upstream, "f", advice: "do"))
        #expect(Doctor.settled([a, note, b]) == [.ok(.upstream, "a answers; b answers"), note])
        #expect(Doctor.settled([a, wrong, note, b]) == [wrong, note])
    }
}
