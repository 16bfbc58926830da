import Foundation
import Gatekeeper
import Synchronization
import Testing

@testable import gatekeeperd

@Suite("An order")
struct AcmeOrderTests {
    private let scene: AcmeScene
    private let hour = RenewalPlan.hour

    init() throws {
        scene = try AcmeScene()
    }

    private func failure(_ renewer: AcmeRenewer) -> AcmeState.Failure? { renewer.states.first?.failure }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    // MARK: What works

    @Test("ends with a certificate for its names that fits its key, and the window is shut", arguments: [1, 2])
    func issue(count: Int) throws {
        let names = Array(["tickets.example.org", "help.example.org"].prefix(count))
        let renewer = scene.renewer([AcmeScene.settings(names)])
        _ = renewer.pass()
        #expect(scene.served(names)?.names == names)
        #expect(scene.complaints.isEmpty && scene.board.isClear)
        // All names are shown before the authority is told to look for the first.
        #expect(scene.board.state.withLock(\.history) == [count])
        let state = try #require(renewer.states.first)
        #expect(state.issuedCount == 1 && state.failure == nil && state.due?.why == .lifetime && state.step == .resting)
        #expect(state.account == "https://acme.example/account/1")
        for folder in ["acme", "acme/accounts", "acme/certificates", "acme/certificates/\(names[0])"] {
            #expect(try mode("\(scene.state)/\(folder)") == 0o700)
        }
        for file in ["key.pem", "order.json", "1/fullchain.pem", "1/privkey.pem"] {
            #expect(try mode("\(scene.state)/acme/certificates/\(names[0])/\(file)") == 0o600)
        }
    }

    @Test("a renewal has another key, comes into force as one, and leaves the issue before it alone")
    func renew() throws {
        let renewer = scene.renewer()
        var fingerprints: Set<String> = []
        for _ in 1...4 {
            renewer.renew(nil, isUndue: true)
            _ = renewer.pass()
            fingerprints.insert(try #require(scene.served()?.fingerprint))
        }
        #expect(fingerprints.count == 4 && scene.accountCount == 1)
        let issues = FolderContents.names(in: scene.state + "/acme/certificates/tickets.example.org").compactMap { Int($0) }
        #expect(issues.sorted() == [3, 4])
    }

    @Test("half of all nonces may be refused")
    func badNonces() {
        scene.authority.set { $0.badNoncePercent = 50 }
        let renewer = scene.renewer()
        for _ in 1...5 {
            renewer.renew(nil, isUndue: true)
            _ = renewer.pass()
        }
        #expect(scene.issuedCount == 5 && scene.complaints.isEmpty && failure(renewer) == nil)
    }

    @Test("an authority that refuses every nonce isn't asked for ever")
    func noNonce() {
        scene.authority.set { $0.badNoncePercent = 100 }
        let renewer = scene.renewer()
        _ = renewer.pass()
        #expect(failure(renewer)?.reason == .refused && scene.calls.count < 60)
    }

    @Test("what the authority has made sure of already isn't shown again")
    func reuse() {
        scene.authority.set { $0.reusesAuthorizations = true }
        let renewer = scene.renewer()
        for _ in 1...2 {
            renewer.renew(nil, isUndue: true)
            _ = renewer.pass()
        }
        #expect(scene.issuedCount == 2 && scene.board.state.withLock(\.history) == [1])
    }

    @Test("by a page, and for addresses", arguments: [["tickets.example.org"], ["192.0.2.9", "2001:db8::9"]])
    func others(names: [String]) {
        let settings = AcmeScene.settings(names) { $0.challenge = .page }
        _ = scene.renewer([settings]).pass()
        #expect(scene.served(names)?.names == names && scene.complaints.isEmpty)
        #expect(scene.board.isClear)
    }

    @Test("a wildcard, by a program that is called as lego calls it and cleans up")
    func wildcard() throws {
        let folder = try TemporaryFolder()
        let log = folder.file("log")
        let program = try folder.write("#!/bin/sh\necho \"$@\" >> \(log)\n", to: "records")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let scene = try AcmeScene(records: log)
        let names = ["*.example.org", "example.org"]
        _ = scene.renewer([AcmeScene.settings(names) { $0.challenge = .program(program) }]).pass()
        #expect(scene.served(names)?.names == names)
        #expect(scene.certificatePath(names).hasSuffix("/certificates/_.example.org/current/fullchain.pem"))
        let said = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map { line in
            line.split(separator: " ").prefix(2).joined(separator: " ")
        }
        #expect(said == ["present", "present", "cleanup", "cleanup"].map { "\($0) _acme-challenge.example.org." })
    }

    @Test("a program that fails is quoted")
    func failingProgram() throws {
        let program = try scene.folder.write("#!/bin/sh\necho no such zone >&2\nexit 3\n", to: "records")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let renewer = scene.renewer([AcmeScene.settings { $0.challenge = .program(program) }])
        _ = renewer.pass()
        #expect(failure(renewer)?.reason == .program && failure(renewer)?.text.contains("exits with 3 and says “no such zone”") == true)
    }

    @Test("an account that is bound to a customer's; without one nothing is asked for")
    func binding() throws {
        scene.authority.set { $0.wantsBinding = true }
        let bare = scene.renewer()
        _ = bare.pass()
        #expect(failure(bare)?.text.contains("set eab") == true && scene.accountCount == 0)
        let renewer = scene.renewer([AcmeScene.settings { $0.binding = .init(identifier: "customer-7", key: Array("secret".utf8)) }])
        _ = renewer.pass()
        #expect(scene.served() != nil && scene.complaints.isEmpty)
        #expect(scene.authority.state.withLock { $0.accounts.values.first?.binding } == "customer-7")
    }

    @Test("a contact is told, and told again when it is another; the account stays")
    func contact() {
        for contact in ["a@example.org", "b@example.org", nil] {
            let renewer = scene.renewer([AcmeScene.settings { $0.contact = contact }])
            renewer.renew(nil, isUndue: true)
            _ = renewer.pass()
            let told = scene.authority.state.withLock { $0.accounts.values.first?.contacts }
            #expect(told == contact.map { ["mailto:\($0)"] } ?? [])
        }
        #expect(scene.accountCount == 1 && scene.complaints.isEmpty)
    }

    @Test("a profile is asked for where there is one of that name; else the others are named")
    func profiles() {
        scene.authority.set { $0.profiles = ["classic", "shortlived"] }
        _ = scene.renewer([AcmeScene.settings { $0.profile = "shortlived" }]).pass()
        #expect(scene.authority.state.withLock { $0.orders.last?.profile } == "shortlived")
        let renewer = scene.renewer([AcmeScene.settings { $0.profile = "dance" }])
        _ = renewer.pass()
        #expect(failure(renewer)?.text.contains("it has: classic, shortlived") == true && scene.orderCount == 1)
    }

    // MARK: What goes wrong

    @Test("a name that isn't ours: the authority's words, no token in them, the window shut, the old certificate served, a pause")
    func wrongChallenge() throws {
        let renewer = scene.renewer()
        _ = renewer.pass()
        let before = try #require(scene.served()?.fingerprint)
        scene.authority.set { $0.objections["tickets.example.org"] = ("connection", "203.0.113.7: Timeout of token-1\u{1b}[31m") }
        renewer.renew(nil, isUndue: true)
        _ = renewer.pass()
        let text = try #require(failure(renewer)?.text)
        #expect(failure(renewer)?.reason == .challenge && text.contains("tickets.example.org") && text.contains("(connection)"))
        #expect(text.contains("“203.0.113.7: Timeout of …U+001B[31m”") && text.contains("may everybody reach the port?"))
        #expect(scene.board.isClear && scene.served()?.fingerprint == before)
        let count = scene.calls.count { $0 == "/order" }
        scene.run(renewer, milliseconds: 14 * 60_000)
        #expect(scene.calls.count { $0 == "/order" } == count)
        // Another order, as the old one leads nowhere.
        scene.authority.set { $0.objections = [:] }
        scene.run(renewer, milliseconds: 5 * 60_000)
        #expect(scene.orderCount == 3 && scene.served()?.fingerprint != before && failure(renewer) == nil)
    }

    @Test("an authority without the challenge, a board that can't show, an account that was closed: each is told with what to do")
    func refusals() {
        scene.board.state.withLock { $0.isBroken = true }
        let broken = scene.renewer()
        _ = broken.pass()
        #expect(failure(broken)?.reason == .window && failure(broken)?.text.contains("Address already in use") == true)
        scene.authority.set { $0.offers = ["http-01"] }
        let other = scene.renewer([AcmeScene.settings(["other.example.org"])])
        _ = other.pass()
        #expect(failure(other)?.text.contains("doesn't offer tls-alpn-01 for other.example.org") == true)
        scene.authority.state.withLock { state in for key in state.accounts.keys { state.accounts[key]?.isActive = false } }
        let closed = scene.renewer([AcmeScene.settings(["third.example.org"])])
        _ = closed.pass()
        #expect(
            failure(closed)?.text.contains("account is deactivated") == true && failure(closed)?.text.contains("remove its folder") == true)
    }

    @Test("an account that the authority has forgotten is made again, with the same key")
    func forgottenAccount() {
        let renewer = scene.renewer()
        _ = renewer.pass()
        scene.authority.state.withLock { state in
            state.accounts = ["https://acme.example/account/99": .init(x: [], y: [], contacts: [])]
        }
        renewer.renew(nil, isUndue: true)
        _ = renewer.pass()
        #expect(scene.issuedCount == 2 && failure(renewer) == nil && scene.complaints.isEmpty)
    }

    @Test("an account whose key is lost is another's: there is one with the new key from then on")
    func lostKey() throws {
        let renewer = scene.renewer()
        _ = renewer.pass()
        try DurableFile.remove(AcmeStore(root: AcmeSettings.root(state: scene.state)).accountFolder(of: AcmeScene.settings()) + "/key.pem")
        renewer.renew(nil, isUndue: true)
        _ = renewer.pass()
        #expect(scene.issuedCount == 2 && scene.accountCount == 2 && failure(renewer) == nil && scene.complaints.isEmpty)
    }

    @Test("a certificate that can't be used takes no other's place", arguments: ["garbage", "other names", "cut"])
    func wrongCertificate(kind: String) throws {
        let renewer = scene.renewer()
        _ = renewer.pass()
        let before = try #require(scene.served()?.fingerprint)
        let bytes: [UInt8]
        switch kind {
        case "garbage": bytes = Array("<html>".utf8)
        case "other names": bytes = Array(try Data(contentsOf: URL(fileURLWithPath: try TestAuthority().issue("x").certificate)))
        default: bytes = Array(try Data(contentsOf: URL(fileURLWithPath: scene.certificatePath())).dropLast(40))
        }
        scene.authority.set { $0.download = bytes }
        renewer.renew(nil, isUndue: true)
        _ = renewer.pass()
        #expect(failure(renewer)?.reason == .answer && scene.served()?.fingerprint == before)
        scene.authority.set { $0.download = nil }
        scene.run(renewer, milliseconds: hour)
        #expect(scene.served()?.fingerprint != before && failure(renewer) == nil)
    }

    @Test("a disk that takes nothing more: the old certificate is served, and the new one comes when there is room")
    func fullDisk() throws {
        let first = scene.renewer()
        _ = first.pass()
        let before = try #require(scene.served()?.fingerprint)
        let full = scene.renewer(willChange: { path throws(SystemError) in throw SystemError("write \(path)", code: ENOSPC) })
        full.renew(nil, isUndue: true)
        scene.run(full, milliseconds: 3 * hour)
        #expect(failure(full)?.reason == .storage && failure(full)?.text.contains("No space left") == true)
        #expect(scene.served()?.fingerprint == before && scene.orderCount == 1)
        let again = scene.renewer()
        again.renew(nil, isUndue: true)
        _ = again.pass()
        #expect(scene.served()?.fingerprint != before)
    }

    @Test("one that fails doesn't keep another from its certificate")
    func several() {
        scene.authority.set { $0.objections["bad.example.org"] = ("dns", "NXDOMAIN") }
        let renewer = scene.renewer([AcmeScene.settings(["bad.example.org"]), AcmeScene.settings(["good.example.org"])])
        _ = renewer.pass()
        #expect(renewer.states.map { $0.failure?.reason } == [.challenge, nil])
        #expect(scene.served(["good.example.org"]) != nil)
    }

    @Test("other names, another authority or another profile is ordered at once")
    func changed() {
        _ = scene.renewer().pass()
        let names = AcmeScene.names + ["more.example.org"]
        let renewer = scene.renewer([AcmeScene.settings(names)])
        #expect(renewer.states.first?.due?.why == .changed)
        _ = renewer.pass()
        #expect(scene.served(names)?.names == names)
        #expect(scene.renewer([AcmeScene.settings { $0.profile = "x" }]).states.first?.due?.why == .changed)
        #expect(scene.renewer([AcmeScene.settings { $0.directory = "https://other.example/dir" }]).states.first?.due?.why == .changed)
        // One name less is no reason.
        #expect(scene.renewer().states.first?.due?.why == .lifetime)
    }

    @Test("a dry run goes the whole way and keeps nothing of it")
    func dryRun() {
        let renewer = scene.renewer()
        renewer.tryOut(AcmeScene.names, directory: ScriptedAuthority.root + "/dir")
        #expect(renewer.states.first?.dryRun?.failure == nil && renewer.states.first?.dryRun != nil)
        #expect(scene.issuedCount == 1 && scene.served() == nil && scene.board.isClear)
        #expect(FolderContents.names(in: scene.state + "/acme").isEmpty)
        scene.authority.set { $0.objections["tickets.example.org"] = ("caa", "CAA record forbids") }
        renewer.tryOut(AcmeScene.names, directory: ScriptedAuthority.root + "/dir")
        #expect(renewer.states.first?.dryRun?.failure?.contains("“CAA record forbids”") == true)
        #expect(renewer.states.first?.failure == nil)
    }

    @Test("who isn't to order asks nobody")
    func withheld() {
        let renewer = scene.renewer(mayOrder: false)
        scene.run(renewer, milliseconds: hour)
        #expect(scene.calls.isEmpty && renewer.states.first?.step == .withheld)
    }
}
