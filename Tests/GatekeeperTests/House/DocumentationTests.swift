import Foundation
import Testing

struct DocumentationTests {
    private let tree = SourceTree()

    /// Every page that a reader is sent to; fixtures are prose of another kind.
    private var pages: [String] {
        tree.paths(under: "", ending: ".md").filter { !$0.hasPrefix("Tests/") }
    }

    @Test("the pages that a newcomer opens are there", arguments: ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
    func pagesExist(path: String) throws {
        #expect(tree.exists(path), "\(path)")
        #expect(pages.contains(path))
    }

    @Test("every relative link leads to a file, and to a heading of it where it names one")
    func links() throws {
        for page in pages {
            let folder = (page as NSString).deletingLastPathComponent
            for target in MarkdownText(try tree.text(page)).linkTargets where target.firstMatch(of: #/^[a-zA-Z][a-zA-Z0-9+.-]*:/#) == nil {
                let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let name = parts[0].removingPercentEncoding ?? parts[0]
                let path = name.isEmpty ? page : (folder as NSString).appendingPathComponent(name)
                #expect(!name.hasPrefix("/"), "\(page) links to \(target), which isn't relative")
                #expect(tree.exists(path), "\(page) links to \(target), which isn't there")
                guard parts.count == 2, path.hasSuffix(".md"), tree.exists(path) else { continue }
                let anchors = MarkdownText(try tree.text(path)).anchors
                #expect(anchors.contains(parts[1]), "\(page) links to \(target), and there is no such heading")
            }
        }
    }

    @Test("every type and path that ARCHITECTURE.md names exists")
    func names() throws {
        let text = try tree.text("ARCHITECTURE.md")
        let files = try tree.swiftFiles(under: "Sources")
        let types = files.reduce(into: Set<String>()) { $0.formUnion($1.types) }
        let places = places(of: files)
        for span in Set(MarkdownText(text).codeSpans).sorted() {
            if span.wholeMatch(of: #/[A-Z]\w*\/[\w.\/*+]+/#) != nil {
                #expect(leadsSomewhere(span), "`\(span)` is no path under the root, Sources, or a target in it")
            } else if isTypeLike(span), !Self.othersNames.contains(span) {
                let first = String(span.prefix { $0 != "." })
                let isKnown = types.contains(first) || places.contains(first) || tree.exists(span)
                #expect(isKnown, "`\(span)` is neither a type nor a file nor a folder of Sources")
            }
        }
    }

    @Test("every decision that is referred to is written down")
    func decisions() throws {
        let records = tree.paths(under: "docs/decisions", ending: ".md").compactMap { $0.split(separator: "/").last?.prefix(4) }
        var texts: [(path: String, text: String)] = []
        for path in pages { texts.append((path, try tree.text(path))) }
        for file in try tree.swiftFiles(under: "Sources") { texts.append((file.path, file.text)) }
        for (path, text) in texts {
            for reference in text.matches(of: #/decisions? (\d{4})\b/#) {
                #expect(records.contains(reference.1), "\(path) refers to decision \(reference.1)")
            }
        }
        #expect(Set(records).count == records.count, "two decisions of one number")
    }

    /// Names in capitals and lower case that are Swift's, OpenSSL's or HTTP's.
    private static let othersNames: Set<String> = [
        "Foundation", "Sendable", "Span", "Task", "Mutex", "Synchronization", "String", "SerialExecutor", "TaskExecutor",
        "Accept", "Authorization", "Connection", "Cookie", "Expect", "Forwarded", "Host", "Location", "Trailer", "Upgrade", "Via",
    ]

    /// `Buffer`, `Settings.Limits`; not `GET`, `EMFILE` or `Content-Length`.
    private func isTypeLike(_ span: String) -> Bool {
        span.wholeMatch(of: #/[A-Z]\w*(?:\.\w+)*/#) != nil && !span.contains("_") && span.contains(where: \.isLowercase)
    }

    /// Names of files, without their ending, and of folders.
    private func places(of files: [SwiftFile]) -> Set<String> {
        files.reduce(into: []) { names, file in
            for part in file.path.split(separator: "/") { names.insert(String(part.replacing(".swift", with: ""))) }
        }
    }

    /// `Upstream/RetryRule`, `Downstream/TLS*`, `Tests/GatekeeperTests`.
    private func leadsSomewhere(_ span: String) -> Bool {
        let roots = ["", "Sources/", "Sources/Gatekeeper/", "Sources/gatekeeperd/"]
        guard span.hasSuffix("*") else {
            return roots.contains { tree.exists($0 + span) || tree.exists($0 + span + ".swift") }
        }
        let beginning = span.dropLast()
        let paths = tree.paths(under: "", ending: "")
        return roots.contains { root in paths.contains { $0.hasPrefix(root + beginning) } }
    }
}
