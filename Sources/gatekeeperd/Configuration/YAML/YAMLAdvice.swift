/// What to do about a mistake of YAML's syntax: libyaml names what it was about to read, which helps whoever has written a parser.
enum YAMLAdvice {
    /// The mistake with the cure, and where the cause is plain, at its position.
    static func advised(_ mistake: YAMLMistake, in bytes: [UInt8]) -> YAMLMistake {
        if let tab = tab(before: mistake.position, in: bytes) {
            return YAMLMistake(position: tab, message: "a tab stands here; YAML is indented with spaces, so replace it with them")
        }
        guard let cure = cures.first(where: { mistake.message.contains($0.part) })?.cure else { return mistake }
        return YAMLMistake(position: mistake.position, message: "\(mistake.message); \(cure)")
    }

    /// By libyaml's words, the more particular ones first.
    private static let cures: [(part: String, cure: String)] = [
        ("mapping values are not allowed", "put a value that holds \": \" in quotes, and look at the indentation"),
        ("could not find expected ':'", "a key here or on the line above has no colon and space behind it, or a value isn't indented"),
        ("found unexpected end of stream", "a quote, or a bracket, that was opened above isn't closed"),
        ("did not find expected ',' or", "a bracket that was opened above isn't closed, or a comma is missing"),
        ("did not find expected key", "this line is indented otherwise than its neighbours, or a quote is missing or one too many"),
        ("did not find expected '-' indicator", "this line is indented otherwise than the elements of the list above it"),
        ("did not find expected node content", "a value, or an element between two commas, is missing"),
        ("cannot start any token", "put a value that begins with @, `, % or the like in quotes"),
        ("did not find expected <document start>", "there is text before the first key that is no key, or a bracket that was never opened"),
        ("block sequence entries are not allowed", "a list's dashes stand on lines of their own below the key"),
        ("block mapping entries are not allowed", "a key stands on a line of its own"),
        ("escape", "in double quotes a \\ begins an escape; write \\\\ or take single quotes"),
        ("control characters are not allowed", "remove the character, which editors don't show"),
    ]

    /// The first tab among the blanks that the line of the mistake begins with, or the line before it; or at the mistake itself.
    private static func tab(before position: SourcePosition, in bytes: [UInt8]) -> SourcePosition? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: position.line, omittingEmptySubsequences: false)
        func isTab(_ line: Int, _ column: Int) -> Bool {
            guard lines.indices.contains(line - 1), column >= 1, column <= lines[line - 1].count else { return false }
            return lines[line - 1][lines[line - 1].startIndex + column - 1] == UInt8(ascii: "\t")
        }
        for line in [position.line, position.line - 1] where lines.indices.contains(line - 1) {
            let blanks = lines[line - 1].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if let tab = blanks.firstIndex(of: UInt8(ascii: "\t")) {
                return SourcePosition(line: line, column: tab - blanks.startIndex + 1)
            }
        }
        return isTab(position.line, position.column) ? position : nil
    }
}
