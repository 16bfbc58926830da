import Foundation
import Testing

@Suite("A ticket system that stops in the midst of a TLS record")
struct HalfRecordTests {
    @Test("is down for its health check, and keeps no worker busy")
    func healthCheck() throws {
        let folder = try TemporaryFolder()
        let certificates = try Certificates.shared()
        let leaf = certificates.leaf(.ecdsa)
        let script = Daemon.packageRoot.appendingPathComponent("Tests/gatekeeperdTests/Harness/half-record").path
        let upstream = try ChildProcess(
            "python3", [script, leaf.certificate, leaf.key], output: OpenFile(creating: folder.file("port")),
            errors: OpenFile(creating: folder.file("errors")), endingSignal: SIGTERM)
        defer { withExtendedLifetime(upstream) {} }
        var port = ""
        _ = try eventually {
            port = try String(contentsOfFile: folder.file("port"), encoding: .utf8).trimmingCharacters(in: .newlines)
            return !port.isEmpty
        }
        let daemon = try Daemon(
            upstream: "https://127.0.0.1:\(port)",
            upstreamSettings: "ca: \(certificates.authority)\n  server_name: localhost\n  health: {path: /health, interval: 1s}",
            settings: "workers: 1\ntimeouts: {response: 2s}")
        let line = try daemon.waitForLine(event: "upstream_down")
        #expect(line["reason"] == "response_timeout")
        // The only worker hears whoever comes.
        let client = try RawClient(to: daemon)
        #expect([200, 503].contains(try client.exchange("GET / HTTP/1.1\r\nHost: tickets\r\n\r\n").status))
    }
}
