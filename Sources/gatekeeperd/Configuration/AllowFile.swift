internal import Gatekeeper

/// Allow-lists in files of their own: one address or network a line, `#` begins a comment.
enum AllowFile {
    static let labelBytesMax = 128
    /// Room for a million IPv6 networks.
    static let fileBytesMax = 64 << 20

    static func entry(_ text: String, label: String?, origin: Origin) throws(ValueMistake) -> Settings.AllowEntry {
        do {
            return Settings.AllowEntry(prefix: try AddressPrefix(parsing: text), label: label, origin: origin.description)
        } catch {
            throw ValueMistake(in: text, error.description)
        }
    }

    /// All the entries that can be read and all the lines that can't. `namedAt` is where the configuration names the file.
    static func read(
        _ path: String, label: String?, namedAt origin: Origin
    ) -> (entries: [Located<Settings.AllowEntry>], mistakes: [Diagnostic]) {
        let bytes: [UInt8]
        do {
            bytes = try FileContents.read(path, bytesMax: fileBytesMax)
        } catch {
            return ([], [.error(origin, at: "allow", error)])
        }
        if let mistake = ByteCheck.firstMistake(in: bytes) {
            return ([], [.error(.file(path, mistake.position), at: "allow", "\(mistake.message)")])
        }
        var entries: [Located<Settings.AllowEntry>] = []
        var mistakes: [Diagnostic] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard let word = word(of: line) else { continue }
            let origin = Origin.file(path, SourcePosition(line: index + 1, column: word.startIndex - line.startIndex + 1))
            do {
                let entry = try entry(String(decoding: word, as: UTF8.self), label: label, origin: origin)
                entries.append(Located(value: entry, origin: origin))
            } catch {
                mistakes.append(.error(origin, at: "allow", "\(error.message)"))
            }
        }
        return (entries, mistakes)
    }

    /// What stands on a line besides blanks and the comment; nil if nothing does.
    private static func word(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") }
        let written = line.prefix { $0 != UInt8(ascii: "#") }
        guard let first = written.firstIndex(where: { !isBlank($0) }), let last = written.lastIndex(where: { !isBlank($0) }) else {
            return nil
        }
        return written[first...last]
    }
}
