import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Notices as they are written")
struct NoticeBodyTests {
    private static let hostile = "label <!channel> *bold* [x](http://evil.example/) www.evil.example & \u{202e}\n\"{}\\ `code` @here"

    private static func notice(_ text: String = hostile) -> Notice {
        Notice(begun: [Problem(.upstreamDown, of: "u", text, cure: "look at https://10.0.0.5", since: GrantScene.start)])
    }

    private static func object(_ format: Notifier.Format, _ notice: Notice = notice()) throws -> [String: Any] {
        let body = NoticeBody(notice, as: format, host: "door<1>", at: GrantScene.start)
        return try #require(try JSONSerialization.jsonObject(with: Data(body.bytes)) as? [String: Any])
    }

    @Test("whatever a peer chose is one line of text without a link, in every format", arguments: Notifier.Format.allCases)
    func harmless(format: Notifier.Format) throws {
        let body = NoticeBody(Self.notice(), as: format, host: "door<1>", at: GrantScene.start)
        let text = String(decoding: body.bytes, as: UTF8.self).replacing("http://adaptivecards.io", with: "")
        #expect(!text.contains("://") && !text.contains("www.") && !text.contains("\u{202e}"))
        if format != .ntfy { #expect(!text.contains("\n")) } else { #expect(text.split(separator: "\n").count == 2) }
        for field in body.fields { #expect(!field.value.contains { $0.isNewline }) }
    }

    @Test("neither length nor a mark on a character brings a link or markup back")
    func disguised() {
        let marked = "https://\u{FE0F}evil.example <\u{FE0F}!channel> " + String(repeating: "x", count: 500)
        #expect(!NoticeText.harmless(marked).utf8.elementsEqual(marked.utf8))
        #expect(Array(NoticeText.harmless(marked).utf8).firstRange(of: Array("://".utf8)) == nil)
        let body = NoticeBody(Self.notice(marked), as: .slack, host: "door", at: GrantScene.start)
        #expect(body.bytes.firstRange(of: Array("<".utf8)) == nil)
    }

    @Test("json has a text, and each problem with kind, cure and since when")
    func json() throws {
        let object = try Self.object(.json, Self.notice("upstream is down"))
        #expect(object["event"] as? String == "problem")
        let begun = try #require(object["begun"] as? [[String: Any]])
        #expect(begun.first?["kind"] as? String == "upstream_down" && begun.first?["text"] as? String == "upstream is down")
        #expect(begun.first?["since"] as? String == GrantScene.start.text)
        let text = try #require(object["text"] as? String)
        #expect(text.contains("upstream is down") && text.contains("do: look at"))
        #expect(object["summary"] == nil)
    }

    @Test("Slack's markup is escaped, and Teams is given runs of text, which know none")
    func markup() throws {
        let slack = try #require(try Self.object(.slack)["text"] as? String)
        #expect(slack.contains("&lt;!channel&gt;") && slack.contains("&amp;") && !slack.contains("<"))
        let teams = try Self.object(.teams)
        let attachment = try #require((teams["attachments"] as? [[String: Any]])?.first)
        #expect(attachment["contentType"] as? String == "application/vnd.microsoft.card.adaptive")
        let body = try #require((attachment["content"] as? [String: Any])?["body"] as? [[String: Any]])
        #expect(body.allSatisfy { $0["type"] as? String == "RichTextBlock" })
        #expect(body.count == 3)
    }

    @Test("a hundred problems make a notice of bounded size that says how many more there are")
    func bounded() {
        let problems = (1...100).map {
            Problem(
                .configurationWarning, of: "\($0)", String(repeating: "é", count: 5_000), cure: String(repeating: "x", count: 5_000),
                since: GrantScene.start)
        }
        let text = NoticeText(Notice(begun: problems, over: problems), host: "door").text
        #expect(text.utf8.count < 20_000)
        #expect(text.contains("and 90 more: gatekeeperd status"))
        let body = NoticeBody(Notice(begun: problems, over: problems), as: .json, host: "door", at: GrantScene.start)
        #expect(body.bytes.count < 64 << 10)
    }

    @Test("the signature is HMAC-SHA-256 over timestamp, full stop and body, and none without a secret")
    func signature() throws {
        // RFC 4231, test case 2.
        #expect(
            MessageAuthentication.sha256(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        var body = NoticeBody(Self.notice(), as: .json, host: "door", at: GrantScene.start)
        let secret = Array("0123456789abcdef".utf8)
        body.sign(with: secret, at: GrantScene.start)
        let timestamp = try #require(body.fields.first { $0.name == "X-Gatekeeper-Timestamp" }?.value)
        #expect(timestamp == "\(GrantScene.start.milliseconds / 1000)")
        let expected = MessageAuthentication.sha256(of: Array("\(timestamp).".utf8) + body.bytes, key: secret)
        #expect(body.fields.contains { $0.name == "X-Gatekeeper-Signature" && $0.value == "sha256=\(expected)" })
        var bare = NoticeBody(Self.notice(), as: .json, host: "door", at: GrantScene.start)
        bare.sign(with: nil, at: GrantScene.start)
        #expect(!bare.fields.contains { $0.name == "X-Gatekeeper-Signature" })
    }
}
