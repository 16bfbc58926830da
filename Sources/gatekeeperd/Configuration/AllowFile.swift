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
            throw ValueMistake(EntryMistake.message(of: text, error))
        }
    }

    /// Lines that can't be read and are told of one by one; a file with more of them is something else than a list.
    private static let mistakesMax = 20

    /// All the entries that can be read and the lines that can't.
    ///
    /// Nothing of such a line is shown, only where it stands and what kind of mistake it is: the file may be another than was meant, and a
    /// private key, and messages end in logs and on pages that others read.
    ///
    /// - Parameter name: what messages call the file.
    /// - Parameter origin: where the configuration names the file.
    static func read(
        _ path: String, called name: String, label: String?, namedAt origin: Origin
    ) -> (entries: [Located<Settings.AllowEntry>], mistakes: [Finding]) {
        var bytes: [UInt8]
        do {
            bytes = try FileContents.read(path, bytesMax: fileBytesMax)
        } catch {
            return ([], [.error(origin, at: "allow", error, called: name)])
        }
        if let mistake = ByteCheck.firstMistake(in: bytes) {
            return ([], [.error(.file(name, mistake.position), at: "allow", "\(mistake.message)").withoutValues])
        }
        bytes.removeFirst(ByteCheck.markCount(in: bytes))
        var entries: [Located<Settings.AllowEntry>] = []
        var mistakes: [Finding] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard let word = word(of: line) else { continue }
            let origin = Origin.file(name, SourcePosition(line: index + 1, column: word.startIndex - line.startIndex + 1))
            let text = String(decoding: word, as: UTF8.self)
            do throws(AddressSyntaxError) {
                let prefix = try AddressPrefix(parsing: text)
                let entry = Settings.AllowEntry(prefix: prefix, label: label, origin: origin.description)
                entries.append(Located(value: entry, origin: origin))
            } catch {
                mistakes.append(.error(origin, at: "allow", EntryMistake.lineMessage(of: text, error)).withoutValues)
                let isOther = text.hasPrefix("-----BEGIN ")
                guard isOther || mistakes.count >= mistakesMax else { continue }
                if !isOther {
                    mistakes.append(
                        .error(.wholeFile(name), at: "allow", "this doesn't look like a list of addresses; the rest isn't read")
                            .withoutValues)
                }
                return (entries, mistakes)
            }
        }
        return (entries, mistakes)
    }

    /// What stands on a line besides blanks and the comment; nil if nothing does.
    static func word(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") }
        let written = line.prefix { $0 != UInt8(ascii: "#") }
        guard let first = written.firstIndex(where: { !isBlank($0) }), let last = written.lastIndex(where: { !isBlank($0) }) else {
            return nil
        }
        return written[first...last]
    }
}
