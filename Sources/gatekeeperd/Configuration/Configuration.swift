internal import Gatekeeper

/// Everything the daemon runs with: the library's settings and what is the daemon's own.
struct Configuration: Sendable {
    var settings: Settings
    var logDestination: LogDestination
    /// What an admin should look at, though it runs.
    var warnings: [Finding]
    /// What could be better and is right as it is, for whoever checks.
    var notes: [String] = []
    /// The text of every key that holds a single value, by its path; those that weren't said are missing.
    var written: [String: String] = [:]

    /// Files besides the configuration that are read again when they are replaced.
    var watchedPaths: [String] = []
    /// How many entries of the allow-list each of them holds that is a list.
    var listLengths: [String: Int] = [:]
    /// What messages and origins call each of them.
    var listNames: [String: String] = [:]

    /// Where its parts were written.
    var origins = Origins()
    /// The folder of what must outlive the daemon; nil to keep nothing.
    var statePath: String?
    /// Where commands reach the service; nil for nowhere.
    var controlPath: String?
    /// Nil to serve no status page.
    var status: StatusSettings?
    /// Who is told of problems.
    var notifiers: [Located<Notifier>] = []
    /// When the day's digest is made; nil for never.
    var digestTime: TimeOfDay?
    /// Certificates that are ordered, in the order of the settings.
    var acme: [Located<AcmeSettings>] = []
    /// Lists that change without a change here.
    var lists: [Located<ListSource>] = []
    /// Their files, which need not be there.
    var orderedPaths: Set<String> {
        Set(settings.tls.certificates.filter { $0.awaitedFor != nil }.flatMap { [$0.path, $0.keyPath] })
    }

    /// The first 16 hexadecimal digits of the SHA-256 of what it was read from.
    var fingerprint = ""

    /// Where the configuration is when nobody says otherwise.
    static let defaultPath = "/etc/gatekeeper/gatekeeper.yaml"

    /// One flag as it was given; `key` is the schema's path of what it sets.
    struct Flag: Sendable {
        var name: String
        var key: String
        var values: [String]
    }

    /// Reads the file, if there is one, then the flags: a flag replaces what the file says under its key.
    ///
    /// Touches every file that the service will need. Throws all mistakes at once.
    static func load(
        file: String?, flags: [Flag], environment: @escaping (String) -> String? = ConcealedValues.value
    ) throws(ConfigurationError) -> Configuration {
        var reader = ConfigurationReader(environment: environment)
        if let file { reader.read(file: file) }
        for flag in flags { reader.read(flag) }
        return try Validation.judge(reader)
    }
}
