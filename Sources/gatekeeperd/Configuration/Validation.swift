internal import Gatekeeper

/// What must hold of a configuration as a whole, however it was given.
enum Validation {
    /// Networks that hold more addresses than any ticket vendor has; one digit too few after the slash.
    private static let ipv4BitsMin = 8
    private static let ipv6BitsMin = 19

    static func judge(_ reader: ConfigurationReader) throws(ConfigurationError) -> Configuration {
        let builder = reader.builder
        var findings = reader.findings
        findings += listenerMistakes(builder)
        findings += fileMistakes(builder)
        findings += certificateMistakes(builder)
        findings += orderMistakes(builder)
        findings += allowMistakes(builder)
        findings += listMistakes(builder)
        findings += learningMistakes(builder)
        findings += UpstreamValidation.mistakes(builder)
        findings += statusMistakes(reader)
        findings += programMistakes(builder)
        findings += routeMistakes(reader)
        findings += missing(reader)
        guard !findings.contains(where: { $0.severity == .error }) else {
            throw ConfigurationError(findings: findings.sorted { rank($0) < rank($1) })
        }
        let statePath = builder.statePath?.value ?? StandardPath.state()
        let certificates = certificates(builder, state: statePath ?? "")
        guard !certificates.isEmpty, let allow = builder.allow else { preconditionFailure("missing keys were judged above") }
        var settings = builder.settings
        settings.listeners = builder.listeners.map(\.value)
        settings.tls.certificates = certificates
        settings.tls.clientAuthorityPath = builder.files["tls.client_ca"]?.value
        settings.tls.clientRevocationPath = builder.files["tls.client_crl"]?.value
        settings.allow = allow.map(\.value)
        settings.upstream = UpstreamValidation.settings(builder)
        settings.shield = builder.hasShield ? builder.shield : nil
        settings.routes = builder.routes.map { Settings.Routes($0.map(\.value), isShadow: builder.routesAreShadow) }
        // Who writes how long a body may pause means both directions, unless one has its own word.
        if reader.written["timeouts.body"] != nil, reader.written["timeouts.stream"] == nil {
            settings.timeouts.streamMilliseconds = settings.timeouts.bodyMilliseconds
        }
        return Configuration(
            settings: settings, logDestination: builder.logDestination, warnings: findings,
            notes: UpstreamValidation.notes(builder) + routeNotes(builder) + listNotes(builder),
            written: reader.written,
            watchedPaths: watchedPaths(settings, builder),
            listLengths: builder.listLengths, listNames: builder.listNames, origins: origins(reader),
            statePath: statePath,
            controlPath: builder.controlPath?.value ?? StandardPath.control(),
            status: builder.statusAddress.map { StatusSettings(address: $0.value, token: builder.statusToken?.value) },
            notifiers: builder.notifiers, digestTime: builder.digestTime, acme: builder.ordered, lists: builder.lists)
    }

    private static func certificates(_ builder: ConfigurationBuilder, state: String) -> [Settings.TLS.Certificate] {
        if let certificate = builder.files["tls.certificate"], let key = builder.files["tls.key"] {
            return [Settings.TLS.Certificate(path: certificate.value, keyPath: key.value)]
        }
        return (builder.acme.map { [.acme($0.value)] } ?? builder.certificates.map(\.value)).map { source in
            switch source {
            case .files(let certificate): return certificate
            case .acme(let ordered): return ordered.files(state: state)
            }
        }
    }

    private static func origins(_ reader: ConfigurationReader) -> Origins {
        var origins = Origins(reader.builder)
        let isAsked = reader.written.keys.contains { Setting.section(of: $0) == "shield" }
        if isAsked, reader.builder.hasShield { origins.shield = reader.sections["shield"] ?? .commandLine }
        return origins
    }

    /// What has no default and wasn't given.
    private static func missing(_ reader: ConfigurationReader) -> [Finding] {
        let builder = reader.builder
        var findings: [Finding] = []
        func check(_ isMissing: Bool, _ path: String, flag: String, _ advice: String) {
            let section = path.firstIndex(of: ".").map { String(path[..<$0]) } ?? ""
            guard isMissing, reader.failed.isDisjoint(with: ["", section, path]) else { return }
            if let origin = reader.sections[section] ?? reader.sections[""] {
                findings.append(.error(origin, "\(path) is missing: \(advice)"))
            } else {
                findings.append(.error(.commandLine, "\(flag) is missing: \(advice)"))
            }
        }
        check(builder.listeners.isEmpty, "listen", flag: "--listen", "at least one address to accept connections on, as 0.0.0.0:443")
        let isOneCertificate =
            builder.certificates.isEmpty && builder.acme == nil && reader.failed.isDisjoint(with: ["tls.certificates", "tls.acme"])
        check(
            isOneCertificate && builder.files["tls.certificate"] == nil, "tls.certificate", flag: "--certificate",
            "the path of a PEM file with the chain, leaf first")
        check(isOneCertificate && builder.files["tls.key"] == nil, "tls.key", flag: "--key", "the path of a PEM file with the private key")
        check(builder.allow == nil, "allow", flag: "--allow", "the addresses that may connect; everybody else is turned away")
        check(
            builder.upstream == nil && builder.upstreams.isEmpty, "upstream.url", flag: "--upstream",
            "where the ticket system listens, as http://10.0.0.5:8080")
        return findings
    }

    private static func listenerMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        var seen: Set<SocketAddress> = []
        let overlapping = builder.listeners.enumerated().compactMap { index, listener -> Finding? in
            let others = builder.listeners[..<index] + builder.listeners[(index + 1)...]
            guard let wider = others.first(where: { $0.value.address.takes(from: listener.value.address, among: builder.listeners) }) else {
                return nil
            }
            let (shown, other) = (listener.written ?? "\(listener.value.address)", wider.written ?? "\(wider.value.address)")
            return .error(
                listener.origin, at: "listen",
                "\(shown) is among the addresses of \(other) (\(wider.origin)), and two listeners can't have it; leave one of them out")
        }
        // Port 0 is a free port of the kernel's choice, another one each time.
        return overlapping
            + builder.listeners.filter { $0.value.address.port != 0 && !seen.insert($0.value.address).inserted }
            .map { .error($0.origin, at: "listen", "\($0.written ?? "\($0.value.address)") is there already") }
    }

    private static func certificateMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        var findings: [Finding] = []
        let asksClients = builder.files["tls.client_ca"] != nil || builder.listeners.contains { $0.value.clientAuthorityPath != nil }
        if let file = builder.files["tls.client_crl"], !asksClients {
            findings.append(
                .error(file.origin, at: "tls.client_crl", "there is no tls.client_ca whose certificates could be revoked"))
        }
        let other = builder.certificates.isEmpty ? "tls.acme" : "tls.certificates"
        guard builder.acme != nil || !builder.certificates.isEmpty else { return findings }
        if let acme = builder.acme, !builder.certificates.isEmpty {
            findings.append(.error(acme.origin, at: "tls.acme", "tls.certificates is there too; make it one of them, as {acme: …}"))
        }
        return findings
            + ["tls.certificate", "tls.key"].compactMap { path in
                builder.files[path].map { .error($0.origin, at: path, "\(other) is there too; name each certificate in one place") }
            }
    }

    private static func orderMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        guard let first = builder.ordered.first else { return [] }
        guard builder.statePath != nil || StandardPath.state() != nil else {
            let advice = "keys and orders have to be kept on disk; set state, as state: /var/lib/gatekeeper"
            return [.error(first.origin, at: "tls.acme", advice)]
        }
        var seen: [String: Origin] = [:]
        return builder.ordered.compactMap { ordered in
            let name = ordered.value.names[0]
            guard let earlier = seen.updateValue(ordered.origin, forKey: name) else { return nil }
            let text =
                "\(name) comes first in another certificate, too (\(earlier)), and their files are called by it; put another name first"
            return .error(ordered.origin, at: "tls.acme", text)
        }
    }

    /// Files that have a key of their own, with that key, in the order of the schema.
    private static func files(_ builder: ConfigurationBuilder, under section: String = "") -> [(key: String, path: Located<String>)] {
        Schema.settings.compactMap { setting in
            guard setting.path.hasPrefix(section), let file = builder.files[setting.path] else { return nil }
            return (setting.path, file)
        }
    }

    /// Every file that is read besides the configuration, once each.
    private static func watchedPaths(_ settings: Settings, _ builder: ConfigurationBuilder) -> [String] {
        var paths = settings.tls.certificates.flatMap { [$0.path, $0.keyPath] }
        paths += files(builder, under: "tls.").map(\.path.value)
        paths += settings.listeners.compactMap(\.clientAuthorityPath)
        paths += files(builder, under: "upstream.").map(\.path.value)
        var seen: Set<String> = []
        return (paths + builder.allowFiles).filter { seen.insert($0).inserted }
    }

    private static func fileMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        files(builder).compactMap { path, file -> Finding? in
            do throws(FileFailure) {
                try FileContents.checkReadable(file.value)
                return nil
            } catch {
                return .error(file.origin, at: path, error, called: file.shown)
            }
        }
    }

    private static func allowMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        let allow = builder.allow ?? []
        var findings: [Finding] = []
        let listed = Dictionary(allow.map { ($0.value.prefix, Located(value: $0.value.prefix, origin: $0.origin, written: $0.written)) }) {
            first, _ in first
        }
        let lengths = Set(listed.keys.map(\.length)).sorted()
        var seen: Set<AddressPrefix> = []
        for entry in allow {
            let prefix = entry.value.prefix
            let shown = entry.written ?? "\(prefix)"
            let isEverybody = prefix.isIPv4 ? prefix.length == 96 : prefix.length == 0
            let isWide = prefix.isIPv4 ? Int(prefix.length) - 96 < ipv4BitsMin : Int(prefix.length) < ipv6BitsMin
            if isEverybody, !builder.mayAllowEveryone {
                let family = prefix.isIPv4 ? "IPv4" : "IPv6"
                findings.append(
                    .error(entry.origin, at: "allow", "\(shown) is every \(family) address; if that is meant, say allow_everyone: true"))
            } else if let reason = prefix.whyNobodyComes {
                let what = entry.written.map { "no connection comes from what \($0) stands for" } ?? reason
                findings.append(.warning(entry.origin, at: "allow", what))
            } else if !seen.insert(prefix).inserted {
                let earlier = listed[prefix].map { " (\($0.origin))" } ?? ""
                findings.append(.warning(entry.origin, at: "allow", "\(shown) is there already\(earlier)"))
            } else if let wider = wider(than: prefix, in: listed, lengths: lengths) {
                findings.append(
                    .warning(entry.origin, at: "allow", "\(shown) lies in \(wider.shown), which is there too (\(wider.origin))"))
            } else if isWide, !isEverybody {
                findings.append(.warning(entry.origin, at: "allow", "\(shown) is an unusually large network"))
            }
        }
        return findings
    }

    /// A network of the list that holds `prefix` and more.
    private static func wider(
        than prefix: AddressPrefix, in listed: [AddressPrefix: Located<AddressPrefix>], lengths: [UInt8]
    ) -> Located<AddressPrefix>? {
        for length in lengths where length < prefix.length {
            let candidate = AddressPrefix(containing: prefix.address, length: Int(length))
            if let wider = listed[candidate], candidate.contains(prefix.address) { return wider }
        }
        return nil
    }

    /// Mistakes of a file in the order of its lines, what concerns the whole before, flags after.
    private static func rank(_ finding: Finding) -> (Int, String, Int, Int) {
        switch finding.origin {
        case .wholeFile(let path): (0, path, 0, 0)
        case .file(let path, let position): (1, path, position.line, position.column)
        case .flag: (2, "", 0, 0)
        case .commandLine: (3, "", 0, 0)
        }
    }
}
