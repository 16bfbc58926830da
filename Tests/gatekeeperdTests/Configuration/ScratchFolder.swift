import Foundation

@testable import gatekeeperd

/// A folder with the files that a configuration names; gone with its last reference.
final class ScratchFolder: Sendable {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        path = NSTemporaryDirectory() + "/gatekeeper-configuration-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: file(name))) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String { path + "/" + name }
}

/// Loads a configuration whose certificate and key are there, under the name `gatekeeper.yaml`.
func load(
    _ yaml: String, files: [String: String] = [:], environment: [String: String] = [:], flags: [Configuration.Flag] = []
) throws -> Configuration {
    let all = files.merging(["chain.pem": "", "key.pem": "", "gatekeeper.yaml": yaml]) { given, _ in given }
    let folder = try ScratchFolder(all)
    return try Configuration.load(file: folder.file("gatekeeper.yaml"), flags: flags, environment: { environment[$0] })
}

/// The lines with which a configuration is refused, the folder's path cut off; empty if it is accepted.
func mistakes(
    in yaml: String, files: [String: String] = [:], environment: [String: String] = [:], flags: [Configuration.Flag] = []
) throws -> [String] {
    let all = files.merging(["chain.pem": "", "key.pem": "", "gatekeeper.yaml": yaml]) { given, _ in given }
    let folder = try ScratchFolder(all)
    do throws(ConfigurationError) {
        _ = try Configuration.load(file: folder.file("gatekeeper.yaml"), flags: flags, environment: { environment[$0] })
        return []
    } catch {
        return error.lines.map { $0.replacingOccurrences(of: folder.path + "/", with: "") }
    }
}

/// The least that is accepted, with one more line to try.
func minimal(_ more: String = "") -> String {
    """
    listen: 127.0.0.1:0
    tls: {certificate: chain.pem, key: key.pem}
    allow: [127.0.0.2]
    upstream: {url: "http://127.0.0.1:8080"}
    \(more)
    """
}
