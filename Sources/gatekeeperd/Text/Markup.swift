/// HTML that is being written. Tags can only be literals of ours; every other text is escaped.
struct Markup {
    private(set) var text = ""

    mutating func tag(_ literal: StaticString) {
        text += literal.description
    }

    /// Text between tags, or a value between quotes; without what the environment gave.
    mutating func put(_ other: String) {
        text += Self.escaped(ConcealedValues.hide(in: other))
    }

    static func escaped(_ other: String) -> String {
        var text = ""
        for scalar in other.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            // Control characters, and those that turn the direction of what stands around them.
            case "\u{0}"..<"\u{20}", "\u{7f}"..."\u{9f}", "\u{200e}"..."\u{200f}", "\u{202a}"..."\u{202e}", "\u{2066}"..."\u{2069}":
                text += "\u{fffd}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    // MARK: Pieces

    mutating func heading(_ title: StaticString) {
        tag("<h2>")
        tag(title)
        tag("</h2>\n")
    }

    mutating func list(_ entries: [String]) {
        tag("<ul>\n")
        for entry in entries {
            tag("<li>")
            put(entry)
            tag("</li>\n")
        }
        tag("</ul>\n")
    }

    /// Names and what stands behind them; what is nil isn't shown.
    mutating func facts(_ facts: [(name: StaticString, value: String?)]) {
        tag("<dl>\n")
        for case (let name, let value?) in facts {
            tag("<div><dt>")
            tag(name)
            tag("</dt><dd>")
            put(value)
            tag("</dd></div>\n")
        }
        tag("</dl>\n")
    }

    /// A section with a table, or nothing without rows.
    mutating func table(_ title: StaticString, _ columns: [Column], _ rows: [Row]) {
        guard !rows.isEmpty else { return }
        tag("<section>\n")
        heading(title)
        table(columns, rows)
        tag("</section>\n")
    }

    /// On a narrow screen each cell stands beside its column's name.
    mutating func table(_ columns: [Column], _ rows: [Row]) {
        tag("<table>\n<thead><tr>")
        for column in columns {
            tag(column.isNumber ? "<th scope=\"col\" class=\"number\">" : "<th scope=\"col\">")
            tag(column.name)
            tag("</th>")
        }
        tag("</tr></thead>\n<tbody>\n")
        for row in rows {
            if row.isBad { tag("<tr class=\"bad\">") } else { tag("<tr>") }
            for (column, cell) in zip(columns, row.cells) {
                tag(column.isNumber ? "<td class=\"number\" data-name=\"" : "<td data-name=\"")
                tag(column.name)
                tag("\">")
                put(cell ?? "–")
                tag("</td>")
            }
            tag("</tr>\n")
        }
        tag("</tbody>\n</table>\n")
    }

    struct Column: ExpressibleByStringLiteral {
        let name: StaticString
        /// Its cells end where the column does.
        var isNumber = false

        init(stringLiteral name: StaticString) { self.name = name }

        static func number(_ name: StaticString) -> Column {
            var column = Column(stringLiteral: name)
            column.isNumber = true
            return column
        }
    }

    struct Row {
        var cells: [String?]
        /// It needs somebody's attention.
        var isBad = false
    }
}
