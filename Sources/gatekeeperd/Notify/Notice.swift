internal import Gatekeeper

/// What somebody is told at one time: problems that began and problems that are over since he was told last.
struct Notice: Equatable, Sendable {
    var begun: [Problem] = []
    var over: [Problem] = []
    /// Those that began and were over before they could be told.
    var brief: [Problem] = []
    /// What the day has brought, in lines for people; alone.
    var digest: Digest?

    struct Digest: Equatable, Sendable {
        var title: String
        var lines: [String]
    }

    /// Nothing is wrong: somebody wants to know whether notices arrive.
    var isTest = false
    /// There were so many of late that this one had to wait, and sums up.
    var isSummary = false

    var isEmpty: Bool { begun.isEmpty && over.isEmpty && brief.isEmpty && !isTest && digest == nil }

    /// The word for programs.
    var event: String {
        if isTest { return "test" }
        if digest != nil { return "digest" }
        return begun.isEmpty ? "problem_over" : "problem"
    }
}

/// A notice as it is written to somebody: harmless text, bounded.
///
/// Problems quote labels, names of certificates, and what a ticket system answered: whoever reads a notice by phone must find no link in it that a
/// stranger has put there, and no line that isn't ours.
struct NoticeText: Equatable, Sendable {
    let title: String
    let lines: [String]

    /// Of each kind; of more their number.
    private static let problemsMax = 10
    private static let textBytesMax = 400

    /// - Parameter host: this machine's name.
    init(_ notice: Notice, host: String) {
        let host = Self.harmless(host)
        if notice.isTest {
            title = "gatekeeper on \(host): a test"
            lines = ["This is a test: notices of \(host) arrive here."]
            return
        }
        if let digest = notice.digest {
            title = Self.harmless(digest.title)
            lines = digest.lines.map(Self.harmless)
            return
        }
        let counts = [
            notice.begun.isEmpty ? nil : Quantity.counted(notice.begun.count, "problem"),
            notice.over.isEmpty && notice.brief.isEmpty ? nil : "\(notice.over.count + notice.brief.count) over",
        ]
        title = "gatekeeper on \(host): \(counts.compactMap(\.self).joined(separator: ", "))"
        var lines = Self.lines(notice.begun) { problem in
            [
                "\(Self.harmless(problem.text)) (\(problem.kind.rawValue), since \(problem.since.text))",
                "  do: \(Self.harmless(problem.cure))",
            ]
        }
        lines += Self.lines(notice.over) { ["over: \(Self.harmless($0.text)) (\($0.kind.rawValue), since \($0.since.text))"] }
        lines += Self.lines(notice.brief) { ["was for a while: \(Self.harmless($0.text)) (\($0.kind.rawValue), since \($0.since.text))"] }
        if notice.isSummary { lines.append("There were many notices within an hour, so this one sums up.") }
        self.lines = lines
    }

    var text: String { ([title] + lines).joined(separator: "\n") }

    private static func lines(_ problems: [Problem], _ lines: (Problem) -> [String]) -> [String] {
        problems.prefix(problemsMax).flatMap(lines)
            + (problems.count > problemsMax ? ["and \(problems.count - problemsMax) more: gatekeeperd status"] : [])
    }

    /// One line without control characters, of a bounded length, in which nothing is taken for a link.
    static func harmless(_ text: String) -> String {
        var plain = ""
        for scalar in text.unicodeScalars {
            guard plain.utf8.count < textBytesMax else {
                plain += "…"
                break
            }
            let isHarmful = [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            plain.unicodeScalars.append(isHarmful ? " " : scalar)
        }
        return replacing([("://", "[:]//"), ("www.", "www[.]"), ("WWW.", "WWW[.]")], in: plain)
    }

    /// Byte by byte: to `String.replacing` a character with a mark on it is another one.
    static func replacing(_ words: [(String, String)], in text: String) -> String {
        var bytes = Array(text.utf8)
        for (old, new) in words { bytes.replace(Array(old.utf8), with: Array(new.utf8)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
