import Testing

/// The folders of `Sources/Gatekeeper` and which of the others each may name.
struct FolderOrderTests {
    private let tree = SourceTree()

    /// Plain values that belong to the worker by their place and to everybody by their use.
    private static let values = "Worker's values"
    private static let valueFiles: Set<String> = [
        "Buffer.swift", "ByteRange.swift", "CivilDate.swift", "Instant.swift", "NetworkInterface.swift",
    ]

    /// A file beside the folders counts as a folder of its own. `Worker`, and what stands beside the folders, may name everything.
    private static let mayName: [String: Set<String>] = [
        // Pure: bytes and moments in, values out.
        "Admission": ["Settings", values],
        "HTTP1": ["Policy", "Settings", values],
        "Policy": ["Admission", "HTTP1", "Settings", values],
        // What has a socket.
        "Accept": ["Admission", "ServerError", "Snapshot", "Worker", values],
        "Downstream": ["Accept", "Admission", "HTTP1", "Policy", "Proxy", "Settings", "Snapshot", "Verdict", "Worker", values],
        "Proxy": ["Downstream", "HTTP1", "Policy", "Settings", "Snapshot", "Upstream", "Verdict", "Worker", values],
        // `Server` for `Settings.Upstream.Server`, which is called like the class.
        "Upstream": ["Admission", "HTTP1", "Server", "ServerError", "Settings", "Worker", values],
        "Verdict": ["Admission", "HTTP1", "Settings", "Worker", values],
    ]

    @Test("a folder names the types of those folders only that it may know", arguments: mayName.keys.sorted())
    func order(folder: String) throws {
        let files = try tree.swiftFiles(under: "Sources/Gatekeeper")
        let own = files.filter { self.folder(of: $0) == folder }
        try #require(!own.isEmpty, "no folder \(folder)")
        // A nested type may be called like another folder's.
        let ownTypes = own.reduce(into: Set<String>()) { $0.formUnion($1.types) }
        let allowed = try #require(Self.mayName[folder]).union([folder])
        for other in files where !allowed.contains(self.folder(of: other)) {
            let types = other.topLevelTypes.subtracting(ownTypes)
            for file in own {
                let named = file.words.intersection(types).sorted()
                #expect(named.isEmpty, "\(file.path) names \(named.joined(separator: ", ")) of \(other.path)")
            }
        }
    }

    @Test("pure code knows no socket, no loop and no clock")
    func pure() throws {
        let forbidden: Set<String> = ["Socket", "EventLoop", "Waiter", "System", "Descriptor", "async", "await", "Task"]
        for folder in ["Admission", "HTTP1", "Policy"] {
            for file in try tree.swiftFiles(under: "Sources/Gatekeeper/\(folder)") {
                let named = file.words.intersection(forbidden).sorted()
                #expect(named.isEmpty, "\(file.path) names \(named.joined(separator: ", "))")
            }
        }
    }

    @Test("the tree of the tests mirrors that of the sources")
    func mirror() {
        for folder in Self.mayName.keys.sorted() + ["Worker"] {
            let tests = tree.paths(under: "Tests/GatekeeperTests/\(folder)", ending: "Tests.swift")
            #expect(!tests.isEmpty, "Tests/GatekeeperTests/\(folder)")
        }
    }

    private func folder(of file: SwiftFile) -> String {
        let parts = file.path.split(separator: "/").map(String.init)
        // Sources/Gatekeeper/<folder>/… or Sources/Gatekeeper/<file>.swift
        guard parts.count > 3 else { return parts[2].replacing(".swift", with: "") }
        return parts[2] == "Worker" && Self.valueFiles.contains(parts[parts.count - 1]) ? Self.values : parts[2]
    }
}
