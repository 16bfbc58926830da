import Gatekeeper
import Testing

@testable import gatekeeperd

struct NagiosReportTests {
    private let now = GrantScene.start

    private func report(_ change: (inout StatusReport) -> Void = { _ in }) -> NagiosReport {
        var status = StatusReport()
        status.processIdentifier = 7
        status.uptimeMilliseconds = 60_000
        (status.openConnections, status.admittedCount, status.deniedCount, status.requestCount) = (2, 10, 3, 99)
        status.certificates = [.init(names: ["t.example"], expiresAt: now.advanced(byMilliseconds: 86_400_000 * 60))]
        status.upstreams = [.init(url: "http://a", isUp: true), .init(url: "http://b", isUp: nil)]
        change(&status)
        return NagiosReport(status: status.json, at: now)
    }

    private func problem(_ kind: Problem.Kind, _ text: String) -> Problem { Problem(kind, text, cure: "mend it", since: now) }

    // MARK: Judging

    @Test("a service without a problem is well, and its line has the figures")
    func ok() {
        let report = report()
        #expect(report.state == .ok && report.details.isEmpty)
        #expect(
            report.text == "GATEKEEPER OK - serving, version \(Version.current), 2 of 2 ticket systems up"
                + ", certificate ends in 60d (2027-03-16T08:00:00Z)"
                + " | problems=0;0;;0 upstreams_up=2;2:;1:;0;2 certificate=5184000s;;0: connections=2;;;0 admitted=10c;;;0 denied=3c;;;0"
                + " requests=99c;;;0 uptime=60s;;;0")
    }

    @Test("kinds of problems are warnings, but for those with which nobody is served", arguments: Problem.Kind.allCases)
    func kinds(kind: Problem.Kind) {
        let report = report { $0.problems = [problem(kind, "it is so")] }
        let isCritical = kind == .certificateExpired || kind == .listenerAbsent
        #expect(report.state == (isCritical ? .critical : .warning))
        #expect(report.summary == "it is so")
        #expect(report.details == ["it is so (\(kind.rawValue), since \(now.text)); do: mend it"])
    }

    @Test("the worst is told first, whatever came first")
    func order() {
        let report = report {
            $0.problems = [
                problem(.logLost, "lines are lost"), problem(.certificateExpired, "it is over"), problem(.clockJumped, "it leapt"),
            ]
        }
        #expect(report.state == .critical && report.summary == "it is over, and 2 more")
        #expect(report.details.count == 3 && report.details[0].hasPrefix("it is over"))
    }

    @Test("one ticket system of two that is down is a warning by its problem, and none up is critical without one")
    func upstreams() {
        let one = report {
            $0.upstreams[0].isUp = false
            $0.problems = [problem(.upstreamDown, "http://a doesn't answer")]
        }
        #expect(one.state == .warning && one.text.contains(" upstreams_up=1;2:;1:;0;2 "))
        let none = report {
            $0.upstreams[0].isUp = false
            $0.upstreams[1].isUp = false
        }
        #expect(none.state == .critical && none.summary == "no ticket system is up")
    }

    @Test("a certificate that is over and a listener that is gone are critical before a problem is told, and told once with one")
    func unprompted() {
        let over = report { $0.certificates[0].expiresAt = now.advanced(byMilliseconds: -5_000) }
        #expect(over.state == .critical && over.text.contains(" certificate=-5s;;0: "))
        let absent = report { $0.absentListeners = ["192.0.2.1:443"] }
        #expect(absent.state == .critical && absent.summary.contains("192.0.2.1:443"))
        let both = report {
            $0.absentListeners = ["192.0.2.1:443"]
            $0.problems = [problem(.listenerAbsent, "192.0.2.1:443 is gone")]
        }
        #expect(both.details.count == 1)
    }

    @Test(
        "what isn't a service's status is unknown",
        arguments: ["{}", "[]", "null", #"{"version":"1","pid":1}"#, #"{"version":1,"problems":[]}"#])
    func garbage(text: String) throws {
        #expect(NagiosReport(status: try #require(JSONReader.read(Array(text.utf8))), at: now).state == .unknown)
    }

    // MARK: Writing

    @Test("no text begins the figures or another line", arguments: ["a|b", "a\nb", "a\r\nb", "a\u{2028}b", "a\u{85}b", "a\u{0}b"])
    func escaping(text: String) {
        let report = NagiosReport(.warning, text, figures: [.init(label: "x", value: 1)], details: [text, text])
        let lines = report.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        #expect(lines.count == 3)
        #expect(lines[0].split(separator: "|").count == 2 && lines[0].hasSuffix(" | x=1;;;0"))
        #expect(!lines[1].contains("|"))
    }

    @Test("however much is wrong, what is told is bounded")
    func bounds() {
        let long = String(repeating: "x", count: 10_000)
        let text = NagiosReport(.critical, long, details: Array(repeating: long, count: 100)).text
        #expect(text.utf8.count < 4096 && text.hasSuffix("\nand 90 more"))
    }
}
