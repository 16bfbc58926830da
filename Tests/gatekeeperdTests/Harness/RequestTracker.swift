import Foundation

/// Request Tracker 5 behind the daemon: a copy of the prepared one, served by Starman, which keeps connections open for a second and frames
/// pages in chunks.
///
/// It must know its public URL and the daemon its upstream's port, so the port is reserved first, the daemon started, and the tracker last.
final class RequestTracker: Sendable {
    let daemon: Daemon
    /// Where the daemon connects to, on 127.0.0.1.
    let port: UInt16

    private let process: ChildProcess
    private let folder: TemporaryFolder
    private let token: String

    /// Prepares the database if it isn't yet, then starts daemon and tracker.
    init() throws {
        let prepared = try Self.prepared.get()
        let folder = try TemporaryFolder()
        let port = try PortReservation()
        let daemon = try Daemon(upstream: "http://127.0.0.1:\(port.port)")
        for part in ["db", "mason", "session", "var"] {
            try FileManager.default.copyItem(atPath: "\(prepared)/\(part)", toPath: folder.file(part))
        }
        token = try String(contentsOfFile: prepared + "/token", encoding: .utf8)
        self.daemon = daemon
        self.port = port.port
        self.folder = folder

        let log = try OpenFile(creating: folder.file("log"))
        let address = ["--host", "127.0.0.1", "--port", "\(port.port)"]
        let environment = [
            "RT_SITE_CONFIG": prepared + "/RT_SiteConfig.pm", "RT_SITE_CONFIG_DIR": prepared + "/empty.d", "RT_FOLDER": folder.path,
            "RT_PORT": "\(daemon.port)", "TMPDIR": folder.path,
        ]
        process = try ChildProcess(
            "plackup",
            ["-s", "Starman", "-E", "deployment", "--no-default-middleware", "--workers", "3"] + address + [prepared + "/app.psgi"],
            output: log, errors: log, environment: environment, endingSignal: SIGTERM)
        try process.waitUntilListening(on: port.port) { self.log }
    }

    /// What it is called from outside.
    var url: String { daemon.url + "/rt" }

    /// A line for each request: X-Forwarded-For, -Host and -Proto, the client's address in its opinion, the status, the request line.
    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// What every request of its REST API carries.
    var credentials: String { "Authorization: token \(token)" }

    /// Curl on a path of the REST API (`ticket/1`).
    func curl(_ path: String, _ arguments: [String] = []) throws -> Curl {
        try Curl(["-H", credentials] + arguments + ["\(url)/REST/2.0/\(path)"])
    }

    /// Curl with a search (`Subject LIKE 'printer'`).
    func search(_ query: String, _ arguments: [String] = []) throws -> Curl {
        try curl("tickets", ["-G", "--data-urlencode", "query=\(query)"] + arguments)
    }

    private static let prepared = Result { try PreparedFolder(named: "rt5").path }
}
