import Testing

/// Holds names and comments of the sources, and the pages, to `docs/lexicon.md`. Texts between quotes aren't looked at: scripts rely on some,
/// and messages may have a word that admins know better.
struct LexiconTests {
    private let tree = SourceTree()

    /// Words of the last column that stand for something else here as well, which no program tells apart.
    private static let ambiguous: [String: String] = [
        "alert": "TLS's",
        "buffer": "memory",
        "downstream": "the folder, the stage and the direction of the client",
        "header": "a chunk's, the PROXY protocol's, a file's",
        "options": "a command's",
        "origin": "where a setting was written",
        "proxy": "what this is",
        "rule": "HTTP's, the schema's, the one for another try",
        "shutdown": "shutdown(2), and the end of a TLS session",
    ]

    /// Where a word stands for what others call by it.
    private static let exceptions: [(word: String, path: String, reason: String)] = [
        ("attacker", "SECURITY.md", "one who attacks, and no stranger"),
        ("attacker", "docs/decisions/0012", "one who attacks, and no stranger"),
        ("phase", "Sources/gatekeeperd/Service/", "`ServicePhase`: the service's own, and no request's"),
        ("pinned", "Sources/Gatekeeper/Upstream/UpstreamTLS", "a public key"),
        ("pinned", "docs/guide/", "a public key"),
        ("tick", "Sources/Gatekeeper/Base/Runtime/TimerWheel.swift", "a timer wheel's"),
        ("tick", "Sources/Gatekeeper/Upstream/AcknowledgementWatch.swift", "the kernel's clock's"),
        ("transaction", "Sources/gatekeeperd/Ledger/", "a database's"),
        ("transaction", "Sources/gatekeeperd/Service/ServiceLedger", "a database's"),
        ("transaction", "Sources/gatekeeperd/Service/DenialRecorder.swift", "a database's"),
        ("trial", "docs/decisions/0005", "keeps its title"),
        ("trial", "docs/guide/", "messages and metrics say `on trial`"),
    ]

    @Test("each row of the lexicon is a word, what it is, and what isn't said for it; no word stands twice")
    func table() throws {
        let lexicon = Lexicon(try tree.text("docs/lexicon.md"))
        #expect(lexicon.rows.count > 30)
        for line in lexicon.malformed { Issue.record("docs/lexicon.md:\(line) is no row as the others are") }
        var terms: Set<String> = []
        for row in lexicon.rows {
            for term in row.terms { #expect(terms.insert(term).inserted, "docs/lexicon.md:\(row.line): \(term) is there already") }
        }
    }

    @Test("names and comments of the sources have the lexicon's words")
    func sources() throws {
        let forbidden = try forbidden()
        for file in try tree.swiftFiles(under: "Sources") {
            expectNone(of: forbidden, in: SwiftText.code(of: file.text, withComments: true), file.path)
        }
    }

    @Test("pages have the lexicon's words")
    func pages() throws {
        let forbidden = try forbidden()
        let roots = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"]
        for page in roots + tree.paths(under: "docs", ending: ".md") where page != "docs/lexicon.md" {
            expectNone(of: forbidden, in: MarkdownText(try tree.text(page)).withoutCode, page)
        }
    }

    @Test("a word that is let through is one of the lexicon's, and is used where that is said")
    func exceptions() throws {
        let others = Set(try Lexicon(tree.text("docs/lexicon.md")).rows.flatMap(\.others))
        for word in Self.ambiguous.keys { #expect(others.contains(word), "\(word)") }
        for exception in Self.exceptions {
            #expect(others.contains(exception.word), "\(exception.word)")
            let folder = exception.path.hasPrefix("Sources/") ? "Sources" : ""
            let isUsed = try tree.paths(under: folder, ending: folder.isEmpty ? ".md" : ".swift").contains { path in
                guard path.hasPrefix(exception.path) else { return false }
                return try Lexicon.words(of: tree.text(path)[...]).contains(exception.word)
            }
            #expect(isUsed, "\(exception.path) has no \(exception.word) any more")
        }
    }

    @Test("words are told apart in prose and in names")
    func words() {
        #expect(
            Lexicon.words(of: "let trialEnds = TLSAlert.none  // a back-end's") == [
                "let", "trial", "ends", "end", "tls", "tl", "alert", "none", "a", "back", "s", "",
            ])
    }

    /// What isn't said for anything here.
    private func forbidden() throws -> [(word: String, terms: String)] {
        let rows = try Lexicon(tree.text("docs/lexicon.md")).rows
        let terms = Set(rows.flatMap(\.terms))
        return rows.flatMap { row in row.others.map { (word: $0, terms: row.terms.joined(separator: " or ")) } }
            // Another row's word is wrong for this one's meaning only.
            .filter { Self.ambiguous[$0.word] == nil && !terms.contains($0.word) }
    }

    private func expectNone(of forbidden: [(word: String, terms: String)], in text: String, _ path: String) {
        let forbidden = forbidden.filter { other in
            !Self.exceptions.contains { $0.word == other.word && path.hasPrefix($0.path) }
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = Lexicon.words(of: line)
            for (word, terms) in forbidden where words.contains(word) {
                Issue.record("\(path):\(index + 1) says \(word); that is \(terms) (docs/lexicon.md)")
            }
        }
    }
}
