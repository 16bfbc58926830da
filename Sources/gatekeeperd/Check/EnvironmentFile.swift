/// A file of `NAME=value` lines, as `EnvironmentFile=` of a unit names it (systemd.exec(5)). Its values are secrets more often than not: no
/// message shows any.
enum EnvironmentFile {
    private static let bytesMax = 1 << 20

    /// The variables of the file at `path`.
    static func read(_ path: String) throws(FileFailure) -> [(name: String, value: String)] {
        variables(in: String(decoding: try FileContents.read(path, bytesMax: bytesMax), as: UTF8.self))
    }

    /// Lines that are no assignment are passed over, as systemd does.
    static func variables(in text: String) -> [(name: String, value: String)] {
        var variables: [(name: String, value: String)] = []
        var pending = ""
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            var line = pending + line.drop { $0 == " " || $0 == "\t" }
            if pending.isEmpty, line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasSuffix("\\") {
                pending = String(line.dropLast())
                continue
            }
            pending = ""
            while line.last == " " || line.last == "\t" { line.removeLast() }
            guard let equals = line.firstIndex(of: "="), equals > line.startIndex else { continue }
            variables.append((String(line[..<equals]), unquoted(line[line.index(after: equals)...])))
        }
        return variables
    }

    private static func unquoted(_ text: Substring) -> String {
        guard let quote = text.first, quote == "\"" || quote == "'", text.count >= 2, text.last == quote else { return String(text) }
        let inner = text.dropFirst().dropLast()
        guard quote == "\"" else { return String(inner) }
        var value = ""
        var isEscaped = false
        for character in inner {
            if !isEscaped, character == "\\" {
                isEscaped = true
                continue
            }
            if isEscaped, !"\"\\`$".contains(character) { value += "\\" }
            value.append(character)
            isEscaped = false
        }
        return value
    }
}
