import Foundation

/// One case of the documents in `GatekeeperTests/HTTP1/Fixtures/`: exact bytes and what becomes of them. `Notation.md` there defines
/// the format; a document that breaks it ends the test run.
public struct Fixture: Sendable, CustomStringConvertible {
    public let document: String
    public let title: String
    /// The word behind `http` and the method behind it; empty for requests.
    public private(set) var kind: [String] = []
    public var bytes: [UInt8] = []
    /// The lines of the outcome.
    public private(set) var outcome: [String] = []
    /// The head that goes to the other side, where the case says so.
    public private(set) var written: [UInt8]?

    public var description: String { "\(document): \(title)" }

    public static let all: [Fixture] = {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = tests.appendingPathComponent("GatekeeperTests/HTTP1/Fixtures")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".md") && $0 != "Notation.md" }.sorted().flatMap { name in
            let text = (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
            return cases(of: text, document: name)
        }
    }()

    /// The cases in which a client speaks.
    public static let requests = all.filter { $0.kind.isEmpty }

    private static func cases(of text: String, document: String) -> [Fixture] {
        var fixtures: [Fixture] = []
        var block: (info: String, lines: [Substring])?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let open = block {
                if line == "```" {
                    fixtures[fixtures.count - 1].take(block: open.info, open.lines)
                    block = nil
                } else {
                    block = (open.info, open.lines + [line])
                }
            } else if line.hasPrefix("```") {
                block = (String(line.dropFirst(3)), [])
            } else if line.hasPrefix("## ") {
                fixtures.append(Fixture(document: document, title: String(line.dropFirst(3))))
            }
        }
        return fixtures
    }

    private init(document: String, title: String) {
        self.document = document
        self.title = title
    }

    private mutating func take(block info: String, _ lines: [Substring]) {
        let words = info.split(separator: " ").map(String.init)
        switch words.first {
        case "http":
            kind = Array(words.dropFirst())
            bytes = Self.decode(lines.joined())
        case "upstream", "client": written = Self.decode(lines.joined())
        case "outcome": outcome = lines.map(String.init)
        default: preconditionFailure("\(self): unknown block \(info)")
        }
    }

    /// Turns the notation into bytes.
    private static func decode(_ text: String) -> [UInt8] {
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
            default: preconditionFailure("unknown escape \\\(escape)")
            }
        }
        return bytes
    }
}
