import Testing

@testable import gatekeeperd

@Suite("Schema")
struct SchemaTests {
    /// Every key of the contract, as it is written there.
    private static let contract = """
        listen listen[].address listen[].proxy_protocol_from listen[].client_ca tls tls.certificate tls.key tls.certificates tls.sni_strict tls.minimum_version
        tls.client_ca allow allow[].address allow[].label allow[].preset allow[].file allow[].until on_deny shield shield.above shield.for upstream upstream.url
        upstream.urls upstream.order upstream.ca upstream.pin_sha256 upstream.host upstream.health upstream.connections_max
        upstream.request_buffering upstream.idle upstream.idle.connections upstream.idle.for routes routes_mode websocket limits
        limits.request_body limits.head limits.fields limits.connections limits.connections_per_source limits.requests_per_source
        limits.handshakes_per_source timeouts
        timeouts.handshake timeouts.head timeouts.body timeouts.idle timeouts.connect timeouts.response timeouts.drain log log.to log.format
        log.access log.query state control status status_token workers
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    @Test("knows every key of the contract", arguments: contract)
    func isComplete(_ path: String) {
        #expect(Schema.setting(path) != nil)
    }

    @Test("says of every key what it is for, in a sentence")
    func summaries() {
        for setting in Schema.settings { #expect(setting.summary.hasSuffix("."), "\(setting.path)") }
    }

    @Test("every default is accepted where it is the default and changes nothing")
    func defaults() throws {
        for setting in Schema.settings {
            guard case .scalar(let rule) = setting.rule, let text = rule.defaultText else { continue }
            var builder = ConfigurationBuilder()
            try rule.assign(text, ValueContext(origin: .commandLine, directory: ""), &builder)
            #expect("\(builder)" == "\(ConfigurationBuilder())", "\(setting.path): \(text)")
        }
    }

    @Test("a key that this version can't honour is an error, never silence")
    func notYet() throws {
        for setting in Schema.settings {
            guard case .notYet = setting.rule else { continue }
            let parts = setting.path.split(separator: ".")
            let yaml =
                setting.path.contains("[]")
                ? "\(parts[0].dropLast(2)): [{\(parts[1]): x}]"
                : parts.count == 1 ? "\(parts[0]): x" : "\(parts[0]): {\(parts[1]): x}"
            let shown = setting.path.replacing("[].", with: ": ")
            #expect(try mistakes(in: yaml).contains { $0.hasSuffix(": \(shown) is not supported yet") }, "\(setting.path)")
        }
    }
}
