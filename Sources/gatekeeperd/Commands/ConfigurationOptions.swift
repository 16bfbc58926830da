internal import ArgumentParser

/// Where a configuration comes from: a file, and flags in the place of what it says.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .long], help: ArgumentHelp("The configuration file.", valueName: "file"),
        completion: Completions.configurationFile)
    var config: String?
    @OptionGroup var door: DoorOptions
    @Option(
        name: .long, help: ArgumentHelp("How a stranger is turned away: reset, close or drop.", valueName: "how"),
        completion: Completions.onDeny)
    var onDeny: String?
    @Option(
        name: .long, help: ArgumentHelp("Where log lines go: stdout, syslog or a file.", valueName: "where"),
        completion: .list(["stdout", "syslog"]))
    var log: String?
    @Option(
        name: .long, parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Any key of the configuration, as limits.head=8KiB; may be repeated.", valueName: "key=value"),
        completion: Completions.assignments)
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
    ///
    /// - Parameter absence: the exit status when files that it names aren't there, and nothing else is wrong.
    func read(for command: String, absence: Int32 = ExitStatus.misuse) throws -> ConfigurationSource.Reading {
        do {
            return try source.read()
        } catch {
            for line in error.lines { Console.report(line) }
            if config == nil, flags.isEmpty {
                Console.complain("name a configuration with --config, or say everything in flags: see gatekeeperd \(command) --help")
            }
            throw ExitCode(error.isAbsenceAlone ? absence : ExitStatus.misuse)
        }
    }

    /// The flags that were given, each with the key of the schema that it sets.
    var flags: [Configuration.Flag] {
        let values = [
            "--listen": door.listen, "--certificate": Self.list(door.certificate), "--key": Self.list(door.key), "--allow": door.allow,
            "--upstream": Self.list(door.upstream), "--on-deny": Self.list(onDeny), "--log": Self.list(log),
        ]
        let own = Schema.flags.compactMap { name, path in
            values[name].flatMap { $0.isEmpty ? nil : Configuration.Flag(name: name, key: path, values: $0) }
        }
        return own + ((try? Configuration.Flag.assignments(set)) ?? [])
    }

    private static func list(_ value: String?) -> [String] { value.map { [$0] } ?? [] }
}
