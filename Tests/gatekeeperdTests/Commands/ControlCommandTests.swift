import ArgumentParser
import Testing

@testable import gatekeeperd

struct ControlCommandTests {
    private func command<Command>(_ arguments: String..., as _: Command.Type) throws -> Command {
        try #require(try RootCommand.parseAsRoot(arguments) as? Command)
    }

    @Test("a grant is an address, a duration and a reason")
    func grant() throws {
        let grant = try command("grant", "192.0.2.9", "--for", "2h", "--reason", "update", "--json", as: GrantCommand.self)
        #expect((grant.address, grant.duration, grant.reason) == ("192.0.2.9", "2h", "update"))
        #expect(grant.json)
        #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(["grant", "192.0.2.9", "--for", "2h"]) }
        #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(["grant", "192.0.2.9", "--reason", "x"]) }
        #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(["grant", "--for", "2h", "--reason", "x"]) }
    }

    @Test("a wrong grant ends with status 2 before anybody is asked")
    func wrongGrant() throws {
        let grant = try command("grant", "0.0.0.0/0", "--for", "2h", "--reason", "x", "--control", "/nonexistent", as: GrantCommand.self)
        #expect { try grant.run() } throws: { ($0 as? ExitCode)?.rawValue == 2 }
        let revoke = try command("revoke", "ticket.example", "--control", "/nonexistent", as: RevokeCommand.self)
        #expect { try revoke.run() } throws: { ($0 as? ExitCode)?.rawValue == 2 }
    }

    @Test(
        "without a service every command ends with status 1",
        arguments: [["status"], ["reload"], ["confirm"], ["grants", "--all"], ["denials"]])
    func nobody(arguments: [String]) throws {
        var command = try RootCommand.parseAsRoot(arguments + ["--control", "/nonexistent/control.sock"])
        #expect { try command.run() } throws: { ($0 as? ExitCode)?.rawValue == 1 }
    }

    @Test(
        "a question about denials that can't be answered ends with status 2 before anybody is asked",
        arguments: [["--since", "24"], ["--since", "500ms"], ["--since", "91d"], ["--top", "0"], ["--top", "1001"]])
    func wrongDenials(arguments: [String]) throws {
        var command = try RootCommand.parseAsRoot(["denials", "--control", "/nonexistent"] + arguments)
        #expect { try command.run() } throws: { ($0 as? ExitCode)?.rawValue == 2 }
    }

    @Test("a file to apply is sent with its whole path, since the service has another working directory")
    func apply() throws {
        let relative = try command("apply", "new.yaml", "--confirm", "2m", as: ApplyCommand.self)
        #expect(try relative.request(workingDirectory: "/root") == .apply(file: "/root/new.yaml", confirmWithinSeconds: 120))
        #expect(throws: ValueMistake.self) { try relative.request(workingDirectory: nil) }
        let absolute = try command("apply", "/etc/new.yaml", as: ApplyCommand.self)
        #expect(try absolute.request(workingDirectory: nil) == .apply(file: "/etc/new.yaml", confirmWithinSeconds: nil))
    }

    @Test("the time to confirm in is whole seconds, up to a day", arguments: ["0s", "500ms", "2d", "120", ""])
    func confirmTimes(time: String) throws {
        let apply = try command("apply", "/new.yaml", "--confirm", time, as: ApplyCommand.self)
        #expect(throws: ValueMistake.self) { try apply.request(workingDirectory: "/") }
    }

    @Test("--control comes before the file of --config, and that before the usual place")
    func paths() throws {
        let folder = try ScratchFolder(["gatekeeper.yaml": "control: /run/from-file.sock\n"])
        let file = folder.file("gatekeeper.yaml")
        #expect(try command("status", "--control", "/c", "--config", file, as: StatusCommand.self).control.path() == "/c")
        #expect(try command("status", "--config", file, as: StatusCommand.self).control.path() == "/run/from-file.sock")
        #expect(try command("status", as: StatusCommand.self).control.path() == StandardPath.controlSocket())
    }
}
