import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Is it the time that this machine takes it for?")
struct ClockExaminationTests {
    private func examine(_ isSynchronised: Bool? = true, ahead: [Int64] = [], unripe: Int = 0) -> [ExaminationFinding] {
        ClockExamination(
            isSynchronised: isSynchronised,
            unripe: (0..<unripe).map { CertificateFault(kind: .notYetValid, message: "number \($0) is not valid yet") },
            systems: ahead.map { ClockExamination.System(name: "http://t", aheadSeconds: $0) }
        ).findings
    }

    @Test("a clock that is kept, and the ticket system's word for it, are well")
    func well() {
        #expect(examine() == [.ok(.clock, "the clock is kept by another")])
        #expect(examine(ahead: [60, -60]) == [.ok(.clock, "the clock is kept by another, and the ticket system's agrees with it")])
    }

    @Test("more than a minute between the clocks is a finding that says how much and which way")
    func difference() {
        #expect(examine(ahead: [61]).map(\.seen) == ["the clock of http://t is 1m 1s ahead of this machine's"])
        #expect(examine(ahead: [-7200]).map(\.seen) == ["the clock of http://t is 2h behind this machine's"])
        #expect(examine(ahead: [61]).map(\.severity) == [.wrong])
    }

    @Test("a clock that nobody keeps is a finding, one of which nothing is told isn't examined")
    func kernel() {
        #expect(examine(false).map(\.severity) == [.wrong])
        #expect(examine(nil).map(\.severity) == [.unexamined])
    }

    @Test("a certificate for the future is a finding")
    func unripe() {
        let findings = examine(unripe: 1)
        #expect(findings.map(\.severity) == [.wrong])
        #expect(findings[0].seen == "number 0 is not valid yet, or this machine's clock is behind")
    }

    @Test("the ticket system's clock is compared with the moment at which its answer came")
    func comparison() throws {
        func system(_ date: String?) -> TicketSystem {
            var answer = UpstreamAnswer(
                status: 404, fields: date.map { [UpstreamAnswer.Field(name: "date", value: $0)] } ?? [])
            answer.arrivedAtUnixMilliseconds = 784_111_770_500
            return TicketSystem(
                Settings.Upstream.Server(endpoint: .unix("/x"), name: "unix:/x"),
                answers: [TicketSystem.Answer(path: "/", answer: answer)])
        }
        #expect(ClockExamination.System(system("Sun, 06 Nov 1994 08:49:37 GMT"))?.aheadSeconds == 7)
        #expect(ClockExamination.System(system("2026-11-22T08:44:24Z")) == nil)
        #expect(ClockExamination.System(system(nil)) == nil)
    }
}
