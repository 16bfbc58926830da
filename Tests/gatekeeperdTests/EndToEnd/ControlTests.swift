import Foundation
import Testing

@testable import gatekeeperd

/// The commands as an admin types them, before a service that answers what the test wants.
@Suite("Commands to the running service")
struct ControlTests {
    private func run(_ loop: ControlLoop, _ arguments: String...) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
        try Daemon.run(arguments + ["--control", loop.path])
    }

    @Test("answers go to standard output, for people or as JSON, and the status is 0")
    func answers() throws {
        let loop = try ControlLoop()
        let grant = try run(loop, "grant", "192.0.2.9", "--for", "2h", "--reason", "update")
        #expect(grant.ending == .exited(0))
        #expect(grant.output.hasPrefix("192.0.2.9 is admitted; the grant ends in 2h ("))
        #expect(grant.errors == "")
        let list = try run(loop, "grants", "--json")
        #expect(list.ending == .exited(0))
        let json = try #require(JSONReader.read(Array(list.output.utf8)))
        guard case .array(let grants)? = json["grants"] else { throw Failure("no grants in \(list.output)") }
        #expect(grants.first?.string("reason") == "update")
        let commands = [
            (["revoke", "192.0.2.9"], "192.0.2.9 is admitted no longer"), (["status"], "gatekeeperd "), (["confirm"], "generation 2"),
            (["reload"], "generation 2 of the configuration is in force\nallow: 192.0.2.7 added\n"),
        ]
        for (command, beginning) in commands {
            let (ending, output, errors) = try Daemon.run(command + ["--control", loop.path])
            #expect(ending == .exited(0) && errors == "" && output.hasPrefix(beginning), "\(command): \(output)\(errors)")
        }
    }

    @Test("a relative file is applied from where the admin stands")
    func apply() throws {
        let loop = try ControlLoop()
        #expect(try run(loop, "apply", "new.yaml", "--confirm", "120s").ending == .exited(0))
        #expect(try loop.end() == ["apply \(FileManager.default.currentDirectoryPath)/new.yaml 120"])
    }

    @Test("a reload that kept the old configuration ends with 2 and the mistakes as they are")
    func kept() throws {
        let loop = try ControlLoop { $0.reloadReport = .kept(errors: ["gatekeeper.yaml:3:5: unknown key"]) }
        let reload = try run(loop, "reload")
        #expect(reload.ending == .exited(2))
        #expect(reload.output == "")
        #expect(
            reload.errors
                == "gatekeeper.yaml:3:5: unknown key\ngatekeeperd: the new configuration can't be used; the old one stays\n")
    }

    @Test("a revoke of what isn't granted ends with 2, a disk that is full with 1")
    func failures() throws {
        let loop = try ControlLoop { $0.failure = ControlFailure(.unavailable, "there is no room left for /x") }
        let revoke = try run(loop, "revoke", "192.0.2.9")
        #expect(revoke.ending == .exited(2))
        #expect(revoke.errors == "gatekeeperd: 192.0.2.9 has no grant\n")
        let grant = try run(loop, "grant", "192.0.2.9", "--for", "1h", "--reason", "x")
        #expect(grant.ending == .exited(1))
        #expect(grant.errors == "gatekeeperd: there is no room left for /x\n")
    }

    @Test("without a service the status is 1, and the message says where it was looked for")
    func nobody() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("control: c.sock\n", to: "gatekeeper.yaml")
        let status = try Daemon.run(["status", "--config", file])
        #expect(status.ending == .exited(1))
        #expect(status.errors.contains("no service runs at \(folder.path)/c.sock"))
    }

    @Test("a client that is stopped before it reads its answer holds up nobody, and gets it when it goes on")
    func stopped() throws {
        let clients = (1...8).map { _ in Awaited<ChildProcess>() }
        let stopped = clients.map { _ in Awaited<Bool>() }
        let loop = try ControlLoop { service in
            // Of which the socket takes a part.
            service.report.sources = (0..<900).map { .init(address: "10.0.0.\($0)", label: String(repeating: "l", count: 350)) }
            var asked = 0
            service.whenAsked = {
                defer { asked += 1 }
                guard asked < clients.count else { return }
                clients[asked].wait(seconds: 60)?.signal(SIGSTOP)
                stopped[asked].resolve(true)
            }
        }
        let folder = try TemporaryFolder()
        let output = try OpenFile(creating: folder.file("output"))
        for (client, stopped) in zip(clients, stopped) {
            client.resolve(try ChildProcess(Daemon.binary, ["status", "--control", loop.path], output: output, errors: output))
            #expect(stopped.wait(seconds: 60) == true)
        }
        for _ in 1...5 { #expect(try run(loop, "confirm").ending == .exited(0)) }
        #expect(clients.allSatisfy { $0.value?.hasEnded == false })
        for client in clients { client.value?.signal(SIGCONT) }
        for client in clients { #expect(try client.value?.waitForEnd() == .exited(0)) }
    }
}
