import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct StatusPageTests {
    private let now = GrantScene.start

    private func page(_ observation: Observation, denials: DenialReport? = nil) -> String {
        StatusPage(observation, denials: denials, now: now).text
    }

    /// Every text that may come from outside says this.
    private func observation(saying text: String) throws -> Observation {
        var report = StatusReport()
        report.configuration = .init(generation: 1, hash: text, file: text, loadedAt: now)
        report.listeners = [text]
        report.shield = .init(state: text)
        report.sources = [.init(address: text, label: text, origin: text, lastSeenAt: now, until: now)]
        report.certificates = [.init(file: text, names: [text], expiresAt: now)]
        report.upstreams = [.init(url: text, isUp: false, failure: text)]
        report.grants = [
            Grant(
                identifier: 1, address: try prefix("192.0.2.9"), reason: text, madeAt: now, madeBy: Requester(user: 1, name: text),
                endsAt: now)
        ]
        report.pendingConfirmation = .init(file: text, askedBy: Requester(user: 1, name: text), deadline: now)
        report.recentDenials = [.init(address: try peer("192.0.2.9"), count: 1, reasons: [text], lastAt: now, listedAs: text)]
        report.answers = [.init(name: text, succeeded: 1, failed: 1, lastAt: now)]
        report.tlsFailures = [.init(reason: text, count: 1)]
        report.problems = [Problem(.fileMissing, of: text, text, cure: text, since: now)]
        return Observation(report: report)
    }

    @Test(
        "whatever a text from outside says, it is text",
        arguments: ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x", "</td></table><h1>", "&lt;b&gt;"])
    func escaping(text: String) throws {
        let page = page(try observation(saying: text))
        #expect(!page.contains(text))
        let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
        #expect(page.components(separatedBy: escaped).count > 10)
        // The same tags whatever the text.
        func tags(_ page: String) -> [String] { page.matches(of: #/<[^>]*>/#).map { String($0.0) } }
        #expect(tags(page) == tags(self.page(try observation(saying: "x"))))
    }

    @Test("characters that control a terminal or turn the line around are shown as such")
    func controls() throws {
        let page = page(try observation(saying: "a\u{1b}[2J\u{202e}b\u{7f}\u{9b}\u{2066}"))
        #expect(page.contains("a\u{fffd}[2J\u{fffd}b\u{fffd}\u{fffd}\u{fffd}"))
        #expect(page.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7f && !(0x80...0x9f).contains($0.value) })
    }

    @Test("the browser is told to run nothing, and which style is ours")
    func policy() throws {
        let answer = StatusPage(Observation(), denials: nil, now: now).answer
        let policy = try #require(answer.fields.first { $0.name == "Content-Security-Policy" }?.value)
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        let text = String(decoding: answer.body, as: UTF8.self)
        let style = try #require(text.firstMatch(of: #/<style>((?s).*)<\/style>/#)?.1)
        let digest = Digest.hex(of: Array(style.utf8))
        let hash = try #require(policy.firstMatch(of: #/'sha256-([^']+)'/#)?.1)
        let bytes = try #require(Data(base64Encoded: String(hash)))
        #expect(bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == digest)
        for word in ["<script", "src=", "@import", "url(", "http://", "https://", "style="] { #expect(!text.contains(word), "\(word)") }
    }

    @Test("what needs attention comes first, in words")
    func attention() throws {
        var observation = Observation()
        observation.report.problems = [
            Problem(.ledgerFailed, "the ledger can't be written", cure: "make room", since: now.advanced(byMilliseconds: -90_000))
        ]
        observation.report.pendingConfirmation = .init(
            file: "/new.yaml", askedBy: GrantScene.alice, deadline: now.advanced(byMilliseconds: 90_000))
        observation.report.upstreams = [.init(url: "http://10.0.0.5:8080", isUp: false), .init(url: "http://10.0.0.6:8080", isUp: true)]
        observation.report.certificates = [
            .init(names: ["soon.example"], expiresAt: now.advanced(byMilliseconds: 86_400_000)),
            .init(names: ["past.example"], expiresAt: now.advanced(byMilliseconds: -1)),
            .init(names: ["fine.example"], expiresAt: now.advanced(byMilliseconds: 86_400_000 * 60)),
        ]
        let page = page(observation)
        let list = try #require(page.firstMatch(of: #/<section class="attention">((?s).*?)<\/section>/#)?.1)
        #expect(
            list.matches(of: #/<li>(.*)<\/li>/#).map { String($0.1) } == [
                "the ledger can&#39;t be written (ledger_failed, since 2027-01-15T07:58:30Z, 1m 30s ago); do: make room",
                "unconfirmed: /new.yaml, applied by alice (1000), is undone in 1m 30s (2027-01-15T08:01:30Z) unless it is confirmed",
            ])
        #expect(page.components(separatedBy: "<tr class=\"bad\">").count == 4, "two certificates and a ticket system")
        #expect(self.page(Observation()).contains("nothing needs attention"))
    }

    @Test("who was denied last is told, with those that aren't told apart")
    func denied() throws {
        var report = DenialReport(since: now)
        let denials = DenialReport.Denials(
            count: 12, reasons: [.init(word: "not_listed", count: 11), .init(word: "expired", count: 1)], first: now, last: now)
        report.sources = [.init(address: try peer("198.51.100.9"), denials: denials, label: .expired)]
        report.others = .init(denials: denials, sourcesAtLeast: 3)
        report.notShown = .init(count: 5, sources: 2)
        let page = page(Observation(), denials: report)
        #expect(page.contains(">198.51.100.9</td>"))
        #expect(page.contains(">not_listed, expired</td>"))
        #expect(page.contains(">others</td>"))
        #expect(page.contains("And 5 times 2 other addresses. "))
    }

    // MARK: Numbers

    private let berlin = LocalZone { _ in (3_600, "CET") }

    /// What a table shows, without its heads.
    private func cells(_ page: String, under heading: String) throws -> [String] {
        let section = try #require(
            page.components(separatedBy: "<h2>\(heading)</h2>").dropFirst().first?.components(separatedBy: "</table>")[0])
        return section.matches(of: #/<td[^>]*>([^<]*)<\/td>/#).map { String($0.1) }
    }

    @Test("charts of the day come with the same by the hour, and local time beside UTC")
    func day() throws {
        var observation = Observation()
        observation.report.day = Array(repeating: nil, count: 60) + Array(repeating: MinuteCounts(denied: 1, refused: 2), count: 1_380)
        let page = StatusPage(observation, denials: nil, now: now, zone: berlin).text
        #expect(page.components(separatedBy: "<svg role=\"img\"").count == 5)
        #expect(page.contains("<strong>Connections denied</strong> 1\u{202f}380 in 24 hours"))
        #expect(page.contains("<strong>Requests refused</strong> 2\u{202f}760 in 24 hours"))
        let hours = try cells(page, under: "The last 24 hours")
        #expect(hours.count == 24 * 5)
        #expect(hours.prefix(5) == ["2027-01-15T08:00:00Z (09:00 CET)", "60", "0", "0", "120"])
        #expect(hours.suffix(5) == ["2027-01-14T09:00:00Z (2027-01-14 10:00 CET)", "–", "–", "–", "–"])
        #expect(page.contains("As of 2027-01-15T08:00:00Z (09:00 CET), refreshed every 30 seconds"))
    }

    @Test("who knocks now is told, the latest first, and how many others")
    func knocking() throws {
        var observation = Observation()
        observation.report.recentDenials = try (1...23).map { number in
            .init(
                address: try peer("198.51.100.\(number)"), count: UInt64(number), reasons: ["not_listed"],
                lastAt: now.advanced(byMilliseconds: -5_000), listedAs: number == 1 ? "vendor" : nil)
        }
        let page = page(observation)
        let cells = try cells(page, under: "Turned away in the last 10 minutes")
        #expect(
            cells.prefix(10) == [
                "198.51.100.1", "1", "5s ago", "not_listed", "vendor", "198.51.100.2", "2", "5s ago", "not_listed", "not listed",
            ])
        #expect(cells.count == 20 * 5)
        #expect(page.contains("and 3 other addresses"))
    }

    @Test("how well and how fast a source and a ticket system are answered, and since when one is silent or down")
    func answers() throws {
        var observation = Observation()
        let hourAgo = now.advanced(byMilliseconds: -3_600_000)
        observation.report.answers = [
            .init(name: "vendor", succeeded: 1_999, failed: 1, median: 7.2, percentile95: 1_250, lastAt: hourAgo),
            .init(name: "192.0.2.8", succeeded: 0, failed: 3, lastAt: now),
        ]
        observation.report.upstreams = [
            .init(
                url: "http://10.0.0.5", isUp: false, since: hourAgo, openConnections: 3, connectionsMax: 256, failure: "connect_refused",
                answers: .init(name: "", succeeded: 3, failed: 1, median: 20, percentile95: 60_000))
        ]
        observation.report.tlsFailures = [.init(reason: "no_shared_cipher", count: 1_234)]
        observation.report.limits = .init(connections: 10_000, connectionsPerSource: 1_000)
        observation.report.openConnections = 12
        let page = page(observation)
        #expect(
            try cells(page, under: "Answers since the start, by label") == [
                "vendor", "2\u{202f}000", "99.9 %", "8 ms", "1.2 s", "2027-01-15T07:00:00Z, 1h ago", "192.0.2.8", "3", "0.0 %", "–", "–",
                "2027-01-15T08:00:00Z, just now",
            ])
        #expect(
            try cells(page, under: "Ticket systems") == [
                "http://10.0.0.5", "down: connect_refused", "2027-01-15T07:00:00Z, 1h ago", "3 of 256", "75.0 %", "20 ms", "&gt; 60 s",
            ])
        #expect(try cells(page, under: "Failures of TLS since the start") == ["no_shared_cipher", "1\u{202f}234"])
        #expect(page.contains("<dd>12 of 10\u{202f}000</dd>"))
        #expect(page.contains("<td class=\"number\" data-name=\"requests\">2\u{202f}000</td>"))
    }

    @Test("it refreshes itself, unless it was asked to stay as it is")
    func refreshing() {
        func refresh(_ answer: StatusAnswer) -> String? { answer.fields.first { $0.name == "Refresh" }?.value }
        let still = StatusPage(Observation(), denials: nil, now: now, isStill: true)
        #expect(refresh(StatusPage(Observation(), denials: nil, now: now).answer) == "30")
        #expect(refresh(still.answer) == nil)
        #expect(page(Observation()).contains("<a href=\"/still\">"))
        #expect(still.text.contains("this page stays as it is. <a href=\"/\">"))
        #expect(page(Observation()).contains("<a href=\"/status.json\">"))
    }

    @Test("with all there can be, the page is bounded")
    func bounded() throws {
        let text = String(repeating: "\"", count: 64)
        var observation = try observation(saying: text)
        observation.report.day = Array(repeating: MinuteCounts(denied: .max, requests: .max, errors: .max, refused: .max), count: 1_440)
        observation.report.answers = Array(repeating: .init(name: text, succeeded: .max, failed: 0, lastAt: now), count: 2_000)
        observation.report.sources = Array(repeating: .init(address: text, label: text, origin: text), count: 2_000)
        observation.report.recentDenials = Array(
            repeating: .init(address: try peer("2001:db8::1"), count: .max, reasons: [text], lastAt: now), count: 256)
        #expect(page(observation).utf8.count < 600_000)
        #expect(observation.report.json.text.utf8.count < ControlReply.bytesMax)
    }

    @Test("of very many sources the first are shown, and the number of the others")
    func manySources() {
        var observation = Observation()
        observation.report.sources = Array(repeating: .init(address: "192.0.2.8"), count: 5_000)
        observation.sourceCount = 5_000
        let page = page(observation)
        #expect(page.contains("4800 more"))
        #expect(page.utf8.count < 100_000)
    }
}
