internal import ArgumentParser
internal import Gatekeeper
internal import Glibc

/// The binary's entry point: one command, one exit status: 0 done, 2 the fault of whoever asked, 1 anything else.
@main
enum Main {
    static func main() {
        StandardDescriptors.ensureOpen()
        TLSDefaults.areQuiet
        var arguments = Array(CommandLine.arguments.dropFirst())
        if let word = arguments.first, let meant = RootCommand.meant(by: word) {
            Console.complain("\(Quantity.quoted(word)) is no command; did you mean \(meant)?")
            Console.complain("see gatekeeperd --help for all of them")
            exit(ExitStatus.misuse)
        }
        do throws(ValueMistake) {
            arguments = try FamiliarArguments.translate(arguments)
        } catch {
            refuse(error.message)
        }
        do {
            var command = try RootCommand.parseAsRoot(arguments)
            try command.run()
        } catch {
            finish(error)
        }
    }

    /// ArgumentParser's errors carry sysexits.h's 64 for wrong usage; scripts that know systemd expect 2 there.
    private static func finish(_ error: any Error) -> Never {
        let status = RootCommand.exitCode(for: error)
        if status == .validationFailure {
            let message = RootCommand.message(for: error).replacing("\n", with: " ")
            // What most commands are given a file's name for.
            let isFile =
                message.contains("nexpected argument")
                && CommandLine.arguments.contains { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && message.contains("'\($0)'") }
            let option =
                CommandLine.arguments.dropFirst().first == "init"
                ? "the file to write is named with --output" : "a configuration is named with --config"
            refuse(isFile ? "\(message); \(option) FILE" : message)
        }
        let message = HelpText.arranged(RootCommand.fullMessage(for: error))
        if !message.isEmpty {
            if status == .success { Console.say(message) } else { Console.complain(message) }
        }
        exit(status.rawValue)
    }

    /// Says what is wrong with the command line. A monitoring system reads standard output, and takes 2 for an outage.
    private static func refuse(_ message: String) -> Never {
        if CommandLine.arguments.contains("--nagios") {
            let report = NagiosReport(.unknown, message + "; see gatekeeperd status --help")
            Console.say(report.text)
            exit(report.state.rawValue)
        }
        Console.complain(message)
        Console.complain("see gatekeeperd --help, or --help after a command")
        exit(ExitStatus.misuse)
    }
}

/// The service and its tools in one binary.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatekeeperd",
        abstract: "Admits listed addresses to an internal ticket API, over TLS, and turns everyone else away.",
        discussion: HelpText.discussion(
            """
            The service itself is run by systemd; everything else is for people and scripts. By the habit of nginx, -t [-c FILE] is check, \
            -v is --version and -V is version.
            """,
            examples: "gatekeeperd init", "gatekeeperd -t -c /etc/gatekeeper/gatekeeper.yaml"),
        version: Version.line,
        subcommands: [
            RunCommand.self, CheckCommand.self, ExplainCommand.self, InitCommand.self, PresetsCommand.self, DemoCommand.self,
            StatusCommand.self, ReloadCommand.self, ApplyCommand.self, ConfirmCommand.self, GrantCommand.self, GrantsCommand.self,
            RevokeCommand.self, LockdownCommand.self, ListsCommand.self, DenialsCommand.self, DigestCommand.self, RoutesCommand.self,
            CertificatesCommand.self, ChallengeCommand.self, NotifyCommand.self, DoctorCommand.self, OutboundCommand.self,
            VersionCommand.self, ReferenceCommand.self,
        ])

    /// The command that was most likely meant by a word in its place; nil for one that is a command, an option, or nothing like one.
    static func meant(by word: String) -> String? {
        let names = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard !word.hasPrefix("-"), word != "help", !names.contains(word) else { return nil }
        // What people type by the habits of other programs.
        let habits = [
            "test": "check", "configtest": "check", "validate": "check", "verify": "check", "start": "run", "serve": "run",
            "list": "grants", "setup": "init", "allow": "grant", "denied": "denials", "stats": "status", "rollback": "apply",
            "shut": "lockdown", "panic": "lockdown", "block": "lockdown",
        ]
        return Suggestion.nearest(to: word, among: names) ?? habits[word.lowercased()]
    }
}
