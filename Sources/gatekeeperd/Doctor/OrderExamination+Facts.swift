internal import Gatekeeper

/// Where what is known of the orders is from.
extension OrderExamination.Order {
    /// A name that is asked about, on a thread of its own.
    struct Asking: Sendable {
        var name: String
        var work: TimeLimitedWork<NameFacts>?
    }

    /// Of all certificates together.
    private static let namesMax = 24
    /// For name servers, which may be gone.
    private static let nameMilliseconds = 10_000
    private static let serviceMilliseconds = 3_000

    /// Begins to ask about the names, one group for each certificate.
    static func begin(_ configuration: Configuration) -> [[Asking]] {
        var left = namesMax
        return configuration.acme.map { ordered in
            let names = ordered.value.names.prefix(left)
            left -= names.count
            return names.map(begin)
        }
    }

    private static func begin(_ name: String) -> Asking {
        Asking(name: name, work: try? TimeLimitedWork { NameFacts.ask(name) })
    }

    private static func results(_ asking: [Asking], until deadline: Instant) -> [NameFacts] {
        asking.map { $0.work?.result(until: deadline) ?? NameFacts($0.name) }
    }

    private static func deadline() -> Instant { System.now().advanced(byMilliseconds: nameMilliseconds) }

    /// What came of it by now and a while.
    static func all(_ configuration: Configuration, _ asking: [[Asking]], controlPath: String?) -> [Self] {
        guard !asking.isEmpty else { return [] }
        let deadline = deadline()
        let told = controlPath.flatMap { path in
            try? ControlClient(path: path, timeoutMilliseconds: serviceMilliseconds).ask(.certificates).result
        }
        return zip(configuration.acme, asking).map { ordered, names in
            Self(
                settings: ordered.value,
                account: account(of: ordered.value, in: told) ?? kept(configuration.statePath, ordered.value),
                names: results(names, until: deadline))
        }
    }

    /// Of what isn't configured yet.
    static func ask(_ settings: AcmeSettings) -> Self {
        Self(settings: settings, names: results(settings.names.prefix(namesMax).map(begin), until: deadline()))
    }

    /// As the service says in its answer to `certificates`.
    static func account(of settings: AcmeSettings, in told: JSON?) -> String? {
        let certificate = told?["certificates"].elements.first { certificate in
            certificate["order"] != nil && certificate["names"]?.texts == settings.names
        }
        guard certificate?["order"]?.string("directory") == settings.directory else { return nil }
        return certificate?["order"]?.string("account")
    }

    /// As it is on the disk, for whoever may read that.
    private static func kept(_ state: String?, _ settings: AcmeSettings) -> String? {
        state.flatMap { AcmeStore(root: AcmeSettings.root(state: $0)).accountURL(of: settings) }
    }
}
