internal import ArgumentParser

/// `gatekeeperd run`: the service, in the foreground, until a signal ends it.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the service in the foreground.",
        discussion: HelpText.discussion(
            """
            Without a file and without flags, \(Configuration.defaultPath) is read. A flag replaces what the file says under the same key. \
            SIGTERM and SIGINT finish what runs and exit 0, a second one ends at once; SIGHUP reads the configuration again, \
            SIGUSR1 opens the log file again, SIGUSR2 hands over to the binary that lies in this one's place now.
            """,
            examples: "gatekeeperd run -c /etc/gatekeeper/gatekeeper.yaml",
            "gatekeeperd run --listen 0.0.0.0:443 --certificate fullchain.pem \\\n    --key privkey.pem --allow 203.0.113.9 --upstream http://10.0.0.5:8080"
        ))

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        InheritedSockets.copyComplaints()
        // A mount, or whoever makes the key, may be late: a service manager tries again after this, and not after misuse.
        let reading = try options.read(for: "run", absence: ExitStatus.failure)
        for warning in reading.configuration.warnings.prefix(ConfigurationError.linesMax) { Console.report("\(warning)") }
        let status = ServiceLoop.run(reading, from: options.source, signals: try SignalDescriptor())
        guard status == 0 else { throw ExitCode(status) }
    }
}
