import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Is the service well by its own account?")
struct ServiceExaminationTests {
    private func examine(_ change: (inout ServiceState) -> Void = { _ in }) -> [ExaminationFinding] {
        var state = ServiceState(process: 42)
        state.configurationFile = "/etc/g.yaml"
        state.configurationHash = "0123"
        change(&state)
        return ServiceExamination(state: .success(state), file: "/etc/g.yaml", hash: "0123").findings
    }

    @Test("a service that answers and serves by the file as it is is well")
    func well() {
        #expect(examine() == [.ok(.service, "process 42 serves by /etc/g.yaml as it is now")])
    }

    @Test("one that doesn't answer isn't examined, which is not well")
    func absent() {
        let failure = ControlFailure(.absent, "no service runs at /run/c.sock")
        let findings = ServiceExamination(state: .failure(failure), file: nil, hash: "").findings
        #expect(findings.map(\.severity) == [.unexamined] && findings[0].seen == failure.message)
    }

    @Test("each problem of its own is a finding")
    func problems() {
        let findings = examine {
            $0.problems = [
                .init(kind: "log_lost", text: "the disk is full", cure: "make room"), .init(kind: "of_tomorrow", text: "another", cure: ""),
            ]
        }
        #expect(findings.map(\.severity) == [.wrong, .wrong])
        #expect(findings[0].seen == "the service has a problem: the disk is full" && findings[0].advice == "make room")
    }

    @Test("a trial, a drain and a file that isn't in force are notes")
    func notes() {
        #expect(examine { $0.pendingEnd = "2026-03-01T12:00:00Z" }.map(\.severity) == [.note])
        #expect(examine { $0.isDraining = true }.map(\.severity) == [.note])
        #expect(
            examine { $0.configurationHash = "4567" }.map(\.seen) == [
                "the service doesn't serve by /etc/g.yaml as it is now, or was started with flags beside it"
            ])
        // On trial the file is another on purpose.
        #expect(examine { ($0.configurationHash, $0.pendingEnd) = ("4567", "soon") }.count == 1)
        #expect(
            examine { ($0.configurationHash, $0.configurationFile) = ("4567", "/etc/h.yaml") }
                == [.note(.service, "process 42 serves by /etc/h.yaml, and what is said here is by /etc/g.yaml")])
        // The same under another path.
        #expect(examine { $0.configurationFile = "g.yaml" }.map(\.severity) == [.ok])
    }

    @Test("the answer to status is understood, as it is written")
    func status() throws {
        var report = StatusReport()
        report.processIdentifier = 42
        report.configuration = .init(generation: 3, hash: "0123", file: "/etc/g.yaml")
        report.listeners = ["0.0.0.0:443", "[::]:443"]
        report.isDraining = true
        report.sources = [.init(address: "192.0.2.7", admittedCount: 7), .init(address: "10.0.0.0/8"), .init(address: "nonsense")]
        report.certificates = [.init(file: "chain.pem", names: ["t.example"], fingerprint: "aa"), .init(file: "old.pem", names: [])]
        report.pendingConfirmation = .init(deadline: GrantScene.start)
        report.problems = [Problem(.upstreamDown, of: "http://a", "p", cure: "c", since: GrantScene.start)]
        let state = try #require(ServiceState(report.json))
        #expect(state.process == 42 && state.configurationFile == "/etc/g.yaml" && state.configurationHash == "0123")
        #expect(state.listeners.map(\.description) == report.listeners && state.isDraining && state.isDraining)
        #expect(state.problems == [.init(kind: "upstream_down", subject: "http://a", text: "p", cure: "c")])
        #expect(state.sources.map { "\($0.prefix) \($0.admitted)" } == ["192.0.2.7 7", "10.0.0.0/8 0"])
        #expect(state.certificates == [ServiceState.Certificate(file: "chain.pem", fingerprint: "aa")])
        #expect(state.pendingEnd == GrantScene.start.text)
        #expect(ServiceState(.null) == nil && ServiceState(.object([])) == nil)
    }

    @Test("the answer to denials is understood, with what can't be told apart in the total")
    func denials() throws {
        let moment = GrantScene.start
        func counted(_ count: Int64) -> DenialReport.Denials {
            .init(count: count, reasons: [.init(word: "not_listed", count: count)], first: moment, last: moment)
        }
        var report = DenialReport(since: moment)
        report.sources = [.init(address: try PeerAddress(parsing: "10.0.0.1"), denials: counted(30))]
        report.others = .init(denials: counted(12), sourcesAtLeast: 5)
        let tally = DenialTally(report.json)
        #expect(tally.total == 42 && tally.sources.map { "\($0.address) \($0.count)" } == ["10.0.0.1 30"])
        #expect(DenialTally(.null) == DenialTally())
        let absurd = JSON.object(of: ("total", .number("9223372036854775807")), ("sources", .array([.null])))
        #expect(DenialTally(absurd).total == 1 << 40)
    }

    @Test("without a service and a control socket both questions fail with a reason, and never with silence")
    func nobody() throws {
        let folder = try ScratchFolder()
        let account = ServiceAccount.read(controlPath: nil, statePath: folder.file("nowhere"), at: .now())
        guard case .failure(let state) = account.state, case .failure(let denials) = account.denials else {
            return #expect(Bool(false), "\(account)")
        }
        #expect(state.message == "the configuration names no control socket")
        #expect(denials.message.contains(state.message) && denials.message.contains("nowhere"))
    }
}
