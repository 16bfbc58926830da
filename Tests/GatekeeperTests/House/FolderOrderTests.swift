import Testing

/// The floors of both targets: a file names the types of its own floor, and of those below it.
struct FolderOrderTests {
    private let tree = SourceTree()

    /// Of `Sources/Gatekeeper`, from the ground up.
    private static let floors: [[String]] = [
        ["Base/Values"], ["Base/System"], ["Base/Runtime"], ["Base/TLS"], ["Settings"], ["HTTP1"], ["Admission"], ["Verdict"], ["Policy"],
        ["Upstream"], ["Downstream"], ["Context"], ["Proxy"], ["Accept"], ["Worker"], ["Server"],
    ]

    /// Of `Sources/gatekeeperd`, from the ground up.
    private static let daemonFloors = [
        "Text", "System", "Certificates", "Report", "Presets", "Configuration", "Ledger", "Problems", "Control", "Status", "Check",
        "Explain",
        "Notify", "Acme", "Vigilance", "Service", "Demo", "Doctor", "Outbound", "Init", "Commands",
    ]

    private static let houses = [
        Floors(root: "Sources/Gatekeeper", folders: floors), Floors(root: "Sources/gatekeeperd", folders: daemonFloors.map { [$0] }),
    ]

    @Test("a folder names the types of those below it only", arguments: houses)
    func order(floors: Floors) throws {
        let files = try tree.swiftFiles(under: floors.root)
        for file in files {
            for other in files where floors.floor(of: other) > floors.floor(of: file) {
                // A nested type may be called like another folder's.
                let named = file.freeWords.intersection(other.topLevelTypes.subtracting(file.types)).sorted()
                #expect(named.isEmpty, "\(file.path) names \(named.joined(separator: ", ")) of \(other.path)")
            }
        }
    }

    @Test("every file stands on a floor, and every floor has files", arguments: houses)
    func complete(floors: Floors) throws {
        let files = try tree.swiftFiles(under: floors.root)
        for file in files { #expect(floors.floor(of: file) >= 0, "\(file.path)") }
        for folder in floors.folders.joined() {
            #expect(files.contains { $0.path.hasPrefix("\(floors.root)/\(folder)/") }, "\(folder)")
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
        for folder in Self.daemonFloors {
            let tests = tree.paths(under: "Tests/gatekeeperdTests/\(folder)", ending: "Tests.swift")
            #expect(!tests.isEmpty, "Tests/gatekeeperdTests/\(folder)")
        }
    }

    /// The folders of a target, from the ground up.
    struct Floors: CustomTestStringConvertible {
        let root: String
        let folders: [[String]]

        var testDescription: String { root }

        /// -1 for a file that stands on none.
        func floor(of file: SwiftFile) -> Int {
            folders.firstIndex { $0.contains { file.path.hasPrefix("\(root)/\($0)/") } } ?? -1
        }
    }
}
