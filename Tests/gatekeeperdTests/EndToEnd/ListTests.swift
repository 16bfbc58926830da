import Foundation
import Testing

@testable import gatekeeperd

/// A list that a vendor publishes, over TLS, from its first look to the connections of whom it names.
@Suite("Lists in service")
struct ListTests {
    private struct Scene {
        let folder: TemporaryFolder
        let page: Guarded<String>
        let server: ScriptedUpstream
        let upstream: ScriptedUpstream
        let daemon: Daemon

        init(isTrusted: Bool = true, _ text: String) throws {
            folder = try TemporaryFolder()
            let page = Guarded(text)
            self.page = page
            let certificates = try Certificates.shared()
            server = try ScriptedUpstream(
                tls: TLSServer(certificates.leaf(.ecdsa)), .each { _, connection in try connection.respond(body: page.value) })
            upstream = try ScriptedUpstream(.echo)
            let authority = isTrusted ? ", ca: \"\(certificates.authority)\"" : ""
            daemon = try Daemon(
                upstream: upstream.url, settings: "state: \(folder.file("state"))\ncontrol: \(folder.file("control.sock"))")
            try daemon.rewriteConfiguration(
                "  - \"127.0.0.2\"\n", "  - \"127.0.0.2\"\n  - {url: \"\(server.url)/secret/ips.txt\", label: Vendor\(authority)}\n")
            try daemon.reload()
        }

        func command(_ arguments: String...) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
            try Daemon.run(arguments + ["--control", folder.file("control.sock")])
        }

        func explain(_ address: String) throws -> ChildProcess.Ending {
            try Daemon.run(["explain", address, "--config", daemon.configuration]).ending
        }
    }

    @Test("what is published is proposed, a person accepts what was shown, it stays over a restart, and a removal ends connections")
    func story() throws {
        let scene = try Scene("# vendor\n203.0.113.9\n203.0.113.10\n")
        let line = try scene.daemon.waitForLine { $0.event == "list" && $0["state"] == "proposed" }
        let digest = try #require(line["digest"])
        #expect(try scene.explain("203.0.113.9") == .exited(3))
        #expect(try scene.command("lists", "accept", "Vendor").ending == .exited(2))
        let shown = try scene.command("lists")
        #expect(shown.output.contains("+ 203.0.113.9") && shown.output.contains(digest) && !shown.output.contains("secret"))
        #expect(try scene.command("status").output.contains("lists accept Vendor --digest \(digest)"))
        #expect(try scene.command("lists", "accept", "Vendr").errors.contains("did you mean Vendor?"))
        #expect(try scene.command("lists", "accept", "Vendor", "--digest", digest).ending == .exited(0))
        #expect(try scene.explain("203.0.113.9") == .exited(0))

        scene.page.change { $0 = "203.0.113.9\n8.8.0.0/15\n" }
        try scene.daemon.reload()
        try scene.daemon.waitForLine { $0.event == "list" && $0["state"] == "failed" && ($0["error"] ?? "").contains("too large") }
        #expect(try scene.explain("203.0.113.10") == .exited(0))
        try scene.daemon.terminate()
        scene.page.change { $0 = "203.0.113.9\n" }
        let again = try Daemon(restarting: scene.daemon)
        #expect(try scene.explain("203.0.113.10") == .exited(0))
        let next = try again.waitForLine { $0.event == "list" && $0["state"] == "proposed" }
        #expect(next["removed"] == "203.0.113.10")
        #expect(try scene.command("lists", "accept", "Vendor", "--digest", try #require(next["digest"])).ending == .exited(0))
        #expect(try scene.explain("203.0.113.10") == .exited(3))
        #expect(try scene.explain("203.0.113.9") == .exited(0))
    }

    @Test("a proposal is there at once after a restart, though the page is gone by then; each entry says since when it is admitted")
    func restarted() throws {
        let scene = try Scene("203.0.113.9\n")
        let digest = try #require(try scene.daemon.waitForLine { $0.event == "list" && $0["state"] == "proposed" }["digest"])
        #expect(try scene.command("lists").output.contains(digest))
        try scene.daemon.terminate()
        scene.server.stop()
        let again = try Daemon(restarting: scene.daemon)
        #expect(try scene.command("status").output.contains("lists accept Vendor --digest \(digest)"))
        #expect(try scene.command("lists", "accept", "Vendor").ending == .exited(0))
        let listed = try #require(try scene.command("lists").output.firstMatch(of: #/    203\.0\.113\.9  since (\S+)/#)).1
        func json(_ words: String...) throws -> JSON {
            try #require(JSONReader.read(Array(try Daemon.run(words).output.utf8)))
        }
        let control = scene.folder.file("control.sock")
        guard case .array(let lists)? = try json("lists", "--json", "--control", control)["lists"],
            case .array(let groups)? = lists.first?["listed"]
        else { throw Failure("no lists") }
        #expect(groups.count == 1 && groups[0].string("listed_at") == String(listed) && groups[0]["entries"]?.texts == ["203.0.113.9"])
        guard case .array(let sources)? = try json("status", "--json", "--control", control)["sources"] else { throw Failure("no sources") }
        #expect(sources.first { $0.string("address") == "203.0.113.9" }?.string("listed_at") == String(listed))
        let explained = try Daemon.run(["explain", "203.0.113.9", "--config", again.configuration]).output
        #expect(explained.contains("is admitted by 203.0.113.9 (Vendor), listed since \(listed)  (list Vendor)"), "\(explained)")
        guard case .array(let steps)? = try json("explain", "203.0.113.9", "--json", "--config", again.configuration)["steps"] else {
            throw Failure("no steps")
        }
        #expect(steps.first?.string("listed_at") == String(listed))
    }

    @Test("a server that nobody who is trusted vouches for is asked for nothing")
    func untrusted() throws {
        let scene = try Scene(isTrusted: false, "203.0.113.9\n")
        let line = try scene.daemon.waitForLine { $0.event == "list" && $0["state"] == "failed" }
        #expect(line["error"]?.contains("certificate") ?? false, "\(line)")
        #expect(scene.server.requests.isEmpty)
    }

    @Test("an office is admitted by its name, from the address that the name stands for now and from no other")
    func office() throws {
        let folder = try TemporaryFolder()
        let hosts = try folder.write("8.8.8.8 office.dyn.example.net\n", to: "hosts")
        let upstream = try ScriptedUpstream(path: folder.file("upstream.sock"), .echo)
        // A network of its own, where these addresses are this machine's, and names are what the file says.
        let setup = [
            "set -e", "ip link set lo up", "ip address add 8.8.8.8/32 dev lo", "ip address add 8.8.4.4/32 dev lo",
            "mount --bind \(hosts) /etc/hosts", "exec \"$0\" \"$@\"",
        ]
        let user = geteuid() == 0 ? [] : ["--user", "--map-root-user"]
        let daemon = try Daemon(
            upstream: upstream.url, settings: "state: \(folder.file("state"))\ncontrol: \(folder.file("control.sock"))",
            launcher: ["unshare", "--net", "--mount"] + user + ["sh", "-c", setup.joined(separator: "\n")])
        let network = NetworkNamespace(of: daemon)
        func status(from address: String) throws -> Int? {
            try network.curl("https://127.0.0.1:\(daemon.port)/", "--interface", address).status
        }
        #expect(try status(from: "8.8.8.8") == nil)
        try daemon.rewriteConfiguration(
            "  - \"127.0.0.2\"\n", "  - \"127.0.0.2\"\n  - {hosts: office.dyn.example.net, label: office}\n")
        try daemon.reload()
        try daemon.waitForLine { $0.event == "list" && $0["state"] == "changed" && $0["added"] == "8.8.8.8" }
        #expect(try status(from: "8.8.8.8") == 200)
        #expect(try status(from: "8.8.4.4") == nil)
        try Data("8.8.4.4 office.dyn.example.net\n".utf8).write(to: URL(fileURLWithPath: hosts))
        try daemon.reload()
        try daemon.waitForLine { $0.event == "list" && $0["state"] == "changed" && $0["removed"] == "8.8.8.8" }
        #expect(try status(from: "8.8.4.4") == 200)
        #expect(try status(from: "8.8.8.8") == nil)
        // What the internet doesn't route is taken for nothing.
        try Data("127.0.0.9 office.dyn.example.net\n".utf8).write(to: URL(fileURLWithPath: hosts))
        try daemon.reload()
        try daemon.waitForLine { $0.event == "list" && $0["state"] == "failed" }
        #expect(try status(from: "127.0.0.9") == nil)
        #expect(try status(from: "8.8.4.4") == 200)
    }
}
