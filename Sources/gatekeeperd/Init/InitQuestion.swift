/// What `gatekeeperd init` asks for, in the order in which it asks; each is also a flag.
enum InitQuestion: CaseIterable, Sendable {
    case listen
    case certificate
    case key
    case preset
    case allow
    case upstream

    var flag: String {
        switch self {
        case .listen: "--listen"
        case .certificate: "--certificate"
        case .key: "--key"
        case .preset: "--preset"
        case .allow: "--allow"
        case .upstream: "--upstream"
        }
    }

    var prompt: String {
        switch self {
        case .listen: "the address and port to accept connections on"
        case .certificate: "the PEM file with the certificate chain, leaf first"
        case .key: "the PEM file with the private key"
        case .preset: "the vendor whose published addresses may connect (\(VendorPreset.all.map(\.name).joined(separator: ", ")) or none)"
        case .allow: "addresses and networks that may connect besides, with blanks between"
        case .upstream: "where the ticket system listens"
        }
    }

    /// What an empty answer stands for; empty for nothing.
    var usual: String {
        switch self {
        case .listen: "0.0.0.0:443"
        case .certificate: "tls/fullchain.pem"
        case .key: "tls/privkey.pem"
        case .preset: "tier2tickets"
        case .allow: ""
        case .upstream: "http://127.0.0.1:8080"
        }
    }

    /// Whether it need not be asked any more. A vendor or an address is enough to say who may connect.
    func isAnswered(by configuration: InitConfiguration) -> Bool {
        switch self {
        case .preset, .allow: configuration.preset != nil || !configuration.allow.isEmpty
        default: !values(in: configuration).isEmpty
        }
    }

    func values(in configuration: InitConfiguration) -> [String] {
        switch self {
        case .listen: configuration.listen
        case .certificate: [configuration.certificate].compactMap(\.self)
        case .key: [configuration.key].compactMap(\.self)
        case .preset: [configuration.preset].compactMap(\.self)
        case .allow: configuration.allow
        case .upstream: [configuration.upstream].compactMap(\.self)
        }
    }

    func put(_ values: [String], into configuration: inout InitConfiguration) {
        switch self {
        case .listen: configuration.listen = values
        case .certificate: configuration.certificate = values.first
        case .key: configuration.key = values.first
        case .preset: configuration.preset = values.first
        case .allow: configuration.allow = values
        case .upstream: configuration.upstream = values.first
        }
    }

    /// What the schema has against these values, nil for nothing. Whether a file is there is another question.
    func mistake(in values: [String]) -> String? {
        guard !values.isEmpty else { return nil }
        guard !values.contains(where: { $0.utf8.contains { $0 < 0x20 || $0 == 0x7f } }) else { return "holds a control character" }
        switch self {
        case .listen: return Self.mistake(in: values, for: "listen")
        case .certificate: return Self.mistake(in: values, for: "tls.certificate")
        case .key: return Self.mistake(in: values, for: "tls.key")
        case .allow: return Self.mistake(in: values, for: "allow") ?? Self.mistakeOfWhole(in: values, for: "allow")
        case .upstream: return Self.mistake(in: values, for: "upstream.url") ?? Self.mistakeOfWhole(in: values, for: "upstream.url")
        case .preset:
            do throws(ValueMistake) {
                for value in values { _ = try VendorPreset.find(value) }
                return nil
            } catch {
                return error.message
            }
        }
    }

    private static func mistake(in values: [String], for key: String) -> String? {
        reader(of: values, for: key).findings.first { $0.severity == .error }?.message
    }

    /// What the configuration as a whole would say against it; that other keys are missing in it isn't meant.
    private static func mistakeOfWhole(in values: [String], for key: String) -> String? {
        do throws(ConfigurationError) {
            _ = try Validation.judge(reader(of: values, for: key))
            return nil
        } catch {
            return error.findings.first { $0.severity == .error && $0.origin == .flag(key) }?.message
        }
    }

    private static func reader(of values: [String], for key: String) -> ConfigurationReader {
        var reader = ConfigurationReader(environment: Environment.value)
        reader.read(Configuration.Flag(name: key, key: key, values: values))
        return reader
    }
}
