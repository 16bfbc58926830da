import Foundation
import Testing

/// Addresses that come late, go, or are another machine's for a while; each in a network of the test's own.
@Suite("Networks that change")
struct NetworkTests {
    private let folder: TemporaryFolder
    private var control: String { folder.file("control.sock") }

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Nothing listens there: what matters is who gets as far as a 502.
    private func daemon(_ listen: String, _ more: String = "", settings: String = "", setup: String...) throws -> Daemon {
        try Daemon(
            upstream: "http://127.0.0.1:9", listen: listen, allow: ["127.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"], listenSettings: more,
            settings: "control: \(control)\nworkers: 1\n\(settings)",
            launcher: NetworkNamespace.launcher(setup.joined(separator: "\n")))
    }

    private func status() throws -> JSONValue {
        try JSONValue(parsing: Daemon.run(["status", "--json", "--control", control]).output.utf8)
    }

    private func problems() throws -> String { try Daemon.run(["status", "--control", control]).output }

    @Test("a listener whose address is taken away is a problem until it comes back, and serves again without a restart")
    func addressGoes() throws {
        let daemon = try daemon(
            "192.0.2.7:0", settings: "status: 192.0.2.8:0\nstatus_token: 0123456789abcdef0123",
            setup: "ip addr add 192.0.2.7/32 dev lo", "ip addr add 192.0.2.8/32 dev lo")
        let network = NetworkNamespace(of: daemon)
        let url = "https://192.0.2.7:\(daemon.port)/"
        #expect(try network.curl(url).status == 502)
        #expect(try !problems().contains("nobody can connect"))
        try network.run("ip", "addr", "del", "192.0.2.7/32", "dev", "lo")
        let said = try problems()
        #expect(said.contains("nobody can connect to 192.0.2.7:\(daemon.port), as this machine has no such address any more"), "\(said)")
        #expect(try status()["listeners_absent"]?.array?.count == 1)
        #expect(try network.curl(url).status == nil)
        try network.run("ip", "addr", "add", "192.0.2.7/32", "dev", "lo")
        #expect(try !problems().contains("nobody can connect"))
        #expect(try network.curl(url).status == 502)
        try network.run("ip", "addr", "del", "192.0.2.8/32", "dev", "lo")
        #expect(try problems().contains("take it out of `status`"))
    }

    @Test("with free_bind a standby starts without the shared address, says so, and serves from the moment that it has it")
    func standby() throws {
        let daemon = try daemon("192.0.2.7:0", "free_bind: true")
        #expect(daemon.diagnostics.contains("192.0.2.7"), "\(daemon.diagnostics)")
        let network = NetworkNamespace(of: daemon)
        let url = "https://192.0.2.7:\(daemon.port)/"
        #expect(try network.curl(url).status == nil)
        // As it should be for a standby.
        #expect(try !problems().contains("problem: "))
        #expect(try problems().contains("192.0.2.7:\(daemon.port) (not an address of this machine now)"))
        try network.run("ip", "addr", "add", "192.0.2.7/32", "dev", "lo")
        #expect(try network.curl(url).status == 502)
        #expect(try status()["listeners_absent"]?.array?.isEmpty == true)
        try network.run("ip", "addr", "del", "192.0.2.7/32", "dev", "lo")
        #expect(try daemon.reload().event == "reloaded")
        try network.run("ip", "addr", "add", "192.0.2.7/32", "dev", "lo")
        #expect(try network.curl(url).status == 502)
    }

    @Test(
        "check warns of a free_bind address that isn't here, and without free_bind that is an error with its cure",
        arguments: [true, false])
    func check(isFree: Bool) throws {
        let file = try scene(listen: "{address: \"192.0.2.77:443\", free_bind: \(isFree)}")
        let run = try Daemon.run(["check", "--config", file])
        #expect(run.ending == .exited(isFree ? 0 : 2), "\(run)")
        #expect(
            run.output.contains(isFree ? "warning: listen: 192.0.2.77:443: this machine has no such address now" : "free_bind: true"),
            "\(run)")
        if !isFree { #expect(try Daemon.run(["run", "--config", file]).ending == .exited(1)) }
    }

    @Test("an IPv6 address that the kernel still looks for duplicates of is waited for")
    func tentative() throws {
        let daemon = try daemon(
            "[2001:db8::7]:0",
            setup: "ip link add v0 type veth peer name v1", "ip link set v0 up", "ip link set v1 up",
            "echo 2 > /proc/sys/net/ipv6/conf/v0/dad_transmits", "ip -6 addr add 2001:db8::7/64 dev v0",
            "ip -6 addr show tentative to 2001:db8::7 | grep -q 2001:db8::7")
        #expect(try NetworkNamespace(of: daemon).curl("https://[2001:db8::7]:\(daemon.port)/").status == 502)
    }

    @Test("a link-local address is listened on by its interface, which log and status name too")
    func linkLocal() throws {
        let daemon = try daemon(
            "[fe80::1%v0]:0", setup: "ip link add v0 type veth peer name v1", "ip link set v0 up", "ip link set v1 up",
            "ip -6 addr add fe80::1/64 dev v0 nodad")
        // A stranger, whom the log has nevertheless: he got there.
        #expect(try NetworkNamespace(of: daemon).curl("https://[fe80::1%25v0]:\(daemon.port)/").status == nil)
        let line = try daemon.waitForLine(event: "denied")
        #expect(line["listener"] == "[fe80::1%v0]:\(daemon.port)", "\(line)")
        #expect(try problems().contains("listening on [fe80::1%v0]:\(daemon.port)\n"))
        #expect(try daemon.reload().event == "reloaded")
    }

    @Test(
        "a link-local address that can't be listened on says why",
        arguments: [("[fe80::1]:443", "say which one, as [fe80::1%eth0]:443", 2), ("[fe80::1%none0]:443", "no such interface", 1)])
    func linkLocalMistakes(address: String, message: String, status: Int) throws {
        let run = try Daemon.run(["run", "--config", scene(listen: "{address: \"\(address)\"}")])
        #expect(run.ending == .exited(Int32(status)) && run.errors.contains(message), "\(run)")
    }

    @Test("a certificate or a list that isn't there yet ends with 1, so that the service manager tries again; a mistake beside it with 2")
    func filesComeLate() throws {
        let file = try scene(listen: "127.0.0.1:0", more: "allow: [{file: later.txt}]")
        let run = try Daemon.run(["run", "--config", file])
        #expect(run.ending == .exited(1) && run.errors.contains("later.txt cannot be read"), "\(run)")
        #expect(try Daemon.run(["check", "--config", file]).ending == .exited(2))
        let wrong = try scene(listen: "127.0.0.1:0", more: "allow: [{file: later.txt}, 300.0.0.1]")
        #expect(try Daemon.run(["run", "--config", wrong]).ending == .exited(2))
    }

    private func scene(listen: String, more: String = "allow: [127.0.0.1]") throws -> String {
        let leaf = try Certificates.shared().leaf(.ecdsa)
        return try folder.write(
            """
            listen: [\(listen)]
            tls: {certificate: \(leaf.certificate), key: \(leaf.key)}
            upstream: {url: "http://127.0.0.1:9"}
            state: \(folder.path)
            control: \(control)
            \(more)

            """, to: "scene-\(UInt32.random(in: 0 ... .max)).yaml")
    }
}
