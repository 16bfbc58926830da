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
