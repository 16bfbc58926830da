import Foundation
import Testing

/// The hosts of a vendor's list in a network of their own, with names, ports and somebody who opens TLS on the way. Who runs these has to be root.
@Suite("gatekeeperd outbound: what a vendor's software has to reach, tried from here")
struct OutboundTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Harness/outbound-network").path

    /// Reached by both families; nowhere; refused; opened by a stranger; opened by somebody whom this machine trusts.
    private static let hosts = """
        127.0.0.1 localhost
        127.0.1.1 flu1pjyrr2.execute-api.us-east-1.amazonaws.com
        ::1 flu1pjyrr2.execute-api.us-east-1.amazonaws.com
        127.0.1.3 e4rz8vlrg0.execute-api.us-east-1.amazonaws.com
        127.0.1.4 hdb-stuff.s3.amazonaws.com
        127.0.1.5 connect.helpdeskbuttons.com

        """
    private static let names = [
        "flu1pjyrr2.execute-api.us-east-1.amazonaws.com", "hdb-stuff.s3.amazonaws.com", "connect.helpdeskbuttons.com",
    ]

    private func run(_ command: [String], environment: [String: String] = [:]) throws -> (ending: ChildProcess.Ending, text: String) {
        let folder = try TemporaryFolder()
        try folder.write(Self.hosts, to: "hosts")
        let extensions = "basicConstraints=CA:FALSE\nsubjectAltName=" + Self.names.map { "DNS:\($0)" }.joined(separator: ",") + "\n"
        let published = extensions + "authorityInfoAccess=caIssuers;URI:http://authority.example/ca.crt\n"
        for (name, leaf) in [
            ("good", try TestAuthority.common().issue("outbound-good", extensions: published)),
            ("inspected", try TestAuthority.common().issue("outbound-inspected", extensions: extensions)),
            ("foreign", try TestAuthority().issue("outbound-foreign", extensions: extensions)),
        ] {
            try FileManager.default.copyItem(atPath: leaf.certificate, toPath: folder.file("\(name).pem"))
            try FileManager.default.copyItem(atPath: leaf.key, toPath: folder.file("\(name)-key.pem"))
        }
        let authority = try Certificates.shared().authority
        let log = try OpenFile(creating: folder.file("log"))
        let process = try ChildProcess(
            Self.script, [folder.path] + command, output: log, errors: log,
            environment: ["SSL_CERT_FILE": authority, "CURL_CA_BUNDLE": authority].merging(environment) { $1 }, endingSignal: SIGTERM)
        let ending = try process.waitForEnd(seconds: 120)
        return (ending, try String(contentsOfFile: folder.file("log"), encoding: .utf8))
    }

    private static let verdicts = ["ok", "no_name", "refused", "intercepted", "intercepted", "partly"]

    @Test("each host has its verdict, with who issued what was shown, and with what to ask for")
    func table() throws {
        let run = try run(
            [Daemon.binary, "outbound", "tier2tickets"], environment: ["https_proxy": "http://user:secret@proxy.example:3128"])
        #expect(run.ending == .exited(3))
        let lines = run.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.allSatisfy { $0.count <= 100 }, "\(run.text)")
        let start = try #require(lines.firstIndex { $0.hasPrefix("HOST") })
        let rows = lines[(start + 1)...].prefix(6)
        #expect(rows.map { String($0.split(separator: " ").last ?? "") } == Self.verdicts, "\(run.text)")
        #expect(rows.first?.contains("1v4 1v6") == true)
        let text = lines.joined(separator: " ").replacing("   ", with: " ")
        #expect(text.contains("issued by \"CN=Another authority\": not a public authority known to this machine"), "\(run.text)")
        #expect(text.contains("issued by \"CN=Test authority\", which this machine trusts: no public authority"), "\(run.text)")
        #expect(lines.contains("- except hdb-stuff.s3.amazonaws.com from TLS inspection"))
        #expect(lines.contains("- let clients resolve kdwq222yo3.execute-api.us-east-1.amazonaws.com (DNS)"))
        #expect(text.contains("https_proxy is set") && !run.text.contains("secret"))
        #expect(text.contains("nothing comes back from port 2250"), "\(run.text)")
    }

    @Test("scripts are told the same, and each connection by itself")
    func json() throws {
        let run = try run([Daemon.binary, "outbound", "--json"])
        let json = try JSONValue(parsing: run.text.utf8)
        let hosts = try #require(json["hosts"]?.array)
        #expect(hosts.compactMap { $0["verdict"]?.string } == Self.verdicts, "\(run.text)")
        let attempts = try #require(hosts.last?["attempts"]?.array)
        #expect(
            attempts.map { $0["failure"]?.string ?? "taken" } == ["taken"] + ["connect_refused", "connect_timeout"] + [
                "connect_refused", "connect_refused",
            ])
        #expect(hosts.first?["attempts"]?.array?.count == 2)
    }

    @Test("with --all each port of the range is tried")
    func all() throws {
        let run = try run([Daemon.binary, "outbound", "--all", "--json"])
        let hosts = try #require(try JSONValue(parsing: run.text.utf8)["hosts"]?.array)
        let attempts = try #require(hosts.last?["attempts"]?.array)
        #expect(attempts.count == 500 && attempts.allSatisfy { $0["failure"] != nil || $0["connect_ms"] != nil })
        #expect(attempts.count { $0["connect_ms"] != nil } == 1)
    }

    @Test("the script for sh finds the same, and no more than POSIX is asked of the shell")
    func shell() throws {
        let folder = try TemporaryFolder()
        let printed = try Daemon.run(["outbound", "tier2tickets", "--script", "sh"])
        #expect(printed.ending == .exited(0) && printed.errors.isEmpty)
        let file = try folder.write(printed.output, to: "reach.sh")
        let run = try run(["sh", "-u", file])
        #expect(run.ending == .exited(3), "\(run.text)")
        let rows = run.text.split(separator: "\n").dropFirst().map { $0.split(separator: " ").map(String.init) }
        let verdicts = rows.map { $0.count > 2 ? $0[2] : "" }
        #expect(verdicts == Array(Self.verdicts.dropLast()) + ["ok", "closed", "closed", "closed", "closed"], "\(run.text)")
        #expect(run.text.contains("Another authority"))
    }

    @Test("a vendor that isn't known is told with the one that was meant")
    func unknown() throws {
        let run = try Daemon.run(["outbound", "tier2ticket"])
        #expect(run.ending == .exited(2))
        #expect(run.errors.contains("did you mean tier2tickets?"), "\(run.errors)")
    }
}
