import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Configuration")
struct ConfigurationTests {
    @Test("every supported key arrives in the settings")
    func everything() throws {
        let configuration = try load(
            """
            listen:
              - address: 127.0.0.1:8443
              - "[::1]:8443"
              - 443
            tls: {certificate: chain.pem, key: "${WHERE}/key.pem", minimum_version: "1.3"}
            allow:
              - 34.202.14.153
              - {address: 10.1.0.0/16, label: Tier2Tickets}
              - {file: extra.txt, label: extra}
            on_deny: close
            upstream: {url: "unix:app.sock", idle: {connections: 3, for: 90s}}
            limits: {request_body: 1MiB, head: 8KiB, fields: 50, connections: 20, connections_per_source: 10, requests_per_source: 300/m}
            timeouts: {handshake: 1s, head: 2s, body: 3s, idle: 4m, connect: 500ms, response: 1h, drain: 0s}
            log: {to: access.log, format: json, access: no, query: yes}
            workers: 2
            """,
            files: ["extra.txt": "# more\n192.0.2.1\n\n  2001:db8::/32 # documentation\n"], environment: ["WHERE": "."])
        let settings = configuration.settings
        #expect(settings.listeners.map(\.address.description) == ["127.0.0.1:8443", "[::1]:8443", "[::]:443"])
        #expect(settings.tls.certificates[0].path.hasSuffix("/chain.pem"))
        #expect(settings.tls.certificates[0].keyPath.hasSuffix("/./key.pem"))
        #expect(settings.tls.minimumVersion == .tls13)
        #expect(settings.allow.map(\.prefix.description) == ["34.202.14.153", "10.1.0.0/16", "192.0.2.1", "2001:db8::/32"])
        #expect(settings.allow.map(\.label) == [nil, "Tier2Tickets", "extra", "extra"])
        #expect(
            settings.allow.map { $0.origin?.split(separator: "/").last.map(String.init) } == [
                "gatekeeper.yaml:7:5", "gatekeeper.yaml:8:15", "extra.txt:2:1", "extra.txt:4:3",
            ])
        #expect(settings.onDeny == .close)
        guard case .unix(let path) = settings.upstream.servers[0].endpoint else {
            return #expect(Bool(false), "\(settings.upstream.servers[0].endpoint)")
        }
        #expect(path.hasPrefix("/") && path.hasSuffix("/app.sock"))
        #expect(settings.upstream.idleConnectionsMax == 3)
        #expect(settings.upstream.idleTimeoutMilliseconds == 90_000)
        #expect(settings.limits.requestBodyBytesMax == 1 << 20)
        #expect(settings.limits.headBytesMax == 8192)
        #expect(settings.limits.fieldsMax == 50)
        #expect(settings.limits.connectionsMax == 20)
        #expect(settings.limits.connectionsPerSourceMax == 10)
        #expect(settings.limits.requestsPerSource == Rate(count: 300, perMilliseconds: 60_000))
        let timeouts = settings.timeouts
        #expect([timeouts.handshakeMilliseconds, timeouts.headMilliseconds, timeouts.bodyMilliseconds] == [1000, 2000, 3000])
        #expect([timeouts.idleMilliseconds, timeouts.connectMilliseconds, timeouts.responseMilliseconds] == [240_000, 500, 3_600_000])
        #expect(timeouts.drainMilliseconds == 0)
        #expect(!settings.log.access && settings.log.query)
        #expect(settings.workers == 2)
        guard case .file(let log) = configuration.logDestination else { return #expect(Bool(false), "\(configuration.logDestination)") }
        #expect(log.hasSuffix("/access.log"))
        #expect(configuration.warnings.isEmpty)
    }

    @Test("what isn't said has the library's defaults")
    func defaults() throws {
        let settings = try load(minimal()).settings
        #expect("\(settings.limits)" == "\(Settings.Limits())")
        #expect("\(settings.timeouts)" == "\(Settings.Timeouts())")
        #expect(settings.tls.minimumVersion == .tls12)
        #expect(settings.onDeny == .reset)
        #expect(settings.workers == nil)
    }

    @Test(
        "a mistake is named with its line and column",
        arguments: [
            ("listne: 1", "5:1: unknown key \"listne\"; did you mean listen?"),
            ("certificate: x", "5:1: unknown key \"certificate\"; did you mean tls.certificate?"),
            ("banana: 1", "5:1: unknown key \"banana\""),
            ("\"listen[].address\": 1", "5:1: unknown key \"listen[].address\""),
            ("\"log.to\": x", "5:1: unknown key \"log.to\"; write log: {to: …}"),
            ("limits: {hed: 1}", "5:10: unknown key \"hed\" in limits; did you mean limits.head?"),
            ("limits: {head: 16}", "5:16: limits.head: \"16\" needs a unit (B KiB MiB GiB), as 32MiB"),
            ("limits: {head: 64KiB}", "5:16: limits.head: \"64KiB\" is out of range (1KiB to 32KiB)"),
            ("limits: {connections: 0}", "5:23: limits.connections: \"0\" is out of range (1 to 1000000)"),
            ("limits: {requests_per_source: 0/m}", "5:31: limits.requests_per_source: \"0/m\" is out of range (off, or 1 to 1000000)"),
            ("limits: {head: [1]}", "5:16: limits.head needs a single value, not a list"),
            ("limits: {head: }", "5:10: limits.head needs a single value, not nothing"),
            ("limits: {head: \"\"}", "5:16: limits.head: the value is empty"),
            ("limits: [1]", "5:9: limits holds keys and their values, not a list"),
            ("limits: yes", "5:9: limits holds keys and their values, not a single value"),
            ("timeouts: {idle: 0s}", "5:18: timeouts.idle: \"0s\" is out of range (1ms to 1d)"),
            (
                "timeouts:\n  idle: 75 parsecs",
                "6:9: timeouts.idle: \"parsecs\" is not a unit of a duration (ms s m h d); write one whole number and one unit"
            ),
            ("on_deny: resett", "5:10: on_deny: \"resett\" is not one of reset, close, drop; did you mean reset?"),
            ("log: {to: \"syslog:dev/log\"}", "5:11: log.to: \"dev/log\" is not the path of a socket, as syslog:/dev/log"),
            ("log: {format: txt}", "5:15: log.format: \"txt\" is not one of json, text; did you mean text?"),
            ("log: {access: maybe}", "5:15: log.access: \"maybe\" is neither true nor false"),
            ("workers: 0", "5:10: workers: \"0\" is out of range (auto, or 1 to 256)"),
            ("workers: ${N}", "5:10: workers: the environment variable N is not set"),
            ("shield: on", "5:9: shield: \"on\" is neither off nor the keys that say when, as {above: 1000/s, for: 60s}"),
            ("shield: [off]", "5:9: shield holds keys and their values, not a list"),
            (
                "shield: {above: 1000}",
                "5:17: shield.above: \"1000\" is not a rate; write a number for each second or minute, as 1000/s or 60/m"
            ),
            ("shield: {above: 0/s}", "5:17: shield.above: \"0/s\" is out of range (1 to 1000000)"),
            ("shield: {for: 1ms}", "5:15: shield.for: \"1ms\" is out of range (1s to 1d)"),
            ("shield: {until: 1s}", "5:10: unknown key \"until\" in shield"),
            ("status: 127.0.0.1", "5:9: status: \"127.0.0.1\" has no port; write 127.0.0.1:443"),
            ("log: &a {}", "5:6: anchors (&name) are refused; write the value where it is used"),
            ("allow: []", "5:1: allow is given twice, first on line 3; leave one of them out"),
        ])
    func positions(_ line: String, message: String) throws {
        #expect(try mistakes(in: minimal(line)) == ["gatekeeper.yaml:" + message])
    }

    @Test(
        "the allow-list explains what it can't take",
        arguments: [
            ("34.202.14", "3:9: allow: IPv4 needs four parts, \"34.202.14\" has three"),
            ("0.0.0.0/0", "3:9: allow: 0.0.0.0/0 is every IPv4 address; if that is meant, say allow_everyone: true"),
            ("\"::/0\"", "3:9: allow: ::/0 is every IPv6 address; if that is meant, say allow_everyone: true"),
            ("{label: x}", "3:9: allow: an entry needs an address, a file, a preset, a url or hosts"),
            ("{address: 10.0.0.1, file: x}", "3:35: allow: an entry is one of an address, a file and a preset"),
            ("{address: 10.0.0.1, lable: x}", "3:29: unknown key \"lable\" in allow; did you mean label?"),
            ("{address: 10.0.0.1, label: \"\"}", "3:36: allow: a label has 1 to 128 bytes"),
            ("{address: }", "3:10: allow: address needs a single value, not nothing"),
            ("[10.0.0.1]", "3:9: allow needs a single value, not a list"),
            ("{preset: tier3tickets}", "3:18: allow: there is no preset \"tier3tickets\" (tier2tickets); did you mean tier2tickets?"),
            ("{address: 10.0.0.1, until: 2026-12-31}", "3:36: allow: until: \"2026-12-31\" has no time; write 2026-12-31T23:59:59Z"),
        ])
    func allowMistakes(_ entry: String, message: String) throws {
        let yaml = minimal().replacing("[127.0.0.2]", with: "[\(entry)]")
        #expect(try mistakes(in: yaml) == ["gatekeeper.yaml:" + message])
    }

    @Test("who is ignored, and when, arrives in the settings with its place")
    func dropping() throws {
        let plain = try load(minimal())
        #expect(plain.settings.onDeny == .reset)
        #expect(plain.settings.shield == Settings.Shield())
        #expect(plain.origins.drop == nil && plain.origins.shield == nil)
        let off = try load(minimal("shield: off"))
        #expect(off.settings.shield == nil && off.origins.shield == nil)
        let both = try load(minimal("shield: {above: 90/m, for: 2m}\non_deny: drop"))
        #expect(both.settings.onDeny == .drop)
        #expect(both.settings.shield?.above == Rate(count: 90, perMilliseconds: 60_000))
        #expect(both.settings.shield?.forMilliseconds == 120_000)
        #expect("\(both.origins.drop.map { "\($0)" } ?? "")".hasSuffix("gatekeeper.yaml:6:10"))
        #expect("\(both.origins.shield.map { "\($0)" } ?? "")".hasSuffix("gatekeeper.yaml:5:9"))
    }

    @Test("an entry's end arrives in the settings, also for a whole file, and one that is past is warned of")
    func ends() throws {
        let yaml = minimal().replacing(
            "[127.0.0.2]",
            with: "[{address: 10.0.0.1, until: 2001-09-09T01:46:40Z}, {file: list.txt, until: 9999-12-31T23:59:59Z}, 10.0.0.4]")
        let configuration = try load(yaml, files: ["list.txt": "10.0.0.2\n10.0.0.3\n"])
        #expect(
            configuration.settings.allow.map(\.endsAtUnixSeconds) == [1_000_000_000, 253_402_300_799, 253_402_300_799, nil])
        #expect(configuration.warnings.count == 1)
        #expect(
            configuration.warnings.first?.description.hasSuffix(
                "gatekeeper.yaml:3:36: warning: allow: until: 2001-09-09T01:46:40Z is past; the entry admits nobody") == true)
    }

    @Test("a list file is judged line by line, under its own name")
    func listFile() throws {
        let yaml = minimal().replacing("[127.0.0.2]", with: "{file: list.txt}")
        let lines = try mistakes(in: yaml, files: ["list.txt": "10.0.0.1\n 10.0.0.256\r\nbanana # fruit\n"])
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("list.txt:2:2: allow: "))
        #expect(lines[1].hasPrefix("list.txt:3:1: allow: "))
        #expect(try mistakes(in: yaml) == ["gatekeeper.yaml:3:15: allow: list.txt cannot be read: No such file or directory"])
    }

    @Test("everybody may be let in, if that is what is said")
    func everybody() throws {
        let yaml = minimal("allow_everyone: true").replacing("127.0.0.2", with: "0.0.0.0/0, \"::/0\"")
        #expect(try load(yaml).settings.allow.map(\.prefix.description) == ["0.0.0.0/0", "::/0"])
    }

    @Test("nobody may be let in", arguments: ["allow: []", "allow:"])
    func nobody(_ line: String) throws {
        #expect(try load(minimal().replacing("allow: [127.0.0.2]", with: line)).settings.allow.isEmpty)
    }

    @Test("doubtful entries are warned about and taken")
    func warnings() throws {
        let yaml = minimal().replacing("127.0.0.2", with: "10.0.0.1, 10.0.0.1, 10.0.0.0/24, 10.0.0.7, 96.0.0.0/4, \"::ffff:10.0.0.1\"")
        // The places come with the whole path of a folder that is new each time.
        let messages = try load(yaml).warnings.map { warning in
            let parts = warning.message.split(separator: "(", maxSplits: 1)
            return parts[0] + (parts.count == 2 ? parts[1].split(separator: "/").last ?? "" : "")
        }
        #expect(
            messages == [
                "allow: 10.0.0.1 lies in 10.0.0.0/24, which is there too gatekeeper.yaml:3:29)",
                "allow: 10.0.0.1 is there already gatekeeper.yaml:3:9)",
                "allow: 10.0.0.7 lies in 10.0.0.0/24, which is there too gatekeeper.yaml:3:29)",
                "allow: 96.0.0.0/4 is an unusually large network",
                "allow: 10.0.0.1 is there already gatekeeper.yaml:3:9)",
            ])
    }

    @Test("all mistakes come at once, in the order of the file, the command line's after them")
    func allAtOnce() throws {
        let lines = try mistakes(
            in: "workers: x\nlisten: [1.2.3.4]\nlisten: 1\nbanana: 1\nallow: 10.0.0.1/24\ntls: {key: none.pem}\n",
            flags: [Configuration.Flag(name: "--on-deny", key: "on_deny", values: ["never"])])
        #expect(
            lines.map { $0.prefix { $0 != " " } } == [
                "gatekeeper.yaml:1:1:", "gatekeeper.yaml:1:10:", "gatekeeper.yaml:2:10:", "gatekeeper.yaml:3:1:", "gatekeeper.yaml:4:1:",
                "gatekeeper.yaml:5:8:", "gatekeeper.yaml:6:6:", "gatekeeper.yaml:6:12:", "--on-deny:",
            ])
    }

    @Test("what is missing is said at the place where it belongs")
    func missing() throws {
        #expect(
            try mistakes(in: "tls:\n  key: key.pem\nupstream:\n") == [
                "gatekeeper.yaml:1:1: listen is missing: at least one address to accept connections on, as 0.0.0.0:443",
                "gatekeeper.yaml:1:1: allow is missing: the addresses that may connect; everybody else is turned away",
                "gatekeeper.yaml:2:3: tls.certificate is missing: the path of a PEM file with the chain, leaf first",
                "gatekeeper.yaml:3:1: upstream.url is missing: where the ticket system listens, as http://10.0.0.5:8080",
            ])
        #expect(try mistakes(in: "").count == 5)
        #expect(try mistakes(in: "listen: []\n").contains { $0.contains("listen is missing") })
    }

    @Test("a key that is there but wrong is not also missing")
    func wrongIsNotMissing() throws {
        let lines = try mistakes(in: "listen: x\ntls: 1\nallow: x\nupstream: {ulr: x}\n")
        #expect(lines.count == 4)
        #expect(!lines.contains { $0.contains("missing:") })
    }

    @Test("a file that can't be read is one mistake")
    func unreadable() throws {
        let folder = try ScratchFolder()
        #expect { try Configuration.load(file: folder.file("none.yaml"), flags: []) } throws: { error in
            (error as? ConfigurationError)?.lines == [folder.file("none.yaml") + ": cannot be read: No such file or directory"]
        }
        #expect { try Configuration.load(file: folder.path, flags: []) } throws: { error in
            (error as? ConfigurationError)?.lines == [folder.path + ": is not a regular file"]
        }
    }

    @Test("certificate and key must be readable files")
    func certificateFiles() throws {
        #expect(
            try mistakes(in: minimal().replacing("chain.pem", with: "none.pem").replacing("key.pem", with: "/")) == [
                "gatekeeper.yaml:2:20: tls.certificate: none.pem cannot be read: No such file or directory",
                "gatekeeper.yaml:2:35: tls.key: / is not a regular file",
            ])
    }

    @Test("the same listener twice is a mistake, free ports are not")
    func listeners() throws {
        let yaml = minimal().replacing("listen: 127.0.0.1:0", with: "listen: [443, \"[::]:443\", 127.0.0.1:0, 127.0.0.1:0]")
        #expect(try mistakes(in: yaml) == ["gatekeeper.yaml:1:15: listen: [::]:443 is there already"])
    }

    @Test("a file of garbage is a bounded number of lines")
    func bounded() throws {
        let yaml = "workers: 1\n" + (0..<5000).map { "k\($0): 1\n" }.joined()
        let lines = try mistakes(in: yaml)
        #expect(lines.count == ConfigurationError.linesMax + 1)
        #expect(lines.last == "… and 4905 more")
    }
}
