internal import Gatekeeper

/// A notice in the form that its receiver expects.
struct NoticeBody: Equatable, Sendable {
    var bytes: [UInt8]
    /// Beside what every request of ours has.
    var fields: [UpstreamAnswer.Field]

    init(_ notice: Notice, as format: Notifier.Format, host: String, at now: WallTime) {
        let text = NoticeText(notice, host: host)
        fields = [.init(name: "Content-Type", value: "application/json")]
        switch format {
        case .json: bytes = Self.bytes(Self.json(notice, text, host, now))
        case .slack: bytes = Self.bytes(Self.slack(text))
        case .teams: bytes = Self.bytes(Self.card(text))
        case .ntfy:
            bytes = Array(text.lines.joined(separator: "\n").utf8)
            fields = [
                .init(name: "Content-Type", value: "text/plain; charset=utf-8"), .init(name: "Title", value: Self.ascii(text.title)),
                .init(name: "Priority", value: notice.begun.isEmpty ? "default" : "high"),
                .init(name: "Tags", value: Self.tag(of: notice)),
            ]
        }
    }

    /// As ntfy calls pictures.
    private static func tag(of notice: Notice) -> String {
        if notice.isTest { return "test_tube" }
        if notice.digest != nil { return "newspaper" }
        return notice.begun.isEmpty ? "white_check_mark" : "warning"
    }

    private static func bytes(_ json: JSON) -> [UInt8] { Array(json.text.utf8) }

    /// Signs it: `X-Gatekeeper-Signature` is over the timestamp, a full stop and the body, so that neither can be used again with another.
    mutating func sign(with secret: [UInt8]?, at now: WallTime) {
        let timestamp = "\(now.milliseconds / 1000)"
        fields.append(.init(name: "X-Gatekeeper-Timestamp", value: timestamp))
        guard let secret else { return }
        let code = MessageAuthentication.sha256(of: Array(timestamp.utf8) + [UInt8(ascii: ".")] + bytes, key: secret)
        fields.append(.init(name: "X-Gatekeeper-Signature", value: "sha256=\(code)"))
    }

    // MARK: Forms

    /// Of each kind that JSON tells of one by one.
    private static let problemsMax = 20

    private static func json(_ notice: Notice, _ text: NoticeText, _ host: String, _ now: WallTime) -> JSON {
        .object(
            of: ("text", .string(text.text)), ("event", .string(notice.event)), ("host", .string(NoticeText.harmless(host))),
            ("time", .string(now.text)), ("version", .string(Version.current)),
            ("begun", .array(notice.begun.prefix(problemsMax).map(json))),
            ("over", .array((notice.over + notice.brief).prefix(problemsMax).map(json))), ("begun_count", .number(notice.begun.count)),
            ("over_count", .number(notice.over.count + notice.brief.count)), ("summary", notice.isSummary ? .boolean(true) : nil))
    }

    private static func json(_ problem: Problem) -> JSON {
        .object(
            of: ("kind", .string(problem.kind.rawValue)), ("text", .string(NoticeText.harmless(problem.text))),
            ("cure", .string(NoticeText.harmless(problem.cure))), ("since", .string(problem.since.text)))
    }

    /// With what Slack takes for its own escaped: `<!channel>`, `<https://…>`, `&`.
    private static func slack(_ text: NoticeText) -> JSON {
        let plain = NoticeText.replacing([("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")], in: text.text)
        return .object(
            of: ("text", .string(plain)), ("mrkdwn", .boolean(false)), ("parse", .string("none")), ("link_names", .boolean(false)),
            ("unfurl_links", .boolean(false)))
    }

    /// An adaptive card, in runs of text that are taken for no markup.
    private static func card(_ text: NoticeText) -> JSON {
        func block(_ line: String, isBold: Bool = false) -> JSON {
            let run = JSON.object(
                of: ("type", .string("TextRun")), ("text", .string(line)), ("weight", isBold ? .string("Bolder") : nil))
            return .object(of: ("type", .string("RichTextBlock")), ("inlines", .array([run])))
        }
        let card = JSON.object(
            of: ("type", .string("AdaptiveCard")), ("$schema", .string("http://adaptivecards.io/schemas/adaptive-card.json")),
            ("version", .string("1.4")), ("body", .array([block(text.title, isBold: true)] + text.lines.map { block($0) })))
        let attachment = JSON.object(
            of: ("contentType", .string("application/vnd.microsoft.card.adaptive")), ("content", card))
        return .object(of: ("type", .string("message")), ("attachments", .array([attachment])))
    }

    private static func ascii(_ text: String) -> String {
        String(decoding: text.utf8.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
