import Testing

/// The floors of `Sources/Gatekeeper`: a file names the types of its own floor, and of those below it.
struct FolderOrderTests {
    private let tree = SourceTree()

    /// From the ground up.
    private static let floors: [[String]] = [
        ["Base/Values"], ["Base/System"], ["Base/Runtime"], ["Base/TLS"], ["Settings"], ["HTTP1"], ["Admission"], ["Verdict"], ["Policy"],
        ["Upstream"], ["Downstream"], ["Context"], ["Proxy"], ["Accept"], ["Worker"], ["Server"],
    ]

    @Test("a folder names the types of those below it only", arguments: floors.indices)
    func order(floor: Int) throws {
        let files = try tree.swiftFiles(under: "Sources/Gatekeeper")
        let above = files.filter { self.floor(of: $0) > floor }
        for file in files where self.floor(of: file) == floor {
            for other in above {
                // A nested type may be called like another folder's.
                let named = file.freeWords.intersection(other.topLevelTypes.subtracting(file.types)).sorted()
                #expect(named.isEmpty, "\(file.path) names \(named.joined(separator: ", ")) of \(other.path)")
            }
        }
    }

    @Test("every file stands on a floor, and every floor has files")
    func complete() throws {
        let files = try tree.swiftFiles(under: "Sources/Gatekeeper")
        for file in files { #expect(floor(of: file) >= 0, "\(file.path)") }
        for folder in Self.floors.joined() {
            #expect(files.contains { $0.path.hasPrefix("Sources/Gatekeeper/\(folder)/") }, "\(folder)")
        }
    }

    @Test("pure code knows no socket, no loop and no clock")
    func pure() throws {
        let forbidden: Set<String> = ["Socket", "EventLoop", "Waiter", "System", "Descriptor", "async", "await", "Task"]
        for folder in ["Base/Values", "Settings", "HTTP1", "Admission", "Policy"] {
            for file in try tree.swiftFiles(under: "Sources/Gatekeeper/\(folder)") {
                let named = file.words.intersection(forbidden).sorted()
                #expect(named.isEmpty, "\(file.path) names \(named.joined(separator: ", "))")
            }
        }
    }

    @Test("the tree of the tests mirrors that of the sources")
    func mirror() {
        for folder in Self.floors.joined() where folder != "Context" {
            let tests = tree.paths(under: "Tests/GatekeeperTests/\(folder)", ending: "Tests.swift")
            #expect(!tests.isEmpty, "Tests/GatekeeperTests/\(folder)")
        }
    }

    /// -1 for a file that stands on none.
    private func floor(of file: SwiftFile) -> Int {
        Self.floors.firstIndex { $0.contains { file.path.hasPrefix("Sources/Gatekeeper/\($0)/") } } ?? -1
    }
}
