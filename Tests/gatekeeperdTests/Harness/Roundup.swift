import Foundation

/// A real ticket system behind the daemon: a Roundup tracker of the test's own, copied from the prepared one.
///
/// The tracker must know its public URL and the daemon its upstream's port, so the port is reserved first, the daemon started, and the
/// tracker last.
final class Roundup: Sendable {
    let daemon: Daemon
    /// What the tracker is called from outside: `https://127.0.0.1:PORT/demo`.
    var url: String { daemon.url + "/demo" }

    /// The tracker without the daemon between.
    let directURL: String

    private let process: ChildProcess
    private let folder: TemporaryFolder

    /// Prepares the environment if it isn't yet (a minute, once for a checkout), then starts daemon and tracker.
    ///
    /// - Parameters:
    ///   - upstreamSettings: a line under `upstream:` for the daemon.
    ///   - settings: top-level YAML keys for the daemon; flags alone with neither.
    init(upstreamSettings: String = "", settings: String? = nil) throws {
        let prepared = try Self.prepared.get()
        let folder = try TemporaryFolder()
        let port = try PortReservation()
        let upstream = "http://127.0.0.1:\(port.port)"
        let daemon =
            if settings == nil, upstreamSettings.isEmpty {
                try Daemon(upstream: upstream)
            } else {
                try Daemon(upstream: upstream, upstreamSettings: upstreamSettings, settings: settings ?? "")
            }

        let tracker = folder.file("tracker")
        try FileManager.default.copyItem(atPath: prepared + "/tracker", toPath: tracker)
        let configuration = try String(contentsOfFile: tracker + "/config.ini", encoding: .utf8)
            .replacingOccurrences(of: "https://tracker.invalid", with: daemon.url)
        try configuration.write(toFile: tracker + "/config.ini", atomically: false, encoding: .utf8)

        let log = try OpenFile(creating: folder.file("log"))
        // It refuses to be root unless told to be.
        let user = getuid() == 0 ? ["-u", "0", "-g", "0"] : []
        let arguments = user + ["-n", "127.0.0.1", "-p", "\(port.port)", "-t", "thread", "-V", "HTTP/1.1", "demo=\(tracker)"]
        process = try ChildProcess(
            prepared + "/venv/bin/roundup-server", arguments, output: log, errors: log,
            environment: ["PYTHONUNBUFFERED": "1"])
        self.daemon = daemon
        directURL = upstream + "/demo"
        self.folder = folder
        try process.waitUntilListening(on: port.port) { self.log }
    }

    /// The tracker's own access log: who asked for what, in its words.
    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// What every request of its REST API carries: credentials and the fields that its CSRF check wants.
    var api: [String] {
        ["-u", "demo:demo", "-H", "Origin: \(daemon.url)", "-H", "Referer: \(url)/", "-H", "X-Requested-With: rest"]
    }

    /// Curl on a path of the REST API (`issue/1`).
    func curl(_ path: String, _ arguments: [String] = []) throws -> Curl {
        try Curl(api + arguments + ["\(url)/rest/data/\(path)"])
    }

    private static let prepared = Result { try PreparedFolder(named: "roundup").path }
}
