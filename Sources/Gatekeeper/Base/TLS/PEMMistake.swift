/// Why a text isn't PEM, though it means to be. Lines count from 1; nothing of the text is ever quoted, since it may be a key.
enum PEMMistake: Error, Equatable {
    /// `-----END …----------BEGIN …-----`
    case glued(line: Int)
    /// A BEGIN line whose END doesn't come.
    case unended(line: Int)
    /// An END line for which nothing has begun, or something else.
    case strayEnd(line: Int)
    /// Blanks before a BEGIN or END line.
    case indented(line: Int)
    /// A BEGIN or END line with the wrong hyphens.
    case misspelt(line: Int)
    /// Something else stands on a BEGIN or END line.
    case crowded(line: Int)
    /// `\n` as two characters in place of line breaks.
    case writtenOutBreaks
    /// Lines that end with a carriage return alone.
    case carriageReturns
    case notBase64(line: Int)
    /// Base64 that ends in the middle of a group.
    case cut(line: Int)

    /// What it is and what mends it, as the rest of a sentence that begins with the file.
    func words(for file: String) -> String {
        let path = ShellText.name(of: file)
        let new = ShellText.name(of: file + ".new")
        return switch self {
        case .glued(let line):
            "line \(line): a line break is missing between END and BEGIN; "
                + "`sed -i 's/\\(-----END [A-Z0-9 ]*-----\\)-----BEGIN/\\1\\n-----BEGIN/' \(path)` puts it in"
        case .unended(let line):
            "what begins at line \(line) has no END line of its own: the file was cut short or put together by hand; copy it again"
        case .strayEnd(let line): "line \(line): an END line that ends nothing, or something else than began; copy the file again"
        case .indented(let line): "line \(line): there are blanks before the hyphens; `sed -i 's/^[ \\t]*//' \(path)` takes them away"
        case .misspelt(let line):
            "line \(line): a BEGIN or END line has exactly five hyphens on either side, as in -----BEGIN CERTIFICATE-----; "
                + "word processors change them, so copy the file again"
        case .crowded(let line): "line \(line): a BEGIN or END line must stand alone; its line breaks were lost, so copy the file again"
        case .writtenOutBreaks:
            "its line breaks are written out as \\n; `printf '%b' \"$(cat \(path))\" > \(new)` makes line breaks of them"
        case .carriageReturns:
            "its lines end with a carriage return alone, as old Macs wrote them; `tr '\\r' '\\n' < \(path) > \(new)` mends them"
        case .notBase64(let line): "line \(line): that is no base64; the file is damaged, so copy it again"
        case .cut(let line): "what begins at line \(line) is incomplete: its base64 ends too early; copy the file again"
        }
    }
}

/// Text that is pasted into a shell.
enum ShellText {
    /// What a file is called in its folder: commands are for that.
    static func name(of path: String) -> String { quoted(path.split(separator: "/").last.map(String.init) ?? path) }

    /// As it is where the shell takes it so, else in quotes.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "/._-+:@%,=".utf8.contains(byte)
                }
            }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
