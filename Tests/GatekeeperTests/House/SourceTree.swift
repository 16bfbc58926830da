import Foundation

/// The checkout that this test was compiled from.
struct SourceTree {
    let root: URL

    private static let swiftFiles = Result {
        let tree = SourceTree()
        return try ["Sources", "Tests"].flatMap { tree.paths(under: $0, ending: ".swift") }
            .map { SwiftFile(path: $0, text: try tree.text($0)) }
    }

    init() {
        // This file, House, GatekeeperTests, Tests.
        root = (0..<4).reduce(URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()) { url, _ in url.deletingLastPathComponent() }
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Paths from the root of everything under `folder` that ends like this; nothing hidden.
    func paths(under folder: String, ending: String) -> [String] {
        let prefix = root.path + "/"
        let base = folder.isEmpty ? root : root.appendingPathComponent(folder)
        let files = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
        var paths: [String] = []
        while let file = files?.nextObject() as? URL {
            if file.path.hasSuffix(ending) { paths.append(String(file.path.dropFirst(prefix.count))) }
        }
        return paths.sorted()
    }

    /// Every Swift file of ours under `folder`, which is `Sources` or `Tests` or in one of them.
    func swiftFiles(under folder: String) throws -> [SwiftFile] {
        try Self.swiftFiles.get().filter { $0.path.hasPrefix(folder + "/") }
    }
}
