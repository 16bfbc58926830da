internal import Gatekeeper

/// What `gatekeeperd init` asks for, in the order in which it asks; each is also a flag.
enum InitQuestion: CaseIterable, Sendable {
    case ticketSystem
    case preset
    case allow
    case upstream
    case name
    case certificate
    /// The names of one that is ordered.
    case acme
    case contact
    case key
    case listen

    var flag: String {
        switch self {
        case .ticketSystem: "--ticket-system"
        case .preset: "--preset"
        case .allow: "--allow"
        case .upstream: "--upstream"
        case .name: "--name"
        case .certificate: "--certificate"
        case .acme: "--acme"
        case .contact: "--contact"
        case .key: "--key"
        case .listen: "--listen"
        }
    }

    /// A configuration is whole without it.
    var isOptional: Bool { [.ticketSystem, .name, .contact].contains(self) }

    /// What an empty answer stands for, as far as that depends on nothing but other answers; none for nothing.
    func usual(in configuration: InitConfiguration) -> [String] {
        switch self {
        case .ticketSystem, .allow, .name, .contact, .listen: []
        case .acme: [configuration.name].compactMap(\.self)
        case .preset: VendorPreset.all.prefix(1).map(\.name)
        case .certificate: ["tls/fullchain.pem"]
        case .key: [Self.key(beside: configuration.certificate ?? "tls/fullchain.pem")]
        case .upstream: ["http://127.0.0.1:8080"]
        }
    }

    /// In place of the certificate's file: it is to be ordered.
    static let order = "order"

    /// As certbot and most others call the two files.
    private static func key(beside certificate: String) -> String {
        let folder = FilePath.directory(of: certificate)
        return folder.isEmpty ? "privkey.pem" : folder == "/" ? "/privkey.pem" : "\(folder)/privkey.pem"
    }

    /// Whether it need not be asked any more. A vendor or an address is enough to say who may connect.
    func isAnswered(by configuration: InitConfiguration) -> Bool {
        switch self {
        case .preset, .allow: configuration.preset != nil || !configuration.allow.isEmpty
        case .certificate: configuration.certificate != nil || configuration.acme != nil
        case .key: configuration.key != nil || configuration.acme != nil
        case .acme: configuration.acme != []
        case .contact: configuration.contact != nil || configuration.acme == nil
        default: !values(in: configuration).isEmpty
        }
    }

    func values(in configuration: InitConfiguration) -> [String] {
        switch self {
        case .ticketSystem: [configuration.ticketSystem?.name].compactMap(\.self)
        case .preset: [configuration.preset].compactMap(\.self)
        case .allow: configuration.allow
        case .upstream: [configuration.upstream].compactMap(\.self)
        case .name: [configuration.name].compactMap(\.self)
        case .certificate: [configuration.certificate].compactMap(\.self)
        case .acme: configuration.acme ?? []
        case .contact: [configuration.contact].compactMap(\.self)
        case .key: [configuration.key].compactMap(\.self)
        case .listen: configuration.listen
        }
    }

    func put(_ values: [String], into configuration: inout InitConfiguration) {
        switch self {
        case .ticketSystem: configuration.ticketSystem = values.first.flatMap { try? PresetCatalog.ticketSystem($0) }
        case .preset: configuration.preset = values.first
        case .allow: configuration.allow = values
        case .upstream: configuration.upstream = values.first
        case .name: configuration.name = values.first
        case .certificate where values == [Self.order]: configuration.acme = []
        case .certificate: configuration.certificate = values.first
        case .acme: configuration.acme = values
        case .contact: configuration.contact = values.first
        case .key: configuration.key = values.first
        case .listen: configuration.listen = values
        }
    }

    /// What the schema has against these values, nil for nothing. Whether a file is there is another question.
    func mistake(in values: [String]) -> String? {
        guard !values.isEmpty else { return nil }
        guard !values.contains(where: { $0.utf8.contains { $0 < 0x20 || $0 == 0x7f } }) else { return "holds a control character" }
        switch self {
        case .ticketSystem: return nil
        case .name: return values.first.flatMap(Self.mistake(inName:))
        case .listen: return Self.mistake(in: values, for: "listen")
        case .certificate: return Self.mistake(in: values, for: "tls.certificate")
        case .key: return Self.mistake(in: values, for: "tls.key")
        case .acme: return Self.mistake(inOrdered: values)
        case .contact: return Self.mistake { () throws(ValueMistake) in _ = try AcmeSettings.contact(values.joined(separator: ",")) }
        case .allow: return Self.mistake(in: values, for: "allow") ?? Self.mistakeOfWhole(in: values, for: "allow")
        case .upstream: return Self.mistake(in: values, for: "upstream.url") ?? Self.mistakeOfWhole(in: values, for: "upstream.url")
        case .preset: return Self.mistake { () throws(ValueMistake) in for value in values { _ = try VendorPreset.find(value) } }
        }
    }

    private static func mistake(in judge: () throws(ValueMistake) -> Void) -> String? {
        do throws(ValueMistake) {
            try judge()
            return nil
        } catch {
            return error.message
        }
    }

    /// The settings of an order of these names from the usual authority.
    static func order(of names: [String]) throws(ValueMistake) -> AcmeSettings {
        AcmeSettings(
            names: try AcmeSettings.names(names.joined(separator: ",")), directory: try AcmeDirectory.url(AcmeDirectory.usual))
    }

    private static func mistake(inOrdered names: [String]) -> String? {
        mistake { () throws(ValueMistake) in
            if let mistake = try order(of: names).mistake(nil) { throw ValueMistake(mistake) }
        }
    }

    private static func mistake(inName name: String) -> String? {
        guard !UpstreamURL.isAuthority(name) || name.contains(":") && !name.hasPrefix("[") else { return nil }
        return "\(Quantity.quoted(name)) is not a name: no scheme, no port and no path belong to it"
    }

    /// The addresses that values of `listen` stand for.
    static func addresses(of values: [String]) -> [Settings.Listener] { reader(of: values, for: "listen").builder.listeners.map(\.value) }

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
