/// A page of the manual in the language of man(7), as groff and mandoc read it.
///
/// Text goes in as it is to be read. In it, backquotes and double asterisks make bold, as in the reference's Markdown.
struct Roff {
    private var lines: [String] = []

    /// Ends with a newline.
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// - Parameter date: as 2026-12-31.
    init(name: String, section: Int, date: String, source: String, manual: String) {
        lines.append(#".\" Written by `gatekeeperd reference`; changes belong into the source."#)
        lines.append(".TH \(Self.argument(name.uppercased())) \(section) \(date) \(Self.argument(source)) \(Self.argument(manual))")
    }

    /// `NAME`, by which whatis and apropos know the page.
    mutating func name(_ name: String, _ purpose: String) {
        section("NAME")
        lines.append("\(Self.plain(name)) \\- \(Self.plain(purpose))")
    }

    mutating func section(_ title: String) { lines.append(".SH \(Self.argument(title))") }

    mutating func subsection(_ title: String) { lines.append(".SS \(Self.argument(title))") }

    mutating func paragraph(_ text: String) {
        beginParagraph()
        prose(text)
    }

    /// A term with what there is to say of it.
    mutating func entry(_ term: [Span], _ text: String) {
        lines.append(".TP")
        lines.append(Self.line(term))
        prose(text)
    }

    /// How a command is called.
    mutating func synopsis(_ command: String, _ parts: [[Span]]) {
        lines.append(".SY \(Self.argument(command))")
        lines += parts.map(Self.line)
        lines.append(".YS")
    }

    /// Lines as they are.
    mutating func example(_ text: String) {
        beginParagraph()
        lines += [".RS 4", ".EX"]
        lines += text.split(separator: "\n", omittingEmptySubsequences: false).map { Self.guarded(Self.plain(String($0))) }
        lines += [".EE", ".RE"]
    }

    /// Names of pages, with commas between.
    mutating func pages(_ pages: [(name: String, section: Int)]) {
        beginParagraph()
        for (index, page) in pages.enumerated() {
            lines.append(".BR \(Self.plain(page.name)) (\(page.section))" + (index + 1 < pages.count ? "," : ""))
        }
    }

    /// A heading begins one by itself.
    private mutating func beginParagraph() {
        guard let last = lines.last, !last.hasPrefix(".SH"), !last.hasPrefix(".SS") else { return }
        lines.append(".PP")
    }

    // MARK: Text

    enum Span: Equatable {
        case plain(String)
        case bold(String)
        /// Of a value that somebody fills in.
        case italic(String)
    }

    /// Each sentence on a line of its own, as man pages are kept.
    private mutating func prose(_ text: String) {
        for sentence in text.replacing(". ", with: ".\n").split(separator: "\n") { lines.append(Self.line(Self.spans(String(sentence)))) }
    }

    private static func line(_ spans: [Span]) -> String {
        guarded(
            spans.map { span in
                switch span {
                case .plain(let text): plain(text)
                case .bold(let text): "\\fB\(plain(text))\\fR"
                case .italic(let text): "\\fI\(plain(text))\\fR"
                }
            }.joined())
    }

    /// What Markdown makes bold or code, as bold.
    static func spans(_ text: String) -> [Span] {
        var spans: [Span] = []
        var isBold = false
        for part in text.replacing("**", with: "`").split(separator: "`", omittingEmptySubsequences: false) {
            if !part.isEmpty { spans.append(isBold ? .bold(String(part)) : .plain(String(part))) }
            isBold.toggle()
        }
        return spans
    }

    /// Text that means itself: nothing in it is an escape, and a hyphen can be copied from the page.
    static func plain(_ text: String) -> String {
        var plain = ""
        for character in text {
            switch character {
            case "\\": plain += "\\e"
            case "-": plain += "\\-"
            case "'": plain += "\\(aq"
            case "`": plain += "\\(ga"
            case "^": plain += "\\(ha"
            case "~": plain += "\\(ti"
            default: plain.append(character)
            }
        }
        return plain
    }

    /// A line that isn't taken for a macro.
    private static func guarded(_ line: String) -> String { line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line }

    private static func argument(_ text: String) -> String { "\"" + plain(text).replacing("\"", with: "\\(dq") + "\"" }
}
