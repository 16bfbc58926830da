internal import ArgumentParser

/// `gatekeeperd run`: the service, in the foreground, until a signal ends it.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the service in the foreground.",
        discussion: """
            Without a file and without flags, \(Configuration.defaultPath) is read. A flag replaces what the file says under the same key. \
            SIGTERM and SIGINT finish what runs and exit 0, a second one ends at once; SIGHUP reads the configuration again, \
            SIGUSR1 opens the log file again, SIGUSR2 hands over to the binary that lies in this one's place now.
            """)

    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?
    @Option(name: .long, help: ArgumentHelp("Accept connections here, as 0.0.0.0:443; may be repeated.", valueName: "address"))
    var listen: [String] = []
    @Option(name: .long, help: ArgumentHelp("A PEM file with the chain, leaf first.", valueName: "file"))
    var certificate: String?
    @Option(name: .long, help: ArgumentHelp("A PEM file with the private key.", valueName: "file"))
    var key: String?
    @Option(name: .long, help: ArgumentHelp("An address or network that may connect; may be repeated.", valueName: "address"))
    var allow: [String] = []
    @Option(name: .long, help: ArgumentHelp("The ticket system: http://host:port or unix:/path.", valueName: "url"))
    var upstream: String?
    @Option(name: .long, help: ArgumentHelp("How a stranger is turned away: reset or close.", valueName: "how"))
    var onDeny: String?
    @Option(name: .long, help: ArgumentHelp("Where log lines go: stdout, syslog or a file.", valueName: "where"))
    var log: String?
    @Option(
        name: .long, parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Any key of the configuration, as limits.head=8KiB; may be repeated.", valueName: "key=value"))
    var set: [String] = []

    func validate() throws {
        do throws(ValueMistake) {
            _ = try Configuration.Flag.assignments(set)
        } catch {
            throw ValidationError(error.message)
        }
    }

    func run() throws {
        let flags = flags
        let source = ConfigurationSource(file: config ?? (flags.isEmpty ? Configuration.defaultPath : nil), flags: flags)
        let reading: ConfigurationSource.Reading
        do {
            reading = try source.read()
        } catch {
            for line in error.lines { Console.report(line) }
            if config == nil, flags.isEmpty {
                Console.complain("name a configuration with --config, or say everything in flags: see gatekeeperd run --help")
            }
            throw ExitCode(ExitStatus.misuse)
        }
        for warning in reading.configuration.warnings.prefix(ConfigurationError.linesMax) { Console.report("\(warning)") }
        let status = ServiceLoop.run(reading, from: source, signals: try SignalDescriptor())
        guard status == 0 else { throw ExitCode(status) }
    }

    /// The flags that were given, each with the key of the schema that it sets.
    var flags: [Configuration.Flag] {
        let values = [
            "--listen": listen, "--certificate": Self.list(certificate), "--key": Self.list(key), "--allow": allow,
            "--upstream": Self.list(upstream), "--on-deny": Self.list(onDeny), "--log": Self.list(log),
        ]
        let own = Schema.flags.compactMap { name, path in
            values[name].flatMap { $0.isEmpty ? nil : Configuration.Flag(name: name, key: path, values: $0) }
        }
        return own + ((try? Configuration.Flag.assignments(set)) ?? [])
    }

    private static func list(_ value: String?) -> [String] { value.map { [$0] } ?? [] }
}
