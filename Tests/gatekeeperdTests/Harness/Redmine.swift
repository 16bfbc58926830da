import Foundation

/// Redmine 5 behind the daemon: a copy of the prepared instance, served by puma, with project `demo`.
///
/// It learns from each request what it is called from outside, so it is started first, on a port of the kernel's choice.
final class Redmine: Sendable {
    let daemon: Daemon

    private let process: ChildProcess
    private let folder: TemporaryFolder

    /// Prepares the instance if it isn't yet, then starts Redmine and the daemon.
    ///
    /// - Parameter settings: top-level YAML keys for the daemon.
    init(settings: String = "") throws {
        let prepared = try Self.prepared.get()
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: prepared + "/instance", toPath: folder.file("instance"))
        let output = try OpenFile(creating: folder.file("output"))
        let environment = [
            "BUNDLE_GEMFILE": prepared + "/bundle/Gemfile", "HOME": prepared + "/home", "LANG": "C.UTF-8", "RAILS_ENV": "production",
            "REDMINE_INSTANCE": "../../../.." + folder.file("instance"), "RUBYOPT": "-W0", "TMPDIR": folder.path,
        ]
        process = try ChildProcess(
            "bundle", ["exec", "puma", "--dir", "/usr/share/redmine", "-t", "1:4", "-b", "tcp://127.0.0.1:0", "config.ru"],
            output: output, errors: output, environment: environment)
        let port = try Self.waitForPort(process, folder.file("output"))
        daemon = try Daemon(upstream: "http://127.0.0.1:\(port)", settings: settings)
        self.folder = folder
    }

    /// What it is called from outside.
    var url: String { daemon.url }

    /// Its own log: who asked for what, in its words.
    var log: String { (try? String(contentsOfFile: folder.file("instance/log/production.log"), encoding: .utf8)) ?? "" }

    /// What every request of its REST API carries.
    static let credentials = "X-Redmine-API-Key: 0123456789abcdef0123456789abcdef01234567"

    /// Curl on a path of the REST API (`issues/1.json`).
    func curl(_ path: String, _ arguments: [String] = []) throws -> Curl {
        try Curl(["-H", Self.credentials] + arguments + ["\(url)/\(path)"])
    }

    private static let prepared = Result { try PreparedFolder(named: "redmine").path }

    private static func waitForPort(_ process: ChildProcess, _ output: String) throws -> UInt16 {
        let deadline = Date(timeIntervalSinceNow: 120)
        var said = ""
        while Date() < deadline, !process.hasEnded {
            said = try String(contentsOfFile: output, encoding: .utf8)
            if let number = said.firstMatch(of: /Listening on http:\/\/127\.0\.0\.1:([0-9]+)\n/)?.1, let port = UInt16(number) {
                return port
            }
            // Nothing tells when a line is written; it is looked for again after a moment.
            _ = try? process.waitForEnd(seconds: 0.05)
        }
        throw Failure("puma does not listen: \(said)")
    }
}
