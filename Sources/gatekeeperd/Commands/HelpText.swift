/// The help of a command, which ends with examples.
///
/// The library prints a discussion in front of the options; examples are looked for at the end. They are written as the discussion's last
/// paragraph, so that whatever reads it has them, and moved behind the options when help is printed.
enum HelpText {
    static let heading = "EXAMPLES:"
    /// How wide an example may be, so that no help breaks its line.
    static let columnsMax = 78

    /// - Parameter examples: as they are typed; one that needs several lines has a backslash at the end of each but the last.
    static func discussion(_ text: String = "", examples: String...) -> String {
        let block = ([heading] + examples.map { "  " + $0.replacing("\n", with: "\n  ") }).joined(separator: "\n")
        return text.isEmpty ? block : text + "\n\n" + block
    }

    /// A discussion without its examples, and these, each as it is typed.
    static func parts(of discussion: String) -> (text: String, examples: [String]) {
        var text: [Substring] = []
        var examples: [String] = []
        var isExample = false
        var goesOn = false
        for line in discussion.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == heading {
                isExample = true
            } else if !isExample {
                text.append(line)
            } else if goesOn, let last = examples.indices.last {
                examples[last] += "\n" + line.dropFirst(2)
                goesOn = line.hasSuffix("\\")
            } else if line.hasPrefix("  ") {
                examples.append(String(line.dropFirst(2)))
                goesOn = line.hasSuffix("\\")
            }
        }
        while text.last?.isEmpty ?? false { text.removeLast() }
        return (text.joined(separator: "\n"), examples)
    }

    /// The library's help with the examples at its end.
    static func arranged(_ help: String) -> String {
        var lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0 == heading }) else { return help }
        let end = lines[start...].firstIndex { $0.isEmpty } ?? lines.endIndex
        let block = lines[start..<end]
        // With the empty line in front of it, the one behind it stays.
        lines.removeSubrange((start > 0 ? start - 1 : start)..<end)
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        return (lines + [""] + block).joined(separator: "\n")
    }
}
