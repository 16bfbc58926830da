import Foundation

/// A configuration in a folder of its own, for commands that read one and don't serve.
struct ConfigurationScene {
    let folder: TemporaryFolder
    let file: String

    /// The keys that every configuration needs, then `settings`, top-level keys as they stand in a file.
    init(
        listen: String = "127.0.0.1:0", leaf: Certificates.Leaf? = nil, tls: String = "", allow: String = "[127.0.0.2]",
        upstream: String, upstreamSettings: String = "", _ settings: String = ""
    ) throws {
        let leaf = try leaf ?? Certificates.shared().leaf(.ecdsa)
        folder = try TemporaryFolder()
        file = try folder.write(
            """
            listen: ["\(listen)"]
            tls:
              certificate: \(leaf.certificate)
              key: \(leaf.key)
              \(tls)
            allow: \(allow)
            upstream:
              url: \(upstream)
              \(upstreamSettings)
            control: \(folder.file("control.sock"))
            \(settings)
            """, to: "gatekeeper.yaml")
    }

    /// Runs a command with this configuration; `lines` are those of its answer.
    func run(_ arguments: String...) throws -> (ending: ChildProcess.Ending, lines: [String], errors: String) {
        let run = try Daemon.run(arguments + ["--config", file])
        return (run.ending, run.output.split(separator: "\n").map(String.init), run.errors)
    }

    func json(_ arguments: String...) throws -> JSONValue {
        try JSONValue(parsing: Daemon.run(arguments + ["--config", file, "--json"]).output.utf8)
    }
}
