import Gatekeeper
import Testing

@testable import gatekeeperd

/// Every key of the schema is fed a value that must not be seen again, once by the environment and once by a file.
@Suite("Secrets in messages")
struct SecretTests {
    /// What all of them hold, in whatever case.
    private static let mark = "kanarien"

    /// Values that are nearly what some key takes, so that each refusal is met by one of them.
    private static let canaries = [
        "kanarienvogel-7f3a9c", "Kanarien", "reset-kanarien", "32kanarien", "10kanarien", "7/kanarien", "/kanarien/vogel",
        "kanarien.example:99999",
        "http://me:kanarien@10.0.0.5:8080", "http://kanarien.example:8080", "https://kanarien.example", "http://10.0.0.5:kanarien",
        "unix:/run/kanarien.sock", "127.0.0.1:kanarien", "kanarien:443", "10.0.0.1-kanarien", "10.0.0.1,kanarien", "10.0.0.0/kanarien",
        "-----BEGIN kanarien", "2026-kanarien", "GET,KANARIEN", "KANARIEN", "/{kanarien", "/a//kanarien", "kanarien\u{200b}", "kanarien*",
        "syslog:kanarien",
        "sha256//kanarienvogelkanarienvogelkanarienvogel1234=", "kanarien kanarien kanarien", "tier2kanarien", "kanarien.txt",
    ]

    /// Keys of elements that make the others complete.
    private static let companions: [String: String] = [
        "listen[]": "address: 127.0.0.1:0", "tls.certificates[]": "certificate: chain.pem, key: key.pem", "allow[]": "address: 10.9.9.9",
        "upstream.urls[]": "url: http://10.0.0.9", "routes[]": "path: /x",
    ]

    /// The least that is accepted, with this value under the key at `path`.
    private static func yaml(_ path: String, _ value: String) -> String {
        var sections = [
            "listen": "127.0.0.1:0", "tls": "{certificate: chain.pem, key: key.pem}", "allow": "[127.0.0.2]",
            "upstream": "{url: \"http://127.0.0.1:8080\"}",
        ]
        let root = Setting.root(of: path).replacing("[]", with: "")
        if path.contains("[]") {
            let list = String(path.prefix { $0 != "[" })
            let key = Setting.name(of: path)
            let others = (companions[list + "[]"] ?? "").split(separator: ", ").filter { !$0.hasPrefix(key + ":") }
            let isAlone = list == "allow" && ["file", "preset"].contains(key)
            let before = (isAlone ? [] : others).map { "\($0), " }.joined()
            let element = "[{\(before)\(key): \(value)}]"
            sections[root] = list.contains(".") ? "{\(Setting.name(of: list)): \(element)}" : element
        } else {
            var keys = path.split(separator: ".").dropFirst().map(String.init)[...]
            var text = value
            let name = keys.first
            while let key = keys.popLast() { text = keys.isEmpty ? "\(key): \(text)" : "{\(key): \(text)}" }
            let others = (["tls": ["certificate: chain.pem", "key: key.pem"], "upstream": ["url: \"http://127.0.0.1:8080\""]][root] ?? [])
                .filter { other in !other.hasPrefix("\(name ?? ""):") && !["certificates", "urls"].contains(name) }
            sections[root] = name == nil ? text : "{\((others + [text]).joined(separator: ", "))}"
        }
        return sections.map { "\($0): \($1)\n" }.sorted().joined()
    }

    /// Read without a file for each: there are thousands.
    private static func read(_ yaml: String, in folder: ScratchFolder, _ canary: String) throws(ConfigurationError) -> Configuration {
        var reader = ConfigurationReader { $0 == "CANARY" ? canary : nil }
        reader.read(Array(yaml.utf8), path: folder.file("gatekeeper.yaml"))
        return try Validation.judge(reader)
    }

    /// Everything that is said of a configuration, whether it can be used or not.
    private func said(of yaml: String, in folder: ScratchFolder, canary: String = "", before old: Configuration) -> [String] {
        do throws(ConfigurationError) {
            let new = try Self.read(yaml, in: folder, canary)
            let settings = new.settings
            var lines = new.warnings.map(\.description) + new.written.values
            lines += ConfigurationChange.lines(from: old, to: new) + ConfigurationChange.lines(from: new, to: old)
            for entry in settings.allow { lines += [entry.label ?? "", entry.origin ?? ""] }
            for server in settings.upstream.servers { lines.append(server.name) }
            return lines
        } catch {
            return error.lines
        }
    }

    private static let paths = Schema.settings.filter {
        switch $0.rule {
        case .section, .notYet: false
        default: true
        }
    }.map(\.path)

    @Test("a value that came by ${} is never shown, whatever is said of it", arguments: paths)
    func environment(path: String) throws {
        let folder = try ScratchFolder(["chain.pem": "", "key.pem": ""])
        let old = try Self.read(minimal(), in: folder, "")
        for (index, canary) in Self.canaries.enumerated() {
            let others = index < 3 ? ["\"x${CANARY}\"", "[\"${CANARY}\", \"${CANARY}\"]"] : []
            for form in ["\"${CANARY}\""] + others {
                for line in said(of: Self.yaml(path, form), in: folder, canary: canary, before: old) {
                    #expect(!line.lowercased().contains(Self.mark), "\(path): \(canary): \(line)")
                }
            }
        }
    }

    @Test("what is wrong with such a value is told by the variable's name and what the key takes")
    func told() throws {
        #expect(
            try mistakes(in: minimal("workers: ${N}"), environment: ["N": "hunter2"]) == [
                "gatekeeper.yaml:5:10: workers: what \"${N}\" stands for can't be used, and isn't shown because it comes from the environment; "
                    + "needed is auto or a number, 1 to 256"
            ])
        let listed = try load(
            minimal().replacing("[127.0.0.2]", with: "[{address: \"${A}\", label: \"${L}\"}]"),
            environment: ["A": "10.0.0.7", "L": "hunter2"])
        #expect(listed.settings.allow.map(\.label) == ["${L}"])
        #expect(try load(minimal("log: {to: \"${D}/x\"}"), environment: ["D": "/tmp/hunter2"]).written["log.to"] == "${D}/x")
    }

    @Test("one value of an element that came by ${} hides nothing of what is wrong with the others")
    func neighbours() throws {
        let labelled = try mistakes(
            in: minimal().replacing("[127.0.0.2]", with: "[{address: 10.0.0.300, label: \"${OFFICE}\"}]"),
            environment: ["OFFICE": "hunter2"])
        #expect(labelled.count == 1 && labelled[0].contains("10.0.0.300"), "\(labelled)")
        let keyless = try mistakes(
            in: minimal().replacing("{certificate: chain.pem, key: key.pem}", with: "{certificates: [{certificate: \"${CHAIN}\"}]}"),
            environment: ["CHAIN": "chain.pem"])
        #expect(keyless.count == 1 && keyless[0].hasSuffix("tls.certificates: the key is missing"), "\(keyless)")
        let endless = try mistakes(
            in: minimal().replacing("[127.0.0.2]", with: "[{address: 10.0.0.3, until: \"${END}\"}]"), environment: ["END": "hunter2"])
        #expect(
            endless.count == 1 && endless[0].contains("what \"${END}\" stands for") && !endless[0].hasSuffix("ADDRESS/BITS"), "\(endless)")
    }

    @Test("keys, names of metrics, kinds and commands are ours, whatever the environment gave", arguments: ["upstream", "gatekeeper"])
    func ownWords(value: String) throws {
        ConcealedValues.remember(value, as: "${TICKET_HOST}")
        var report = StatusReport()
        report.upstreams = [.init(url: "${TICKET_HOST}", isUp: false, openConnections: 0)]
        report.problems = [Problem(.upstreamDown, of: value, "down", cure: "`gatekeeperd status`", since: WallTime(milliseconds: 0))]
        let line = String(decoding: ControlReply(result: report.json, text: "upstream.url: `gatekeeperd check`").line, as: UTF8.self)
        #expect(line.contains("\"upstreams\":") && line.contains("upstream_down") && line.contains("upstream.url: `gatekeeperd check`"))
        let metrics = MetricsPage(Observation(report: report)).answer.bytes(toHead: false)
        #expect(String(decoding: metrics, as: UTF8.self).contains("\ngatekeeper_upstream_up{upstream=\"${TICKET_HOST}\"} 0\n"))
    }

    @Test("of what leaves for scripts and browsers the values are concealed, and never the names")
    func leaves() throws {
        ConcealedValues.remember("zeisignest", as: "${NEST}")
        let json = JSON.object(of: ("zeisignest", .array([.string("a zeisignest"), .object(of: ("x", .string("zeisignest")))])))
        #expect(ConcealedValues.hide(in: json).text == "{\"zeisignest\":[\"a ${NEST}\",{\"x\":\"${NEST}\"}]}")
        var metrics = Exposition()
        metrics.begin("zeisignest", .gauge, "A nest.")
        metrics.sample(1, [("name", "zeisignest")])
        #expect(metrics.text.hasSuffix("\ngatekeeper_zeisignest{name=\"${NEST}\"} 1\n"))
        var page = Markup()
        page.tag("<b id=\"zeisignest\">")
        page.put("<zeisignest>")
        #expect(page.text == "<b id=\"zeisignest\">&lt;${NEST}&gt;")
    }

    @Test("of a file in a list's place only line and kind of the mistake are told")
    func listFile() throws {
        let contents = [
            "-----BEGIN PRIVATE KEY-----\nMIIkanarien\n-----END PRIVATE KEY-----\n", "kanarien\n10.0.0.1\n", "kanarien,1\n",
            "http://kanarien\n",
            "10.0.0.1-kanarien\n", "10.0.0.0/kanarien\n", "kanarien:443\n", "kanarien kanarien\n", "\u{feff}kanarien\u{200b}\n",
            "\"kanarien\"\n",
            "*.kanarien\n", "2001:db8::1%kanarien\n", String(repeating: "kanarien\n", count: 500),
        ]
        for content in contents {
            let lines = try mistakes(in: Self.yaml("allow[].file", "list.txt"), files: ["list.txt": content])
            #expect(lines.contains { $0.hasPrefix("list.txt:1:1: allow: ") }, "\(content): \(lines)")
            #expect(!lines.contains { $0.lowercased().contains(Self.mark) }, "\(lines)")
            #expect(lines.count <= 21)
        }
        let key = try mistakes(in: Self.yaml("allow[].file", "list.txt"), files: ["list.txt": contents[0]])
        #expect(key.count == 1 && key[0].hasSuffix("list.txt:1:1: allow: this is a PEM file, not a list of addresses"), "\(key)")
    }

    @Test(
        "of a file that is no configuration nothing is told",
        arguments: [
            "-----BEGIN PRIVATE KEY-----\nMIIkanarien\n-----END PRIVATE KEY-----\n", "kanarien: 1\n", "kanarien: 1\nkanarien: 2\n",
            "{kanarien, kanarienvogel}\n",
            "root:$6$kanarien:19000:0:99999:7:::\n", "Proc-Type: 4,ENCRYPTED\nkanarien\n", "TOKEN=kanarien\n", "- kanarien\n",
            "a: *kanarien\n", "!kanarien x\n",
            "kanarien: [\n", "\tkanarien\n", "\"kanarien\": \"\\kanarien\"\n",
        ])
    func otherFile(text: String) throws {
        let lines = try mistakes(in: text)
        #expect(!lines.isEmpty)
        #expect(!lines.contains { $0.lowercased().contains(Self.mark) }, "\(lines)")
    }

    @Test("a URL's user and password aren't repeated, and neither is what --set was given without a key")
    func userInformation() throws {
        for url in ["http://me:kanarien@10.0.0.5", "htp://me:kanarien@10.0.0.5", "me:kanarien@10.0.0.5", "https://kanarien@10.0.0.5"] {
            let lines = try mistakes(in: minimal().replacing("http://127.0.0.1:8080", with: url))
            #expect(lines.count == 1 && !lines[0].contains(Self.mark), "\(lines)")
        }
        #expect {
            try Configuration.Flag.assignments(["limits.head=8KiB", "kanarien"])
        } throws: { error in
            (error as? ValueMistake).map { !$0.message.contains(Self.mark) && $0.message.contains("number 2") } ?? false
        }
    }

    @Test("what the environment gave is hidden in whatever text it stands")
    func hidden() {
        ConcealedValues.remember("spatz\"vogel<&>", as: "${SECRET_TEST}")
        for text in ["a spatz\"vogel<&>/x", JSON.string("spatz\"vogel<&>/x").text, "spatz&quot;vogel&lt;&amp;&gt;", "spatz\"vogel<&>"] {
            #expect(!ConcealedValues.hide(in: text).contains("vogel"))
            #expect(ConcealedValues.hide(in: text).contains("${SECRET_TEST}"))
        }
        // Too short to be found, and an address, which is no secret.
        ConcealedValues.remember("spatz", as: "${SHORT}")
        ConcealedValues.remember("203.0.113.99:4443", as: "${ADDRESS}")
        #expect(ConcealedValues.hide(in: "spatz 203.0.113.99:4443") == "spatz 203.0.113.99:4443")
    }
}
