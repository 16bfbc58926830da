import Foundation
import Testing

/// Certificates from a real authority, Debian's pebble, in network namespaces: those scenes of `make acme-check` that take seconds.
@Suite("A real authority")
struct AuthorityTests {
    @Test(
        "orders, renewals, strangers and other clients' windows are as they should be",
        arguments: ["issue", "renew", "reuse", "page", "strangers-reset", "listed", "challenge-command"])
    func scene(name: String) throws {
        let folder = try TemporaryFolder()
        let log = try OpenFile(creating: folder.file("log"))
        let process = try ChildProcess(
            Daemon.packageRoot.appendingPathComponent("packaging/test-acme").path, [name], output: log, errors: log,
            environment: ProcessInfo.processInfo.environment)
        let ending = try process.waitForEnd(seconds: 240)
        let said = try String(contentsOfFile: folder.file("log"), encoding: .utf8)
        #expect(ending == .exited(0) && said.contains("  ok: "), "\(said)")
    }
}
