import Foundation
import Testing

/// One case of the documents in `Fixtures/`: exact bytes and what becomes of them. `Fixtures/Notation.md` defines the format.
struct Fixture: Sendable, CustomTestStringConvertible {
    var document: String
    var title: String
    /// The word behind `http` and the method behind it; empty for requests.
    var kind: [String]
    var bytes: [UInt8]
    /// The lines of the outcome.
    var outcome: [String]
    /// The head that goes to the other side, where the case says so.
    var written: [UInt8]?

    var testDescription: String { "\(document): \(title)" }

    static let all: [Fixture] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".md") && $0 != "Notation.md" }.sorted().flatMap { name in
            let text = (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
            return cases(of: text, document: name)
        }
    }()

    private static func cases(of text: String, document: String) -> [Fixture] {
        var fixtures: [Fixture] = []
        var block: (info: String, lines: [Substring])?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let open = block {
                if line == "```" {
                    close(open.info, open.lines, in: &fixtures)
                    block = nil
                } else {
                    block = (open.info, open.lines + [line])
                }
            } else if line.hasPrefix("```") {
                block = (String(line.dropFirst(3)), [])
            } else if line.hasPrefix("## ") {
                fixtures.append(
                    Fixture(document: document, title: String(line.dropFirst(3)), kind: [], bytes: [], outcome: [], written: nil))
            }
        }
        return fixtures
    }

    private static func close(_ info: String, _ lines: [Substring], in fixtures: inout [Fixture]) {
        let words = info.split(separator: " ").map(String.init)
        let last = fixtures.count - 1
        switch words.first {
        case "http":
            fixtures[last].kind = Array(words.dropFirst())
            fixtures[last].bytes = decode(lines.joined())
        case "upstream", "client": fixtures[last].written = decode(lines.joined())
        case "outcome": fixtures[last].outcome = lines.map(String.init)
        default: Issue.record("\(fixtures[last].testDescription): unknown block \(info)")
        }
    }

    /// Turns the notation into bytes.
    static func decode(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let character = rest.first {
            rest.removeFirst()
            guard character == "\\" else {
                bytes += Array(String(character).utf8)
                continue
            }
            let escape = rest.removeFirst()
            switch escape {
            case "r": bytes.append(13)
            case "n": bytes.append(10)
            case "t": bytes.append(9)
            case "0": bytes.append(0)
            case "s": bytes.append(32)
            case "\\": bytes.append(92)
            case "x":
                bytes.append(UInt8(rest.prefix(2), radix: 16)!)
                rest.removeFirst(2)
            case "{":
                let end = rest.firstIndex(of: "}")!
                let star = rest[..<end].lastIndex(of: "*")!
                let piece = decode(String(rest[..<star]))
                for _ in 0..<Int(rest[rest.index(after: star)..<end])! { bytes += piece }
                rest = rest[rest.index(after: end)...]
            default: Issue.record("unknown escape \\\(escape)")
            }
        }
        return bytes
    }
}
