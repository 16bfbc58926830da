/// What a test needs to know of a Markdown page.
struct MarkdownText {
    /// Without fenced blocks.
    private let prose: String

    init(_ text: String) {
        var isFenced = false
        prose = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.drop(while: { $0 == " " }).hasPrefix("```") {
                isFenced.toggle()
                return ""
            }
            return isFenced ? "" : String(line)
        }.joined(separator: "\n")
    }

    /// Prose alone, in the same lines.
    var withoutCode: String { prose.replacing(#/`[^`\n]+`/#, with: "") }

    /// What stands between single backticks.
    var codeSpans: [String] {
        prose.matches(of: #/`([^`\n]+)`/#).map { String($0.1) }
    }

    /// Where links and images point: inline ones and definitions.
    var linkTargets: [String] {
        let text = prose.replacing(#/`[^`\n]+`/#, with: "")
        let inline = text.matches(of: #/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/#).map { String($0.1) }
        let definitions = text.split(separator: "\n").compactMap { line in
            line.firstMatch(of: #/^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+"[^"]*")?\s*$/#).map { String($0.1) }
        }
        return inline + definitions
    }

    /// The names by which a link reaches a heading, as code hosts make them.
    var anchors: Set<String> {
        var anchors: Set<String> = []
        for line in prose.split(separator: "\n") {
            guard let heading = line.firstMatch(of: #/^#{1,6}\s+(.+?)\s*#*$/#) else { continue }
            let kept = heading.1.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
            let anchor = kept.replacing(" ", with: "-")
            var number = 0
            while !anchors.insert(number == 0 ? anchor : "\(anchor)-\(number)").inserted { number += 1 }
        }
        return anchors
    }
}
