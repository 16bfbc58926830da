import Foundation
import Testing

/// Certbot's deploy hook, on a machine that has other certificates too.
@Suite("The certbot hook")
struct CertbotHookTests {
    private let folder: TemporaryFolder
    private let authority: TestAuthority
    private var tls: String { folder.file("tls") }

    init() throws {
        folder = try TemporaryFolder()
        authority = try TestAuthority()
        try FileManager.default.createDirectory(atPath: folder.file("tls"), withIntermediateDirectories: true)
    }

    private struct Run {
        var status: Int32
        var said: String
    }

    /// A certificate for these names comes into certbot's folder.
    private func issue(_ lineage: String, _ names: [String], kind: Certificates.Kind = .ecdsa) throws {
        let leaf = try authority.issue("leaf-\(UInt32.random(in: 0 ... .max))", names: names, kind: kind)
        let live = folder.file("live") + "/" + lineage
        try FileManager.default.createDirectory(atPath: live, withIntermediateDirectories: true)
        for (source, name) in [(leaf.certificate, "fullchain.pem"), (leaf.key, "privkey.pem")] {
            try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: "\(live)/\(name)"))
        }
    }

    /// As certbot runs it, or (`byHand`) an admin.
    private func hook(_ lineage: String, byHand: Bool = false, _ more: [String: String] = [:]) throws -> Run {
        var environment = [
            "RENEWED_LINEAGE": folder.file("live") + "/" + lineage, "GATEKEEPER_TLS": tls, "GATEKEEPER_USER": NSUserName(),
        ].merging(more) { $1 }
        if !byHand { environment["RENEWED_DOMAINS"] = lineage }
        let log = folder.file("log-\(UInt32.random(in: 0 ... .max))")
        let file = try OpenFile(creating: log)
        let path = Daemon.packageRoot.appendingPathComponent("packaging/certbot/gatekeeper").path
        let process = try ChildProcess(path, [], output: file, errors: file, environment: environment)
        guard case .exited(let status) = try process.waitForEnd() else { throw Failure("the hook was killed") }
        return Run(status: status, said: try String(contentsOfFile: log, encoding: .utf8))
    }

    /// Whether what is deployed is this lineage's, key and all.
    private func isDeployed(_ lineage: String) -> Bool {
        ["fullchain.pem", "privkey.pem"].allSatisfy { name in
            FileManager.default.contentsEqual(atPath: "\(tls)/\(name)", andPath: folder.file("live") + "/\(lineage)/\(name)")
        }
    }

    private func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: tls).filter { $0 != "fullchain.pem" && $0 != "privkey.pem" }
    }

    @Test("its own renewals are deployed, another service's are left alone, whatever is renewed when")
    func others() throws {
        try issue("tickets.example.org", ["tickets.example.org"])
        #expect(try hook("tickets.example.org").status == 0)
        for _ in 1...2 {
            try issue("mail.example.org", ["mail.example.org", "imap.example.org"])
            let mail = try hook("mail.example.org")
            #expect(mail.status == 0 && mail.said.contains("mail.example.org is left alone"), "\(mail)")
            #expect(isDeployed("tickets.example.org"))
            try issue("tickets.example.org", ["tickets.example.org"])
            #expect(try hook("tickets.example.org").status == 0)
            #expect(isDeployed("tickets.example.org"))
        }
        #expect(try leftovers() == [])
    }

    @Test(
        "wildcards stand for one label, names are compared as certificates have them, and other names may come along",
        arguments: [
            (["tickets.example.org"], ["*.example.org", "example.org"], true), (["*.example.org"], ["mail.example.org"], false),
            (["a.tickets.example.org"], ["*.example.org"], false), (["*.example.org"], ["*.example.org"], true),
            (["xn--bcher-kva.example.org"], ["XN--BCHER-KVA.example.org", "www.example.org"], true),
            (["tickets.example.org"], ["xtickets.example.org"], false), (["tickets.example.org"], ["ticketsXexample.org"], false),
        ] as [([String], [String], Bool)])
    func names(served: [String], renewed: [String], isTaken: Bool) throws {
        try issue("door", served)
        #expect(try hook("door").status == 0)
        try issue("door", renewed)
        let run = try hook("door")
        #expect(run.status == 0, "\(run)")
        #expect(isDeployed("door") == isTaken, "\(run)")
    }

    @Test("one that lacks a name that is served is an error that somebody sees, and can be meant")
    func fewerNames() throws {
        try issue("door", ["a.example.org", "b.example.org"])
        #expect(try hook("door").status == 0)
        try issue("door", ["a.example.org"])
        let run = try hook("door")
        #expect(run.status == 1 && run.said.contains("isn't for b.example.org, which is served"), "\(run)")
        #expect(!isDeployed("door"))
        #expect(try hook("door", ["GATEKEEPER_LINEAGE": "door"]).status == 0)
        #expect(isDeployed("door"))
    }

    @Test("of two certificates for the same names the one that is served stays, unless the other is named")
    func sameNames() throws {
        try issue("door", ["tickets.example.org"])
        #expect(try hook("door").status == 0)
        try issue("door-rsa", ["tickets.example.org"], kind: .rsa)
        let run = try hook("door-rsa")
        #expect(run.status == 0 && run.said.contains("what is served comes from door"), "\(run)")
        #expect(isDeployed("door"))
        #expect(try hook("door-rsa", ["GATEKEEPER_LINEAGE": "door-rsa"]).status == 0)
        #expect(isDeployed("door-rsa"))
        #expect(try hook("door", ["GATEKEEPER_LINEAGE": "door-rsa"]).status == 0)
        #expect(isDeployed("door-rsa"))
    }

    @Test("the first of several is taken from nobody but an admin")
    func first() throws {
        try issue("mail.example.org", ["mail.example.org"])
        try issue("tickets.example.org", ["tickets.example.org"])
        let run = try hook("mail.example.org")
        #expect(run.status == 1 && run.said.contains("run this by hand once"), "\(run)")
        #expect(try hook("tickets.example.org", byHand: true).status == 0)
        #expect(isDeployed("tickets.example.org"))
        let other = try hook("mail.example.org", byHand: true)
        #expect(other.status == 1 && other.said.contains("GATEKEEPER_LINEAGE=mail.example.org"), "\(other)")
        #expect(isDeployed("tickets.example.org"))
    }

    @Test("run twice it changes nothing, so that the service reads nothing again")
    func twice() throws {
        try issue("door", ["tickets.example.org"])
        #expect(try hook("door").status == 0)
        func inode() throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: tls + "/fullchain.pem")[.systemFileNumber] as? Int
        }
        let before = try inode()
        #expect(try hook("door").status == 0)
        #expect(try inode() == before)
    }

    @Test("a pair that doesn't belong together, is half there or can't be put in place leaves the old one, both files of it")
    func failures() throws {
        try issue("door", ["tickets.example.org"])
        #expect(try hook("door").status == 0)
        let old = try Data(contentsOf: URL(fileURLWithPath: tls + "/privkey.pem"))
        try issue("other", ["tickets.example.org"])
        let live = folder.file("live")
        try FileManager.default.removeItem(atPath: live + "/door/privkey.pem")
        #expect(try hook("door").status == 1)
        try FileManager.default.copyItem(atPath: live + "/other/fullchain.pem", toPath: live + "/door/next.pem")
        try FileManager.default.removeItem(atPath: live + "/door/fullchain.pem")
        try FileManager.default.moveItem(atPath: live + "/door/next.pem", toPath: live + "/door/fullchain.pem")
        try old.write(to: URL(fileURLWithPath: live + "/door/privkey.pem"))
        let mixed = try hook("door")
        #expect(mixed.status == 1 && mixed.said.contains("isn't the key of"), "\(mixed)")
        // A folder in the chain's place can't be replaced by a file.
        try FileManager.default.removeItem(atPath: tls + "/fullchain.pem")
        try FileManager.default.createDirectory(atPath: tls + "/fullchain.pem/x", withIntermediateDirectories: true)
        #expect(try hook("other", byHand: true, ["GATEKEEPER_LINEAGE": "other"]).status == 1)
        #expect(try Data(contentsOf: URL(fileURLWithPath: tls + "/privkey.pem")) == old)
        #expect(try leftovers() == [])
    }
}
