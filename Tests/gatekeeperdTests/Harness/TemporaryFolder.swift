import Foundation

/// A folder of a test's own, gone with its last reference.
final class TemporaryFolder: Sendable {
    let path: String

    /// - Parameter parent: where it is made; the usual place is one where everybody may write.
    init(in parent: String = NSTemporaryDirectory()) throws {
        path = parent + "/gatekeeper-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        Leftovers.add(folder: path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        Leftovers.remove(folder: path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// Writes `text` and returns where.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let path = file(name)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    /// Writes `count` random bytes and returns where.
    func writeRandom(_ count: Int, to name: String) throws -> String {
        let path = file(name)
        guard let source = FileHandle(forReadingAtPath: "/dev/urandom"), let bytes = try source.read(upToCount: count) else {
            throw Failure("no /dev/urandom")
        }
        try bytes.write(to: URL(fileURLWithPath: path))
        return path
    }
}
