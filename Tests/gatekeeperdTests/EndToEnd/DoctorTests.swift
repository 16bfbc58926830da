import Foundation
import Testing

@Suite("gatekeeperd doctor: a deployment, seen from inside")
struct DoctorTests {
    /// Signed by the authority that `run` has the system know.
    private static let leaf = Result { try TestAuthority.common().issue("examined", names: ["t.example"], days: 90) }

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A service that has nothing wrong with it, by a configuration file.
    private func daemon(upstream: String, leaf: Certificates.Leaf? = nil) throws -> Daemon {
        try Daemon(
            upstream: upstream, certificates: [leaf ?? Self.leaf.get()],
            settings: "control: \(folder.file("c.sock"))\nstate: \(folder.file("state"))\nlimits: {connections: 100}")
    }

    private func run(_ configuration: String, _ arguments: [String] = []) throws -> (
        ending: ChildProcess.Ending, output: String, errors: String
    ) {
        try Daemon.run(
            ["doctor", "--config", configuration] + arguments, environment: ["SSL_CERT_FILE": Certificates.shared().authority])
    }

    /// One examination's findings. Nobody may keep the clock of a machine that tests run on.
    private func findings(
        of examination: String, _ configuration: String, _ arguments: String..., status: Int32
    ) throws -> [(severity: String, seen: String)] {
        let run = try run(configuration, ["--json"] + arguments)
        #expect(run.ending == .exited(status), "\(run)")
        return try (JSONValue(parsing: run.output.utf8)["remarks"]?.array ?? []).filter {
            $0["examination"]?.string == examination
        }.map { ($0["severity"]?.string ?? "", $0["seen"]?.string ?? "") }
    }

    @Test("a deployment without a fault exits 0, and says of each examination what was seen")
    func well() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream: upstream.url)
        let run = try run(daemon.configuration, ["--skip", "clock"])
        #expect(run.ending == .exited(0) && run.errors.isEmpty, "\(run)")
        let lines = run.output.split(separator: "\n")
        #expect(
            lines.map { $0.split(separator: ":").prefix(2).joined(separator: ":") } == [
                "ok: service", "ok: certificate", "ok: upstream", "unexamined: sources", "ok: exposure", "ok: api_keys",
                "unexamined: clock",
                "ok: host", "0 findings, 6 ok, 2 not examined",
            ])
        #expect(lines[0].contains("process \(daemon.process.id) serves by \(daemon.configuration)"))
        #expect(daemon.lines("denied").isEmpty && daemon.lines("tls_failed").isEmpty)
    }

    @Test("a certificate without the one that issued it is a finding that names both, and with it there is none")
    func missingIntermediate() throws {
        let intermediate = try TestAuthority.common().intermediate()
        let leaf = try intermediate.issue("alone", names: ["t.example"], days: 90)
        let upstream = try ScriptedUpstream(.echo)
        let alone = try ConfigurationScene(leaf: leaf, upstream: upstream.url)
        let found = try findings(of: "certificate", alone.file, "--skip", "clock", status: 3)
        #expect(found.map(\.severity) == ["finding"])
        #expect(found.first?.seen.contains("ends with CN=alone, whose issuer CN=intermediate this system doesn't know") == true, "\(found)")

        let chain = try [leaf.certificate, intermediate.certificate].map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
        let whole = Certificates.Leaf(certificate: try folder.write(chain, to: "chain.pem"), key: leaf.key)
        let complete = try ConfigurationScene(leaf: whole, upstream: upstream.url)
        #expect(try findings(of: "certificate", complete.file, "--skip", "clock", status: 0).map(\.severity) == ["ok"])
    }

    @Test("a certificate that was replaced and can't be taken is a finding, twice: for the file, and for what is shown")
    func notTaken() throws {
        let upstream = try ScriptedUpstream(.echo)
        let first = try Self.leaf.get()
        let copy = Certificates.Leaf(certificate: folder.file("shown.pem"), key: first.key)
        try String(contentsOfFile: first.certificate, encoding: .utf8).write(toFile: copy.certificate, atomically: true, encoding: .utf8)
        let daemon = try daemon(upstream: upstream.url, leaf: copy)
        #expect(try findings(of: "certificate", daemon.configuration, "--skip", "clock", status: 0).map(\.severity) == ["ok"])
        let second = try TestAuthority.common().issue("renewed", names: ["t.example"], days: 90)
        try String(contentsOfFile: second.certificate, encoding: .utf8).write(toFile: copy.certificate, atomically: true, encoding: .utf8)
        try daemon.waitForLine(event: "reload_failed")
        let found = try findings(of: "certificate", daemon.configuration, "--skip", "clock", status: 3)
        #expect(found.map(\.severity) == ["finding", "finding"])
        #expect(found.contains { $0.seen.contains("does not belong to certificate") })
        #expect(found.contains { $0.seen.contains("the service still shows another certificate") }, "\(found)")
    }

    @Test("a ticket system on this host that listens everywhere is a finding with the place")
    func exposed() throws {
        let upstream = try ScriptedUpstream(address: "0.0.0.0", .echo)
        let daemon = try daemon(upstream: upstream.url)
        let found = try findings(of: "exposure", daemon.configuration, "--skip", "clock", status: 3)
        let port = try #require(upstream.url.split(separator: ":").last)
        #expect(found.map(\.severity) == ["finding"])
        #expect(found.first?.seen.contains("is on this host and listens on 0.0.0.0:\(port): whoever reaches this host") == true, "\(found)")
    }

    @Test("a flood from one private address is a finding, and so it is when the service has ended; from several there is none")
    func translated() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream: upstream.url)
        func knock(_ sources: [String]) throws {
            for source in sources { #expect(try RawClient(to: daemon, from: source, security: .plain).receive() == .ended(.reset)) }
        }
        try knock(Array(repeating: "127.0.0.9", count: 30))
        #expect(
            try eventually {
                let found = try run(daemon.configuration, ["--skip", "clock"]).output
                return found.contains("finding: sources: 30 of 30 denials within the last hour were of 127.0.0.9, a private address")
            })
        try knock((0..<10).map { "127.0.1.\($0)" })
        #expect(
            try eventually {
                try run(daemon.configuration, ["--skip", "clock"]).output.contains(
                    "ok: sources: 40 connections came from several addresses")
            })
        #expect(try daemon.terminate() == .exited(0))
        let left = try findings(of: "sources", daemon.configuration, "--skip", "clock", status: 0)
        #expect(left.map(\.seen) == ["40 connections came from several addresses"])
        #expect(try findings(of: "service", daemon.configuration, "--skip", "clock", status: 0).map(\.severity) == ["unexamined"])
    }

    @Test("GLPI is asked for somebody of the list, and a refusal of his address is a finding where it is one")
    func glpi() throws {
        func severity(trusting: Bool) throws -> [String] {
            let upstream = try ScriptedUpstream(
                .each { request, connection in
                    guard request.target == "/apirest.php/initSession" else { return try connection.respond(body: "ok") }
                    let isAdmitted = trusting && request["x-forwarded-for"] == "127.0.0.2"
                    try connection.respond(
                        "400 Bad Request", fields: ["Content-Type: application/json; charset=UTF-8"],
                        body: isAdmitted
                            ? #"["ERROR_LOGIN_PARAMETERS_MISSING","parameter(s) login, password or user_token are missing"]"#
                            : #"["ERROR_NOT_ALLOWED_IP","There isn't an active API client matching your IP address in the configuration (127.0.0.1)"]"#
                    )
                })
            let daemon = try Daemon(
                upstream: upstream.url, certificates: [Self.leaf.get()], settings: "state: \(folder.file("s\(trusting)"))")
            return try findings(of: "api_keys", daemon.configuration, "--skip", "clock", status: trusting ? 0 : 3).map(\.severity)
        }
        #expect(try severity(trusting: true) == ["ok"])
        #expect(try severity(trusting: false) == ["finding"])
    }

    @Test("421 is explained with the key that mends it")
    func misdirected() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n"))
        let daemon = try daemon(upstream: upstream.url)
        let run = try run(daemon.configuration, ["--skip", "clock"])
        #expect(run.output.contains("finding: upstream: \(upstream.url) answers 421: the name that TLS asks it for"), "\(run.output)")
        #expect(run.output.contains("  do: set upstream.server_name"))
    }

    @Test("a redirect to a host that only insiders know, and a clock that is an hour slow, are findings")
    func redirectAndClock() throws {
        let upstream = try ScriptedUpstream(
            .answers(
                "HTTP/1.1 302 Found\r\nLocation: http://rt.internal/login\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n"
            ))
        let daemon = try daemon(upstream: upstream.url)
        let found = try findings(of: "upstream", daemon.configuration, status: 3)
        #expect(
            found.map(\.seen) == ["\(upstream.url) redirects clients of t.example to \"http://rt.internal/login\", which they can't reach"])
        let clock = try findings(of: "clock", daemon.configuration, status: 3)
        #expect(clock.first?.seen.hasPrefix("the clock of \(upstream.url) is") == true, "\(clock)")
    }

    @Test("a way around the service is found at the public name, and nowhere is asked without --public")
    func aroundTheDoor() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream: upstream.url)
        let port = try #require(upstream.url.split(separator: ":").last)
        let skipped = ["upstream", "exposure", "api_keys", "clock"].flatMap { ["--skip", $0] }
        #expect(try run(daemon.configuration, skipped + ["--public", "127.0.0.1"]).ending == .exited(0))
        #expect(upstream.connectionCount == 0)
        _ = try findings(of: "exposure", daemon.configuration, "--skip", "clock", "--skip", "api_keys", status: 0)
        #expect(upstream.requests.map(\.target) == ["/"])
        let found = try findings(of: "exposure", daemon.configuration, "--skip", "clock", "--public", "127.0.0.1", status: 3)
        #expect(found.map(\.severity) == ["finding"])
        #expect(found.last?.seen.hasPrefix("127.0.0.1:\(port) answers as the ticket system does") == true, "\(found)")
        let nowhere = try findings(of: "exposure", daemon.configuration, "--skip", "clock", "--public", "nowhere.invalid", status: 0)
        #expect(nowhere.map(\.severity) == ["ok", "unexamined"])
    }

    @Test("a ticket system that is gone is a finding, and what it would have told isn't examined")
    func gone() throws {
        let scene = try ConfigurationScene(leaf: Self.leaf.get(), upstream: "http://127.0.0.1:1", "state: state")
        let run = try run(scene.file, ["--skip", "clock"])
        #expect(run.ending == .exited(3))
        #expect(run.output.contains("finding: upstream: http://127.0.0.1:1 does not answer: connect_refused\n"), "\(run.output)")
        for examination in ["service", "sources", "exposure", "api_keys", "host"] {
            #expect(run.output.contains("unexamined: \(examination): "), "\(examination): \(run.output)")
        }
    }

    @Test("a real ticket system has nothing to be found, and understands what it is asked")
    func realSystem() throws {
        let roundup = try Roundup(
            settings: "control: \(folder.file("c.sock"))\nstate: \(folder.file("state"))\nlimits: {connections: 100}")
        // Of the certificate that all tests share there is something to be said.
        let run = try run(roundup.daemon.configuration, ["--skip", "clock", "--skip", "certificate"])
        #expect(run.ending == .exited(0), "\(run)")
        for line in ["ok: upstream: ", "ok: exposure: ", "ok: api_keys: "] { #expect(run.output.contains(line), "\(run.output)") }
        #expect(roundup.log.contains("\"GET /api/tickets.json HTTP/1.1\" 404"), "\(roundup.log)")
    }

    @Test("a configuration that can't be used exits 2, and so does an examination that isn't known")
    func misuse() throws {
        let scene = try ConfigurationScene(upstream: "http://127.0.0.1:1", "alow: 1")
        let run = try run(scene.file)
        #expect(run.ending == .exited(2) && run.errors.contains("gatekeeper.yaml:11:1: ") && run.output.isEmpty, "\(run)")
        #expect(try self.run(scene.file, ["--skip", "nothing"]).ending == .exited(2))
    }

    @Test("--control names another service than the configuration does")
    func otherSocket() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try daemon(upstream: upstream.url)
        let scene = try ConfigurationScene(leaf: Self.leaf.get(), upstream: upstream.url, "state: state\nlimits: {connections: 100}")
        let found = try findings(of: "service", scene.file, "--skip", "clock", "--control", folder.file("c.sock"), status: 0)
        #expect(found.map(\.severity) == ["note"])
        #expect(found.first?.seen.hasPrefix("process \(daemon.process.id) serves by \(daemon.configuration), and") == true, "\(found)")
    }
}
