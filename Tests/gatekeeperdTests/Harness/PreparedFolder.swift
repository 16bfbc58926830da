import Foundation

/// What a `prepare-NAME` script beside this file makes once for a checkout, in `.build/NAME` or where the variable NAME says.
struct PreparedFolder {
    let path: String

    /// Runs the script, which does nothing if the work is done; may take a minute the first time.
    init(named name: String) throws {
        path =
            ProcessInfo.processInfo.environment[name.uppercased()] ?? Daemon.packageRoot.appendingPathComponent(".build/\(name)").path
        let folder = try TemporaryFolder()
        let log = try OpenFile(creating: folder.file("log"))
        let process = try ChildProcess("bash", [Self.script("prepare-\(name)"), path], output: log, errors: log)
        guard try process.waitForEnd(seconds: 600) == .exited(0) else {
            throw Failure(try String(contentsOfFile: folder.file("log"), encoding: .utf8))
        }
    }

    /// Where a script of the harness is.
    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name).path
    }
}
