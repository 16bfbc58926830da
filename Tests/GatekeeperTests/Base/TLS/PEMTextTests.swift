import Testing

@testable import Gatekeeper

@Suite("PEM as text")
struct PEMTextTests {
    private static let begin = "-----BEGIN CERTIFICATE-----"
    private static let end = "-----END CERTIFICATE-----"
    private static let one = "\(begin)\nAAEC\nAw==\n\(end)\n"

    private func read(_ text: String) throws(PEMMistake) -> [PEMText.Block] { try PEMText(Array(text.utf8)[...]).blocks }

    @Test("blocks come out in their order, decoded, with the lines that they begin at")
    func blocks() throws {
        let text =
            "Bag Attributes\n    friendlyName: my-cert\n" + Self.one + "\n"
            + "-----BEGIN RSA PRIVATE KEY-----\n/w==\n-----END RSA PRIVATE KEY-----"
        let blocks = try read(text)
        #expect(blocks.map(\.label) == ["CERTIFICATE", "RSA PRIVATE KEY"])
        #expect(blocks.map(\.line) == [3, 8])
        #expect(blocks.map(\.der) == [[0, 1, 2, 3], [255]])
        #expect(try read("").isEmpty && read("nothing of the kind\n").isEmpty)
    }

    @Test("line ends of Windows, blanks at ends of lines and blank lines are nothing", arguments: ["\r\n", " \n", "\n\n", "\t\r\n"])
    func lineEnds(end: String) throws {
        #expect(try read(Self.one.replacing("\n", with: end)).map(\.der) == [[0, 1, 2, 3]])
    }

    @Test("a block that is encrypted by a header says so, and isn't decoded")
    func encrypted() throws {
        let text =
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAEC\n-----END RSA PRIVATE KEY-----\n"
        let blocks = try read(text)
        #expect(blocks.count == 1 && blocks[0].isEncrypted && blocks[0].der.isEmpty)
    }

    static let mistakes: [(String, PEMMistake)] = [
        ("\(begin)\nAAEC\n\(end)\(begin)\nAAEC\n\(end)\n", .glued(line: 3)),
        ("\(begin)\nAAEC\n", .unended(line: 1)), ("\n\(begin)\nAAEC\n\(begin)\nAAEC\n\(end)\n", .unended(line: 2)),
        ("\(begin)\nAAEC\n-----END PRIVATE KEY-----\n", .strayEnd(line: 3)), ("AAEC\n\(end)\n", .strayEnd(line: 2)),
        ("  \(begin)\n  AAEC\n  \(end)\n", .indented(line: 1)), ("----BEGIN CERTIFICATE-----\nAAEC\n\(end)\n", .misspelt(line: 1)),
        ("\u{2014}BEGIN CERTIFICATE\u{2014}\nAAEC\n", .misspelt(line: 1)),
        ("\(begin)\nAAEC\n-----END CERTIFICATE----\n", .misspelt(line: 3)),
        ("\(begin) AAEC \(end)\n", .crowded(line: 1)), ("\(begin)\\nAAEC\\n\(end)\\n", .writtenOutBreaks),
        ("\(begin)\rAAEC\r\(end)\r", .carriageReturns), ("\(begin)\nAA*C\n\(end)\n", .notBase64(line: 2)),
        ("\(begin)\nAAECA\n\(end)\n", .cut(line: 1)), ("\(begin)\n\(end)\n", .cut(line: 1)),
        ("\(begin)\nAA=C\n\(end)\n", .notBase64(line: 2)),
    ]

    @Test("what isn't PEM though it means to be is told by its line", arguments: mistakes)
    func mistake(text: String, mistake: PEMMistake) {
        #expect(throws: mistake) { try read(text) }
        #expect(!mistake.words(for: "/f").contains("AA"))
    }

    @Test("torn anywhere it is read or refused, and never more comes out than was there")
    func torn() {
        let whole = Array((Self.one + Self.one).utf8)
        for count in whole.indices {
            let blocks = (try? PEMText(whole.prefix(count)).blocks) ?? []
            #expect(blocks.allSatisfy { $0.der == [0, 1, 2, 3] } && blocks.count <= 2)
        }
    }

    @Test("a path is quoted for the shell where it must be")
    func quoted() {
        #expect(ShellText.quoted("/etc/a-b_c.pem") == "/etc/a-b_c.pem")
        #expect(ShellText.name(of: "/etc/x/a b.pem") == "'a b.pem'")
        #expect(ShellText.quoted("/My Files/it's") == "'/My Files/it'\\''s'")
    }
}
