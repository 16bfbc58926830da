internal import ArgumentParser

/// Where a configuration comes from: a file, and flags in the place of what it says.
struct ConfigurationOptions: ParsableArguments {
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

    /// The file that was named, or the usual one where nothing was said at all.
    var source: ConfigurationSource {
        ConfigurationSource(file: config ?? (flags.isEmpty ? Configuration.defaultPath : nil), flags: flags)
    }

    /// The configuration as it is now. Says what is wrong with it and ends the process when it can't be used.
    func read(for command: String) throws -> ConfigurationSource.Reading {
        do {
            return try source.read()
        } catch {
            for line in error.lines { Console.report(line) }
            if config == nil, flags.isEmpty {
                Console.complain("name a configuration with --config, or say everything in flags: see gatekeeperd \(command) --help")
            }
            throw ExitCode(ExitStatus.misuse)
        }
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
