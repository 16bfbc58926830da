import ArgumentParser
import Foundation
import Testing

@testable import Gatekeeper
@testable import gatekeeperd

/// What the guide tells an admin to write is what the program takes.
@Suite("The guide")
struct GuideTests {
    /// A fenced block of a page.
    struct Block: CustomTestStringConvertible {
        let page: String
        let line: Int
        let language: String
        let text: String

        var testDescription: String { "\(page):\(line)" }
    }

    private static let folder = Daemon.packageRoot.appendingPathComponent("docs/guide").path
    private static let blocks = Result { try allBlocks() }

    /// The keys that every configuration needs, each on a line of its own.
    private static let base = [
        "listen: 0.0.0.0:443", "tls: {certificate: tls/fullchain.pem, key: tls/privkey.pem}", "allow: [34.202.14.153]",
        "upstream: {url: \"http://10.0.0.5:8080\"}",
    ]

    @Test("every configuration in the guide is accepted, and without a warning")
    func configurations() throws {
        let blocks = try Self.blocks.get().filter { $0.language == "yaml" }
        #expect(blocks.count > 20)
        for block in blocks {
            let names = Set(block.text.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } })
            let rest = Self.base.filter { line in !names.contains(line.prefix { $0 != ":" }) }
            let yaml = (rest + [block.text]).joined(separator: "\n")
            let folder = try ScratchFolder(["gatekeeper.yaml": yaml])
            try FileManager.default.createDirectory(atPath: folder.file("tls"), withIntermediateDirectories: true)
            // What stands behind a scheme is no file here.
            for match in yaml.replacing(#/https?:[^"\s,}]*/#, with: "").matches(of: #/[\w\/-]+\.(?:pem|txt)/#) {
                try Data().write(to: URL(fileURLWithPath: folder.file(String(match.0))))
            }
            #expect(doubts(about: folder.file("gatekeeper.yaml")) == [], "\(block.testDescription)")
        }
    }

    @Test("every command of ours in the guide is one that the program takes")
    func commands() throws {
        let lines = try Self.blocks.get().filter { $0.language == "sh" }.flatMap { block in
            block.text.replacing("\\\n", with: " ").split(separator: "\n").filter { $0.hasPrefix("gatekeeperd ") }
                .map { (block.testDescription, String($0)) }
        }
        #expect(lines.count > 10)
        for (place, line) in lines {
            let words = try ShellWords.split(line)
            guard let command = words.dropFirst().first, command != "--version" else { continue }
            do {
                _ = try RootCommand.parseAsRoot(Array(words.dropFirst()))
            } catch {
                Issue.record("\(place): \(line): \(RootCommand.message(for: error))")
            }
        }
    }

    @Test("every command and flag of ours that the guide's prose names is known")
    func prose() throws {
        let known = Set(RootCommand.configuration.subcommands.compactMap { $0.configuration.commandName })
        for page in try Self.pages() {
            let text = try String(contentsOfFile: page, encoding: .utf8)
            for match in text.matches(of: #/`gatekeeperd ([a-z]+)/#) { #expect(known.contains(String(match.1)), "\(page): \(match.0)") }
        }
    }

    @Test("every key of the configuration that the guide's prose names is in the schema")
    func keys() throws {
        let roots = Set(Schema.settings.map { String($0.path.prefix { $0 != "." && $0 != "[" }) })
        for page in try Self.pages() {
            let text = try String(contentsOfFile: page, encoding: .utf8)
            for match in text.matches(of: #/`([a-z_]+)\.([a-z_.]+)`/#) where roots.contains(String(match.1)) {
                #expect(Schema.setting("\(match.1).\(match.2)") != nil, "\(page): \(match.0)")
            }
        }
    }

    @Test("the guide says what to do about every reason of a denial or of our own rules, and every outcome of a request")
    func reasons() throws {
        let text = try String(contentsOfFile: Self.folder + "/operate.md", encoding: .utf8)
        let words =
            DenialReason.allCases.map { "\($0.word)" } + PolicyRefusal.allCases.map { "\($0.reason)" }
            + Outcome.allCases.map { "\($0.word)" }
        for word in words {
            let isExplained = text.contains("`\(word)`")
            #expect(isExplained, "\(word)")
        }
    }

    @Test("the guide says what to do about every way in which TLS with the ticket system fails, and so do check and doctor")
    func upstreamTLS() throws {
        let text = try String(contentsOfFile: Self.folder + "/troubleshoot.md", encoding: .utf8)
        var server = Settings.Upstream.Server(endpoint: .unix("/x"), name: "https://x", tls: .init(peer: .address("192.0.2.1")))
        for failure in UpstreamTLSFailure.allCases {
            #expect(text.contains("`\(failure.reason)`"), "\(failure.reason)")
            for peer in [Settings.Upstream.TLS.Peer.name("a.example"), .address("192.0.2.1")] {
                server.tls?.peer = peer
                let trouble = try #require(UpstreamTrouble("\(failure.reason)", server), "\(failure.reason)")
                #expect(trouble.isOfTLS && !trouble.cause.isEmpty && !trouble.cure.isEmpty)
            }
        }
        #expect(UpstreamTrouble("connect_refused", server)?.isOfTLS == false && UpstreamTrouble("nonsense", server) == nil)
    }

    @Test("every event and reason that the guide's tables explain is one that is written")
    func words() throws {
        let root = Daemon.packageRoot.appendingPathComponent("Sources").path
        var literals: Set<Substring> = []
        for file in try FileManager.default.subpathsOfDirectory(atPath: root) where file.hasSuffix(".swift") {
            literals.formUnion(try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8).split(separator: "\""))
        }
        // OpenSSL's words, passed on.
        literals.formUnion(["unsupported_protocol", "peer_did_not_return_a_certificate", "certificate_has_expired"])
        for page in ["operate.md", "troubleshoot.md"] {
            var isExplaining = false
            var count = 0
            for line in try String(contentsOfFile: "\(Self.folder)/\(page)", encoding: .utf8).split(separator: "\n") {
                guard line.hasPrefix("| ") else {
                    isExplaining = isExplaining && line.hasPrefix("|")
                    continue
                }
                isExplaining = isExplaining || ["event", "reason", "outcome"].contains { line.hasPrefix("| `\($0)` |") }
                guard isExplaining else { continue }
                for match in line.dropFirst(2).prefix(while: { $0 != "|" }).matches(of: #/`([a-z_]+)`/#) {
                    count += 1
                    let isWritten = literals.contains(match.1)
                    #expect(isWritten, "\(page): \(match.1)")
                }
            }
            #expect(count > 10)
        }
    }

    /// What is wrong with a configuration, or may be.
    private func doubts(about file: String) -> [String] {
        do throws(ConfigurationError) {
            // That shadow enforces nothing is what the guide says it is for.
            return try Configuration.load(file: file, flags: []).warnings.map { "\($0)" }.filter { !$0.contains("nothing is enforced") }
        } catch {
            return error.lines
        }
    }

    private static func pages() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".md") }.map { "\(folder)/\($0)" }.sorted()
    }

    private static func allBlocks() throws -> [Block] {
        var blocks: [Block] = []
        for page in try pages() {
            var open: (line: Int, language: String, lines: [Substring])?
            let text = try String(contentsOfFile: page, encoding: .utf8)
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if !line.hasPrefix("```") {
                    open?.lines.append(line)
                } else if let block = open {
                    blocks.append(
                        Block(
                            page: (page as NSString).lastPathComponent, line: block.line, language: block.language,
                            text: block.lines.joined(separator: "\n")))
                    open = nil
                } else {
                    open = (index + 1, String(line.dropFirst(3)), [])
                }
            }
        }
        return blocks
    }
}
