import Foundation
import Testing

@Suite("What the running service tells of its certificates")
struct CertificateReportTests {
    @Test("status shows names and end, and a reload that brings another certificate says so once")
    func changed() throws {
        let authority = try TestAuthority.common()
        let (first, second) = (
            try authority.issue("reported", names: ["a.example"], days: 40),
            try authority.issue("reported-next", names: ["b.example", "c.example"], days: 40)
        )
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, certificates: [first], settings: "control: \(folder.file("control.sock"))")
        func certificate() throws -> JSONValue {
            let run = try Daemon.run(["status", "--control", folder.file("control.sock"), "--json"])
            return try #require(try JSONValue(parsing: run.output.utf8)["certificates"]?.array?.first)
        }
        let before = try certificate()
        #expect(before["file"]?.string == first.certificate && before["names"] == .array([.string("a.example")]))
        #expect(before["expires_at"]?.string?.hasPrefix("20") == true)

        // The same again is no news.
        #expect(try daemon.reload().event == "reloaded")
        try daemon.rewriteConfiguration(first.certificate, second.certificate)
        try daemon.rewriteConfiguration(first.key, second.key)
        #expect(try daemon.reload().event == "reloaded")
        let line = try daemon.waitForLine(event: "certificate")
        #expect(line["state"] == "changed" && line["file"] == second.certificate && line["names"] == "b.example c.example")
        #expect(try certificate()["expires_at"]?.string == line["until"])
        #expect(daemon.lines("certificate").count == 1)
    }

    @Test("a service that starts, or reloads, with a certificate near its end says so", arguments: [(2, "expires"), (-1, "expired")])
    func nearEnd(days: Int, state: String) throws {
        let authority = try TestAuthority.common()
        let leaf = try authority.issue("near-end-\(state)", aged: 20, days: days)
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, certificates: [leaf], settings: "")
        let line = try daemon.waitForLine(event: "certificate")
        #expect(line["state"] == state && line["file"] == leaf.certificate)
        let next = try authority.issue("near-end-next-\(state)", aged: 80, days: 3)
        try daemon.rewriteConfiguration(leaf.certificate, next.certificate)
        try daemon.rewriteConfiguration(leaf.key, next.key)
        #expect(try daemon.reload().event == "reloaded")
        try daemon.waitForLine { $0.event == "certificate" && $0["state"] == "expires" && $0["file"] == next.certificate }
    }
}
