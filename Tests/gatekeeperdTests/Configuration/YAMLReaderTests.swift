import Testing

@testable import gatekeeperd

@Suite("YAMLReader")
struct YAMLReaderTests {
    @Test("every node knows its line and column")
    func positions() throws {
        let (root, mistakes) = YAMLReader.read(Array("a: 1\nb:\n  - é: [x, y]\n".utf8))
        #expect(mistakes.isEmpty)
        guard case .mapping(let entries)? = root?.content else { throw Unexpected() }
        #expect(entries.map(\.keyPosition) == [SourcePosition(line: 1, column: 1), SourcePosition(line: 2, column: 1)])
        #expect(entries[0].value == YAMLNode(content: .scalar("1"), position: SourcePosition(line: 1, column: 4)))
        guard case .sequence(let elements) = entries[1].value.content, case .mapping(let inner) = elements[0].content else {
            throw Unexpected()
        }
        #expect(inner[0].value.position == SourcePosition(line: 3, column: 8))
        guard case .sequence(let words) = inner[0].value.content else { throw Unexpected() }
        #expect(words.map(\.position.column) == [9, 12])
    }

    @Test(
        "a value is the text that stands there, never YAML's guess", arguments: ["no", "022", "1:30", "~", "null", "1e3", "0x1f", ".inf"])
    func texts(_ text: String) throws {
        let (root, _) = YAMLReader.read(Array("key: \(text)".utf8))
        guard case .mapping(let entries)? = root?.content else { throw Unexpected() }
        #expect(entries[0].value.content == .scalar(text))
    }

    @Test("nothing and an empty string differ")
    func absent() throws {
        let (root, _) = YAMLReader.read(Array("a:\nb: \"\"\n".utf8))
        guard case .mapping(let entries)? = root?.content else { throw Unexpected() }
        #expect(entries.map(\.value.content) == [.absent, .scalar("")])
    }

    @Test("an empty file is no mistake of the syntax", arguments: ["", "\n\n", "# only a comment\n"])
    func empty(_ text: String) {
        let (root, mistakes) = YAMLReader.read(Array(text.utf8))
        #expect(root == nil)
        #expect(mistakes.isEmpty)
    }

    @Test(
        "what the subset leaves out is refused where it stands",
        arguments: [
            ("a: &x 1\n", 1, 4, "anchors"),
            ("a: &x 1\nb: *x\n", 2, 4, "aliases"),
            ("a: !!str 1\n", 1, 4, "tags"),
            ("a: !x {}\n", 1, 4, "tags"),
            ("- !x []\n", 1, 3, "tags"),
            ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
            ("---\n---\n", 2, 1, "second document"),
            ("%YAML 1.1\n---\na: 1\n", 1, 1, "directives"),
            ("a: 1\nb: 2\na: 3\n", 3, 1, "given twice, first on line 1"),
            ("{a: 1, a: 2}", 1, 8, "given twice"),
            ("a: \"x\\0y\"\n", 1, 4, "control character"),
            ("a: \"x\\ny\"\n", 1, 4, "control character"),
            ("[a]: 1\n", 1, 1, "must be a word"),
            ("a: 1\nb:\tc: 2\n", 2, 5, ""),
            ("a: [1, 2\nb: 3\n", 2, 2, ""),
            ("a: 'x\n", 2, 1, ""),
            ("a: }\n", 1, 4, ""),
            ("a: \u{0}\n", 1, 4, "NUL"),
            ("a: 1\nb: \u{1}\n", 2, 4, "control character"),
            ("a: \u{80}\n", 1, 4, "control characters"),
        ])
    func refused(_ text: String, line: Int, column: Int, part: String) throws {
        let (_, mistakes) = YAMLReader.read(Array(text.utf8))
        let mistake = try #require(mistakes.last, "\(text) is accepted")
        #expect(mistake.message.contains(part), "\(mistake.message)")
        #expect(mistake.position == SourcePosition(line: line, column: column), "\(mistake.message)")
    }

    @Test("bytes that aren't UTF-8 are named with their place")
    func encoding() {
        let (_, mistakes) = YAMLReader.read(Array("a: 1\né: ".utf8) + [0xff, 0xfe])
        #expect(mistakes == [YAMLMistake(position: SourcePosition(line: 2, column: 4), message: "the file is not UTF-8; save it as UTF-8")])
        #expect(YAMLReader.read([0xff, 0xfe, 0x61, 0]).mistakes.first?.position == .start)
    }

    @Test("a file of more than 1 MiB is refused unread")
    func size() {
        let (_, mistakes) = YAMLReader.read([UInt8](repeating: UInt8(ascii: "\n"), count: YAMLReader.fileBytesMax + 1))
        #expect(mistakes.first?.message == "the file is larger than 1MiB")
    }

    @Test("nesting has a limit, however it is written", arguments: ["[", "{a: ", "- ", "? "])
    func depth(_ opening: String) {
        let (root, mistakes) = YAMLReader.read(Array(String(repeating: opening, count: 100_000).utf8))
        #expect(root == nil)
        #expect(mistakes.count == 1)
    }

    private struct Unexpected: Error {}
}
