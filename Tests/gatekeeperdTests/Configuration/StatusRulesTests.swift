import Testing

@testable import gatekeeperd

struct StatusRulesTests {
    private static let token = "correct-horse-battery"

    @Test("without the key there is no status page")
    func absent() throws {
        #expect(try load(minimal()).status == nil)
    }

    @Test("on loopback an address is enough", arguments: ["127.0.0.1:9180", "127.9.9.9:9180", "\"[::1]:9180\"", "127.0.0.1:0"])
    func loopback(address: String) throws {
        let configuration = try load(minimal("status: \(address)"))
        #expect(configuration.status?.token == nil)
        #expect(configuration.warnings.isEmpty)
    }

    @Test(
        "anywhere else a token is required",
        arguments: ["0.0.0.0:9180", "9180", "\"[::]:9180\"", "192.0.2.7:9180", "\"[2001:db8::7]:9180\""])
    func beyond(address: String) throws {
        let lines = try mistakes(in: minimal("status: \(address)"))
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("gatekeeper.yaml:5:9: status: ") == true, "\(lines)")
        #expect(lines.first?.hasSuffix("set status_token, or take loopback, as 127.0.0.1:9180") == true, "\(lines)")
        #expect(try load(minimal("status: \(address)\nstatus_token: \(Self.token)")).status?.token == StatusToken(Self.token))
    }

    @Test("a token may come from the environment")
    func environment() throws {
        let yaml = minimal("status: 127.0.0.1:9180\nstatus_token: ${STATUS_TOKEN}")
        let configuration = try load(yaml, environment: ["STATUS_TOKEN": Self.token])
        #expect(configuration.status?.token?.matches(Array(Self.token.utf8)) == true)
        #expect(try mistakes(in: yaml) == ["gatekeeper.yaml:6:15: status_token: the environment variable STATUS_TOKEN is not set"])
    }

    @Test(
        "a token that is short, endless or can't be sent is refused, and not repeated",
        arguments: ["fifteen-letters", String(repeating: "t", count: 257), "\"spaces are for words\"", "sixteen-letters-ö"])
    func refused(token: String) throws {
        let lines = try mistakes(in: minimal("status: 0.0.0.0:9180\nstatus_token: \(token)"))
        // And nobody is told to set what is there.
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("gatekeeper.yaml:6:15: status_token: a token ") == true, "\(lines)")
        #expect(lines.first?.contains(token.filter { $0 != "\"" }) == false)
    }

    @Test("the shortest and the longest token are taken")
    func bounds() throws {
        for count in [16, 256] { _ = try StatusToken(String(repeating: "~", count: count)) }
    }

    @Test("a token without an address is warned of")
    func alone() throws {
        let warnings = try load(minimal("status_token: \(Self.token)")).warnings.map { "\($0)" }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains(":5:15: warning: status_token: ") == true, "\(warnings)")
    }

    @Test(
        "the address of a listener is taken already",
        arguments: [
            ("127.0.0.1:443", "127.0.0.1:443"), ("0.0.0.0:443", "127.0.0.1:443"), ("443", "127.0.0.1:443"), ("192.0.2.7:443", "443"),
        ])
    func taken(listener: String, status: String) throws {
        let yaml = minimal("status: \(status)\nstatus_token: \(Self.token)").replacing("listen: 127.0.0.1:0", with: "listen: \(listener)")
        #expect(try mistakes(in: yaml).contains { $0.contains(":5:9: status: ") && $0.contains(" is taken by the listener ") })
    }

    @Test("another port, and another address of the same port, are free")
    func free() throws {
        for (listener, status) in [("0.0.0.0:443", "127.0.0.1:9180"), ("192.0.2.7:443", "127.0.0.1:443"), ("127.0.0.1:0", "127.0.0.1:0")] {
            let yaml = minimal("status: \(status)").replacing("listen: 127.0.0.1:0", with: "listen: \(listener)")
            #expect(try mistakes(in: yaml) == [])
        }
    }

    @Test("nothing that shows a configuration or a change of it shows the token")
    func secret() throws {
        let before = try load(minimal("status: 127.0.0.1:9180"))
        let with = try load(minimal("status: 127.0.0.1:9180\nstatus_token: \(Self.token)"))
        let other = try load(minimal("status: 127.0.0.1:9180\nstatus_token: \(Self.token)-2"))
        #expect(ConfigurationChange.lines(from: before, to: with) == ["status_token: set"])
        #expect(ConfigurationChange.lines(from: with, to: other) == ["status_token: another"])
        #expect(ConfigurationChange.lines(from: with, to: before) == ["status_token: removed"])
        var dumped = ""
        dump(with, to: &dumped)
        #expect(!"\(with)".contains(Self.token))
        #expect(!dumped.contains(Self.token))
    }
}
