internal import ArgumentParser
internal import Gatekeeper
internal import Glibc

/// The binary's entrance: one command, one exit status (`interface.md`): 0 done, 2 the fault of whoever asked, 1 anything else.
@main
enum Main {
    static func main() {
        StandardDescriptors.ensureOpen()
        TLSDefaults.areQuiet
        do {
            var command = try RootCommand.parseAsRoot()
            try command.run()
        } catch {
            finish(error)
        }
    }

    /// ArgumentParser's errors carry sysexits.h's 64 for wrong usage; scripts that know systemd expect 2 there.
    private static func finish(_ error: any Error) -> Never {
        let status = RootCommand.exitCode(for: error)
        if status == .validationFailure {
            Console.complain(RootCommand.message(for: error).replacing("\n", with: " "))
            Console.complain("see gatekeeperd --help, or --help after a command")
            exit(ExitStatus.misuse)
        }
        let message = RootCommand.fullMessage(for: error)
        if !message.isEmpty {
            if status == .success { Console.say(message) } else { Console.complain(message) }
        }
        exit(status.rawValue)
    }
}

/// `gatekeeperd`: the service and its tools in one binary.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatekeeperd",
        abstract: "Admits listed addresses to an internal ticket API, over TLS, and turns everyone else away.",
        version: "gatekeeperd \(Version.current)",
        subcommands: [
            RunCommand.self, CheckCommand.self, ExplainCommand.self, InitCommand.self, PresetsCommand.self, DemoCommand.self,
            StatusCommand.self, ReloadCommand.self, ApplyCommand.self, ConfirmCommand.self, GrantCommand.self, GrantsCommand.self,
            RevokeCommand.self, DenialsCommand.self, DoctorCommand.self, ReferenceCommand.self,
        ])
}
