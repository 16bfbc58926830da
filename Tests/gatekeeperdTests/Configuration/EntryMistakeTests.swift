import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What people paste into an allow-list")
struct EntryMistakeTests {
    @Test(
        "an entry of another form is told what to write instead",
        arguments: [
            ("\"10.0.0.4-10.0.0.9\"", "is a range; write the networks that it consists of: 10.0.0.4/30, 10.0.0.8/31"),
            ("\"10.0.0.4 - 9\"", "is a range; write the networks that it consists of: 10.0.0.4/30, 10.0.0.8/31"),
            ("10.0.0.0-10.0.0.255", "write the networks that it consists of: 10.0.0.0/24"),
            ("0.0.0.0-255.255.255.255", "write the networks that it consists of: 0.0.0.0/0"),
            ("\"10.0.0.1,10.0.0.2\"", "one address or network a line"), ("\"10.0.0.1;Vendor;x\"", "one address or network a line"),
            ("https://vendor.example/ips", "is a URL; write the addresses that its host connects from"),
            ("10.0.0.*", "write the network, as ADDRESS/BITS"),
            ("\"10.0.0.1\u{200b}\"", "\"10.0.0.1U+200B\": the entry holds U+200B (a zero-width space)"),
            ("\"10.0.0.1\u{a0}\"", "U+00A0 (a no-break space)"),
            ("\"10.0.0.1\u{2013}10.0.0.2\"", "U+2013 (a dash)"),
        ])
    func forms(entry: String, message: String) throws {
        let lines = try mistakes(in: minimal().replacing("[127.0.0.2]", with: "[\(entry)]"))
        #expect(lines.count == 1 && lines[0].hasPrefix("gatekeeper.yaml:3:9: allow: ") && lines[0].contains(message), "\(lines)")
    }

    @Test(
        "a line of a list file is told the kind of its mistake",
        arguments: [
            ("10.0.0.4-10.0.0.9", "this is a range"), ("10.0.0.1,Vendor", "several entries or columns"), ("https://x/y", "this is a URL"),
            ("10.0.0.1/24", "bits set beyond its length"), ("10.0.0.1/255.255.255.0", "a mask behind the slash"),
            ("10.0.0.1/33", "(0 to 32)"),
            ("10.0.0.1:443", "a port behind the address"), ("[2001:db8::1]:443", "a port behind the address"),
            ("vendor.example", "a name or some other text"),
            ("10.0.0.256", "no address and no network"), ("10.0.0.1 Vendor", "more than one word"),
            ("'10.0.0.1'", "quotes around the entry"),
            ("2001:db8::1%eth0", "a zone"), ("10.0.0.1\u{200b}", "U+200B"), ("10.0.0.1\u{a0}", "U+00A0"),
        ])
    func lines(line: String, message: String) throws {
        let lines = try mistakes(in: minimal().replacing("[127.0.0.2]", with: "{file: l.txt}"), files: ["l.txt": "10.1.1.1\n\(line)\n"])
        #expect(lines.count == 1 && lines[0].hasPrefix("l.txt:2:1: allow: ") && lines[0].contains(message), "\(lines)")
    }

    @Test("a byte order mark before a configuration or a list is taken", arguments: ["\u{feff}", ""])
    func mark(mark: String) throws {
        let configuration = try load(
            mark + minimal().replacing("[127.0.0.2]", with: "{file: l.txt}"), files: ["l.txt": mark + "10.1.1.1\r\n10.1.1.2\r\n"])
        #expect(configuration.settings.allow.map(\.prefix.description) == ["10.1.1.1", "10.1.1.2"])
    }

    @Test("UTF-16 is named with what to do", arguments: [[0xff, 0xfe], [0xfe, 0xff], []] as [[UInt8]])
    func utf16(mark: [UInt8]) {
        let wide = mark + Array("listen: 443\nallow: []\n".utf8).flatMap { [$0, 0] as [UInt8] }
        let message = YAMLReader.read(wide).mistakes.first?.message ?? ""
        #expect(message.contains("UTF-16") && message.contains("save it as UTF-8"), "\(message)")
    }

    @Test(
        "an entry from which nobody ever comes is warned of",
        arguments: [
            ("0.0.0.0", "0.0.0.0/0 and allow_everyone: true"), ("::", "::/0 and allow_everyone: true"), ("255.255.255.255", "reserved"),
            ("224.0.0.1", "multicast"), ("239.0.0.0/8", "multicast"), ("ff02::1", "multicast"), ("0.1.2.3", "0.0.0.0/8"),
            ("0.0.0.0/8", "0.0.0.0/8"),
            ("240.0.0.0/5", "reserved"), ("::10.0.0.1", "IPv4 is written 10.0.0.1"), ("::ffff:224.0.0.1", "multicast"),
        ])
    func neverMatches(entry: String, message: String) throws {
        let warnings = try load(minimal().replacing("[127.0.0.2]", with: "[\"\(entry)\"]")).warnings.map(\.description)
        #expect(
            warnings.count == 1 && warnings[0].contains("warning: allow: no connection comes from ") && warnings[0].contains(message),
            "\(warnings)")
    }

    @Test(
        "one from which somebody may come isn't",
        arguments: ["127.0.0.1", "::1", "1.0.0.0/8", "223.255.255.255", "2001:db8::/32", "10.0.0.0/8", "fd00::/32"])
    func matches(entry: String) throws {
        #expect(try load(minimal().replacing("[127.0.0.2]", with: "[\"\(entry)\"]")).warnings.isEmpty)
    }

    @Test(
        "a mistake of YAML's syntax is told with what to do",
        arguments: [
            ("a:\n\tb: 1\n", 2, 1, "a tab stands here"), ("a:\n  b: 1\n\tc: 2\n", 3, 1, "a tab stands here"),
            ("a: b: c\n", 1, 5, "in quotes"),
            ("a: 'x\n", 2, 1, "isn't closed"), ("a: [1, 2\nb: 3\n", 2, 2, "isn't closed"), ("a: @x\n", 1, 4, "in quotes"),
            ("a:\n  - 1\n - 2\n", 3, 2, "indented"),
        ])
    func syntax(text: String, line: Int, column: Int, message: String) throws {
        let mistake = try #require(YAMLReader.read(Array(text.utf8)).mistakes.last)
        #expect(mistake.message.contains(message), "\(mistake)")
        #expect(mistake.position == SourcePosition(line: line, column: column), "\(mistake)")
    }

    @Test(
        "a key in the wrong place is told where it belongs, never by its own name",
        arguments: [
            ("tls: {tls: {certificate: x}}", "unknown key \"tls\" in tls; it stands inside itself here, leave one of the two out"),
            ("listen: [{listen: 443}]", "unknown key \"listen\" in listen; it stands inside itself here"),
            ("upstream: {status: x}", "unknown key \"status\" in upstream; status is a key of its own, beside upstream"),
            ("log: {head: 1}", "unknown key \"head\" in log; it belongs into "),
            ("\"limits.head\": 1", "unknown key \"limits.head\"; write limits: {head: …}"),
        ])
    func misplaced(yaml: String, message: String) throws {
        let lines = try mistakes(in: yaml)
        #expect(lines.contains { $0.contains(message) }, "\(lines)")
    }
}
