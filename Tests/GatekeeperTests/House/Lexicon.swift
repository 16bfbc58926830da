/// The table of `docs/lexicon.md`: which word is used for what, and which ones aren't.
struct Lexicon {
    struct Row {
        let line: Int
        let terms: [String]
        let meaning: String
        /// Words that would say the same.
        let others: [String]
    }

    private(set) var rows: [Row] = []
    /// Lines of the table that have another form than `| **word** | what it is | other, words |`.
    private(set) var malformed: [Int] = []

    init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { $0.hasPrefix("| ---") }) else { return }
        for number in (first + 1)..<lines.count where lines[number].hasPrefix("|") {
            guard let row = Self.row(lines[number], number + 1) else {
                malformed.append(number + 1)
                continue
            }
            rows.append(row)
        }
    }

    private static func row(_ text: Substring, _ line: Int) -> Row? {
        let cells = text.dropFirst().split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmed }
        guard text.hasSuffix("|"), cells.count == 4, let term = cells[0].wholeMatch(of: #/\*\*([a-z\- ]+)\*\*/#)?.1, !cells[1].isEmpty
        else {
            return nil
        }
        let others = cells[2].isEmpty ? [] : cells[2].split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed }
        guard others.allSatisfy({ $0.wholeMatch(of: #/[a-z]+/#) != nil }) else { return nil }
        // `**ticket system**; in code, keys and log lines **upstream**`
        return Row(
            line: line, terms: [String(term)] + cells[1].matches(of: #/\*\*([a-z\- ]+)\*\*/#).map { String($0.1) }, meaning: cells[1],
            others: others)
    }

    /// The words of a line in lower case and in the singular, those too that an identifier is put together from: `trialEnds` is `trial` and
    /// `end`.
    static func words(of line: Substring) -> Set<String> {
        var words: Set<String> = []
        var word = ""
        func finish() {
            if !word.isEmpty { words.formUnion([word, word.hasSuffix("s") ? String(word.dropLast()) : word]) }
            word = ""
        }
        let bytes = Array(line.utf8)
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"):
                word.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                let followsLower = index > 0 && isLower(bytes[index - 1])
                let endsCapitals = index > 0 && index + 1 < bytes.count && isUpper(bytes[index - 1]) && isLower(bytes[index + 1])
                if followsLower || endsCapitals { finish() }
                word.unicodeScalars.append(Unicode.Scalar(byte | 0x20))
            default: finish()
            }
        }
        finish()
        return words
    }

    private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
