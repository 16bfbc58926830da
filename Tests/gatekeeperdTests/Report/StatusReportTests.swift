import Gatekeeper
import Testing

@testable import gatekeeperd

struct StatusReportTests {
    private let now = GrantScene.start

    private func ago(_ seconds: Int64) -> WallTime { now.advanced(byMilliseconds: -seconds * 1000) }

    private var report: StatusReport {
        var report = StatusReport()
        report.processIdentifier = 42
        report.startedAt = ago(93_600)
        report.configuration = .init(generation: 3, hash: "0123456789abcdef", file: "/etc/gatekeeper/gatekeeper.yaml", loadedAt: ago(60))
        report.listeners = ["0.0.0.0:443"]
        report.openConnections = 2
        report.deniedCount = 17
        report.sources = [
            .init(address: "192.0.2.7", label: "Tier2Tickets", origin: "gatekeeper.yaml:9", lastSeenAt: ago(5), requestCount: 12),
            .init(address: "192.0.2.8"),
        ]
        report.certificates = [.init(file: "chain.pem", names: ["tickets.example"], expiresAt: ago(-86_400 * 3))]
        report.upstreams = [.init(url: "http://10.0.0.5:8080", isUp: false, since: ago(30), failure: "connection refused")]
        report.pendingConfirmation = .init(file: "/root/new.yaml", askedBy: GrantScene.alice, deadline: ago(-90))
        report.problems = [Problem(.ledgerFailed, of: "grants", "the ledger can't be written", cure: "make room", since: ago(30))]
        return report
    }

    @Test("people read what needs attention first")
    func text() {
        #expect(
            StatusText(report: report, now: now).lines == [
                "problem: the ledger can't be written (ledger_failed, since 2027-01-15T07:59:30Z, 30s ago)",
                "  do: make room",
                "unconfirmed: /root/new.yaml, applied by alice (1000), is undone in 1m 30s (2027-01-15T08:01:30Z) "
                    + "unless `gatekeeperd confirm` keeps it",
                "gatekeeperd \(Version.current), process 42, up 1d 2h",
                "configuration generation 3 (0123456789ab) from /etc/gatekeeper/gatekeeper.yaml, loaded 1m ago",
                "listening on 0.0.0.0:443",
                "2 connections open, 17 denied",
                "",
                "certificates",
                "  tickets.example  expires in 3d (2027-01-18T08:00:00Z)  RENEW  chain.pem",
                "",
                "upstreams",
                "  http://10.0.0.5:8080  DOWN for 30s  connection refused",
                "",
                "sources",
                "  192.0.2.7  Tier2Tickets  seen 5s ago  12 requests  (gatekeeper.yaml:9)",
                "  192.0.2.8  never seen",
            ])
    }

    @Test(
        "the shield is told with what it has done, or why there is none",
        arguments: [
            (StatusReport.Shield(state: "off"), "shield off", #"{"state":"off","dropped":0,"coarse":false}"#),
            (
                StatusReport.Shield(state: "up", since: GrantScene.start.advanced(byMilliseconds: -90_000), droppedCount: 8),
                "shield up for 1m 30s, 8 packets dropped",
                #"{"state":"up","since":"2027-01-15T07:58:30Z","dropped":8,"coarse":false}"#
            ),
            (
                StatusReport.Shield(state: "always", isCoarse: true),
                "shield always up (on_deny: drop), 0 packets dropped, coarse: "
                    + "the list is too long for the kernel, so neighbours of listed addresses are turned away here",
                #"{"state":"always","dropped":0,"coarse":true}"#
            ),
            (
                StatusReport.Shield(state: "lifted"), "shield lifted while a certificate authority may come",
                #"{"state":"lifted","dropped":0,"coarse":false}"#
            ),
            (
                StatusReport.Shield(state: "unavailable", obstacle: "no"), "shield unavailable: no",
                #"{"state":"unavailable","dropped":0,"coarse":false,"obstacle":"no"}"#
            ),
        ])
    func shield(shield: StatusReport.Shield, text: String, json: String) {
        var report = StatusReport()
        report.shield = shield
        #expect(StatusText(report: report, now: now).lines.last == text)
        #expect(report.json["shield"]?.text == json)
    }

    @Test("scripts read the same under names that stay, and nothing that isn't known")
    func json() {
        let json = report.json
        #expect(json["configuration"]?.string("hash") == "0123456789abcdef")
        #expect(json["pending_confirmation"]?["asked_by"]?["uid"]?.integer == 1000)
        #expect(json["admitted"] == nil)
        guard case .array(let problems)? = json["problems"] else { return #expect(Bool(false), "no problems") }
        #expect(
            problems.map(\.text) == [
                #"{"kind":"ledger_failed","about":"grants","text":"the ledger can't be written","cure":"make room","#
                    + #""since":"2027-01-15T07:59:30Z"}"#
            ])
        guard case .array(let sources)? = json["sources"] else { return #expect(Bool(false), "no sources") }
        #expect(sources.map(\.text).last == #"{"address":"192.0.2.8"}"#)
        #expect(JSONReader.read(Array(json.text.utf8)) == json)
    }

    @Test("of very many sources the first are shown, and all are counted")
    func manySources() {
        var report = StatusReport()
        report.sources = Array(repeating: .init(address: "192.0.2.8"), count: 5000)
        #expect(report.json["sources_total"]?.integer == 5000)
        #expect(StatusText(report: report, now: now).lines.last == "  … and 4000 more")
        #expect(report.json.text.utf8.count < ControlReply.bytesMax / 4)
    }

    @Test("the most and longest grants that there can be fit an answer")
    func manyGrants() throws {
        let requester = Requester(user: .max, name: String(repeating: "n", count: 32))
        let grant = Grant(
            identifier: 1, address: try prefix("2001:db8:1111:2222:3333:4444:5555:6666"), reason: String(repeating: "\"", count: 200),
            madeAt: now, madeBy: requester, endsAt: now, extended: .init(at: now, by: requester), firstUsedAt: now,
            ending: .init(at: now, how: .revoked(by: requester)))
        let service = FakeService()
        service.grantList = Array(repeating: grant, count: GrantBook.countMax)
        let scene = try ControlScene(service: service)
        #expect(try scene.reply(to: "{\"gatekeeper\":1,\"command\":\"grants\",\"all\":true}\n")?["ok"]?.boolean == true)
    }

    @Test(
        "durations are told in their two largest units",
        arguments: [(0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m 59s"), (86_400, "1d"), (90_061, "1d 1h"), (2_592_000, "30d")])
    func durations(seconds: Int, text: String) {
        #expect(TimeText.duration(milliseconds: Int64(seconds) * 1000) == text)
    }

    @Test("times beyond the calendar are shown as its ends")
    func calendar() {
        #expect(WallTime(milliseconds: .max).text == "9999-12-31T23:59:59Z")
        #expect(WallTime(milliseconds: .min).text == "1970-01-01T00:00:00Z")
        #expect(WallTime(milliseconds: 951_782_400_000).text == "2000-02-29T00:00:00Z")
        #expect(WallTime(milliseconds: .max).milliseconds(since: WallTime(milliseconds: .min)) == .max)
        #expect(WallTime(milliseconds: .max).advanced(byMilliseconds: 1) == WallTime(milliseconds: .max))
    }
}
