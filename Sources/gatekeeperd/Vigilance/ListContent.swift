internal import Gatekeeper

/// What a published list holds, read whole or not at all: half a list would shut out the other half.
enum ListContent {
    static let entriesMax = 5_000
    static let bytesMax = 1 << 20

    /// The entries in the order of the list, each once. Of what can't be read only its place is told: it may be anything.
    static func read(_ bytes: [UInt8], json path: JSONPath?) throws(ValueMistake) -> [AddressPrefix] {
        let words = if let path { try Self.words(in: bytes, at: path) } else { try Self.words(in: bytes) }
        guard !words.isEmpty else { throw ValueMistake("it holds no entry; a list that turns empty isn't proposed") }
        guard words.count <= entriesMax else { throw ValueMistake("it holds more than \(entriesMax) entries") }
        var entries: [AddressPrefix] = []
        var known: Set<AddressPrefix> = []
        for word in words {
            let prefix: AddressPrefix
            do throws(AddressSyntaxError) {
                prefix = try AddressPrefix(parsing: word.text)
            } catch {
                throw ValueMistake("\(word.place): \(EntryMistake.lineMessage(of: word.text, error))")
            }
            if let objection = ListJudgement.objection(to: prefix) { throw ValueMistake("\(word.place): \(objection)") }
            if known.insert(prefix).inserted { entries.append(prefix) }
        }
        return entries
    }

    private struct Word {
        var text: String
        var place: String
    }

    private static func words(in bytes: [UInt8]) throws(ValueMistake) -> [Word] {
        let text = bytes.drop { [0x20, 0x09, 0x0d, 0x0a].contains($0) }
        if let first = text.first, first == UInt8(ascii: "<") { throw ValueMistake("it is a web page, not a list") }
        if let first = text.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            throw ValueMistake("it is JSON: say by json where the entries stand in it")
        }
        if let mistake = ByteCheck.firstMistake(in: bytes) { throw ValueMistake("line \(mistake.position.line): \(mistake.message)") }
        var words: [Word] = []
        let lines = bytes.dropFirst(ByteCheck.markCount(in: bytes)).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            guard let word = AllowFile.word(of: line) else { continue }
            words.append(Word(text: String(decoding: word, as: UTF8.self), place: "line \(index + 1)"))
        }
        return words
    }

    private static func words(in bytes: [UInt8], at path: JSONPath) throws(ValueMistake) -> [Word] {
        guard let json = JSONReader.read(bytes) else { throw ValueMistake("it is no JSON") }
        var words: [Word] = []
        for (index, value) in path.values(in: json).enumerated() {
            guard case .string(let text) = value else { throw ValueMistake("entry \(index + 1) is no text; is the path under json right?") }
            words.append(Word(text: text, place: "entry \(index + 1)"))
        }
        return words
    }
}
