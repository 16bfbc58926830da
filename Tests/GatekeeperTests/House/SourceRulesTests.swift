import Testing

/// Rules of the house that a program can check; `CONTRIBUTING.md` says why they are rules.
struct SourceRulesTests {
    private let tree = SourceTree()

    /// Which module may be imported where, by the beginnings of paths under `Sources`.
    private static let imports: [String: [String]] = [
        "ArgumentParser": ["gatekeeperd/Commands/"],
        "CLinux": ["Gatekeeper/Base/", "gatekeeperd/System/"],
        "CSQLite": ["gatekeeperd/Ledger/"],
        "CTLS": ["Gatekeeper/Base/TLS/", "Gatekeeper/Downstream/TLS", "Gatekeeper/Policy/WebSocketKey.swift", "Gatekeeper/Upstream/"],
        "CYAML": ["gatekeeperd/Configuration/YAML/"],
        "Gatekeeper": ["gatekeeperd/"],
        "Glibc": [
            "Gatekeeper/Accept/", "Gatekeeper/Base/", "Gatekeeper/Proxy/", "Gatekeeper/Upstream/", "Gatekeeper/Verdict/", "gatekeeperd/",
        ],
        "Synchronization": [""],
    ]

    /// Where constructs stand that the compiler calls unsafe. The list grows only with a reason; `ARCHITECTURE.md` names the folders.
    private static let unsafe = [
        "Gatekeeper/Downstream/TLSServerCertificate.swift", "Gatekeeper/Downstream/TLSServerContext.swift",
        "Gatekeeper/Upstream/TLSClientContext.swift",
        "Gatekeeper/Upstream/UpstreamTLS.swift", "Gatekeeper/Base/TLS/",
        "Gatekeeper/Policy/WebSocketKey.swift", "Gatekeeper/Verdict/JournalOutput.swift", "Gatekeeper/Verdict/JournalRing.swift",
        "Gatekeeper/Verdict/JournalThread.swift",
        "Gatekeeper/Base/Runtime/", "Gatekeeper/Base/System/", "Gatekeeper/Base/Values/NetworkInterface.swift",
        "Gatekeeper/Worker/Worker.swift",
        "gatekeeperd/Configuration/YAML/YAMLEventSource.swift", "gatekeeperd/Ledger/SQL", "gatekeeperd/System/",
    ]

    /// Where the compiler is told instead of asked that something may be shared.
    private static let unchecked = [
        "Gatekeeper/Base/Runtime/EventLoop.swift", "Gatekeeper/Base/Runtime/SpoolTransfer.swift",
        "Gatekeeper/Base/Runtime/SpoolFile.swift", "Gatekeeper/Base/TLS/",
    ]

    @Test("no source imports Foundation, and each other module is imported where it belongs only")
    func importTable() throws {
        for file in try tree.swiftFiles(under: "Sources") {
            for module in file.imports {
                let places = Self.imports[module] ?? []
                #expect(
                    places.contains { file.path.hasPrefix("Sources/" + $0) },
                    "\(file.path) imports \(module), which belongs in \(places.isEmpty ? "no source" : places.joined(separator: ", "))")
            }
        }
    }

    @Test("unsafe constructs stand where a reader expects them, and nowhere else")
    func unsafeConstructs() throws {
        let marks: Set<String> = ["unsafe", "unsafeBitCast", "Unmanaged", "withUnsafeContinuation"]
        for file in try tree.swiftFiles(under: "Sources") where !Self.isListed(file, in: Self.unsafe) {
            let found = file.words.filter { marks.contains($0) || $0.hasPrefix("Unsafe") || $0.hasPrefix("withUnsafe") }
            #expect(found.isEmpty, "\(file.path) uses \(found.sorted().joined(separator: ", "))")
        }
    }

    @Test("each file that uses an unsafe construct says why it is safe")
    func proofs() throws {
        for file in try tree.swiftFiles(under: "Sources") where file.words.contains("unsafe") {
            #expect(file.text.contains("SAFETY"), "\(file.path) proves nothing")
        }
    }

    @Test("what the compiler can't check is shared in a few places")
    func uncheckedSendable() throws {
        for file in try tree.swiftFiles(under: "Sources") where file.code.contains("@unchecked") {
            #expect(Self.isListed(file, in: Self.unchecked), "\(file.path) says @unchecked")
        }
    }

    @Test("a list above names no file that is gone")
    func lists() throws {
        let paths = tree.paths(under: "Sources", ending: ".swift")
        for place in Set(Self.unsafe + Self.unchecked + Self.imports.values.joined()) {
            #expect(paths.contains { $0.hasPrefix("Sources/" + place) }, "\(place)")
        }
    }

    @Test("no file is longer than 350 lines")
    func lengths() throws {
        for file in try tree.swiftFiles(under: "Sources") {
            let count = file.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
            #expect(count <= 350, "\(file.path) has \(count) lines")
        }
    }

    /// What a script builds without the tests around it, as it says itself.
    private static let builtAlone: [String: @Sendable (String) -> Bool] = [
        "scripts/sim-build": {
            $0.hasPrefix("Tests/GatekeeperTests/Simulation/") && !$0.hasSuffix("Tests.swift") && !$0.contains("Scene")
        },
        "scripts/fuzz": { $0.hasSuffix("Fuzz/FuzzProperties.swift") || $0.hasSuffix("Fuzz/SettingsProperty.swift") },
    ]

    @Test("what is built without the other tests names nothing of theirs", arguments: builtAlone.keys.sorted())
    func buildsAlone(script: String) throws {
        let isBuilt = try #require(Self.builtAlone[script])
        let files = try tree.swiftFiles(under: "Tests")
        let alone = files.filter { isBuilt($0.path) }
        #expect(!alone.isEmpty)
        for file in alone {
            let target = file.path.split(separator: "/").prefix(2).joined(separator: "/") + "/"
            for other in files where other.path.hasPrefix(target) && !isBuilt(other.path) {
                let named = file.freeWords.intersection(other.topLevelTypes.subtracting(file.types)).sorted()
                #expect(named.isEmpty, "\(script): \(file.path) names \(named.joined(separator: ", ")) of \(other.path)")
            }
        }
    }

    @Test("each bug that the simulation has to find fits the code that it breaks")
    func mutations() throws {
        let patches = tree.paths(under: "sim/mutations", ending: ".patch")
        #expect(!patches.isEmpty)
        for patch in patches {
            var broken = ""
            var hunks: [(path: String, lines: [Substring])] = []
            for line in try tree.text(patch).split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("+++ b/") {
                    broken = String(line.dropFirst(6))
                } else if line.hasPrefix("@@") {
                    hunks.append((broken, []))
                } else if !hunks.isEmpty, line.hasPrefix(" ") || (line.hasPrefix("-") && !line.hasPrefix("--- ")) {
                    hunks[hunks.endIndex - 1].lines.append(line.dropFirst())
                }
            }
            #expect(!hunks.isEmpty, "\(patch)")
            for hunk in hunks {
                #expect(try tree.text(hunk.path).contains(hunk.lines.joined(separator: "\n")), "\(patch) doesn't fit \(hunk.path)")
            }
        }
    }

    @Test("no test sleeps, is skipped, or is excused")
    func tests() throws {
        let forbidden: Set<String> = ["sleep", "usleep", "nanosleep", "disabled", "withKnownIssue"]
        for file in try tree.swiftFiles(under: "Tests") {
            let found = file.words.intersection(forbidden)
            #expect(found.isEmpty, "\(file.path) uses \(found.sorted().joined(separator: ", "))")
        }
    }

    @Test("nothing is asked for its descriptor that nobody keeps: the number would be another file's in the next moment")
    func descriptors() throws {
        for path in ["Sources", "Tests"].flatMap({ tree.paths(under: $0, ending: ".swift") }) {
            #expect(try !tree.text(path).contains(")" + ".descriptor"), "\(path) takes the descriptor of a value and lets the value go")
        }
    }

    private static func isListed(_ file: SwiftFile, in list: [String]) -> Bool {
        list.contains { file.path.hasPrefix("Sources/" + $0) }
    }
}
