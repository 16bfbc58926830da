import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What stands in for a certificate that is ordered")
struct StandInTests {
    private func served(_ file: String, _ names: [String]) -> ServedCertificate {
        ServedCertificate(file: file, names: names, lifetime: CertificateLifetime(start: GrantScene.start, end: GrantScene.start))
    }

    private func awaited(_ names: [String]) -> Settings.TLS {
        Settings.TLS([.init(path: "/nowhere/fullchain.pem", keyPath: "/nowhere/privkey.pem", awaitedFor: names)])
    }

    @Test("what was served for one of its names does, from one configuration to the next, and nothing else")
    func standIn() {
        let files = Settings.TLS(certificatePath: "/tls/a.pem", keyPath: "/tls/a.key")
        let certificates = [served("/tls/a.pem", ["*.example.org"])]
        var next = awaited(["tickets.example.org"])
        next.keep(files, named: certificates)
        #expect(next.certificates[0].standIn == .init(path: "/tls/a.pem", keyPath: "/tls/a.key"))
        var another = awaited(["tickets.example.org", "b.example.org"])
        another.keep(next, named: certificates)
        #expect(another.certificates[0].standIn == next.certificates[0].standIn)
        var other = awaited(["tickets.example.net", "a.b.example.org"])
        other.keep(files, named: certificates)
        #expect(other.certificates[0].standIn == nil)
        var unserved = awaited(["tickets.example.org"])
        unserved.keep(files, named: [])
        #expect(unserved.certificates[0].standIn == nil)
    }
}

@Suite("Windows for other ACME clients, and what our own orders show")
struct ChallengesInForceTests {
    private let clock = TurnedClock()
    private let plane = FakeDataPlane()
    private let alice = Requester(user: 0, name: "root")

    private func request(_ name: String, _ digit: String = "0") throws -> ChallengeRequest {
        try ChallengeRequest(name: name, digest: String(repeating: digit, count: 64))
    }

    private var shown: [String] { (plane.presented.last ?? []).map(\.name) }

    @Test("a window is open from the answer on, once a name, and closed by command")
    func openAndClose() throws {
        let challenges = ChallengesInForce(on: plane)
        _ = try challenges.open(request("a.example"), by: alice, at: clock.now)
        _ = try challenges.open(request("b.example"), by: alice, at: clock.now)
        _ = try challenges.open(request("a.example", "1"), by: alice, at: clock.now)
        #expect(shown == ["b.example", "a.example"])
        #expect(plane.presented.last?.last?.proof == .handshake(digest: Array(repeating: 0x11, count: 32)))
        _ = try challenges.close("a.example", by: alice)
        #expect(shown == ["b.example"])
        #expect(throws: ControlFailure.self) { try challenges.close("a.example", by: alice) }
        let lines = plane.takeEvents()
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("challenge_opened name=a.example by=root (0) until="))
        #expect(lines[3] == "challenge_closed name=a.example by=root (0)")
    }

    @Test("it closes by itself after ten minutes")
    func end() throws {
        let challenges = ChallengesInForce(on: plane)
        let window = try challenges.open(request("a.example"), by: alice, at: clock.now)
        clock.turn(milliseconds: 599_000)
        challenges.pass(at: clock.now)
        #expect(shown == ["a.example"])
        #expect(challenges.next?.milliseconds(from: clock.now) == 1_000)
        clock.turn(milliseconds: 1_000)
        challenges.pass(at: clock.now)
        #expect(shown.isEmpty && challenges.windows.isEmpty && challenges.next == nil)
        #expect(window.endsAt == clock.now.instant)
        #expect(plane.takeEvents().last == "challenge_closed name=a.example by=its end")
    }

    @Test("what can't be shown isn't open")
    func failure() throws {
        let challenges = ChallengesInForce(on: plane)
        plane.presentRefusal = ServerError(settings: "no memory")
        #expect(throws: ControlFailure.self) { try challenges.open(request("a.example"), by: alice, at: clock.now) }
        #expect(challenges.windows.isEmpty && plane.takeEvents().isEmpty)
    }

    @Test("orders of our own stand beside windows, and their names are taken")
    func own() throws {
        let challenges = ChallengesInForce(on: plane)
        _ = try challenges.open(request("a.example"), by: alice, at: clock.now)
        let own = PendingChallenge(name: "b.example", proof: .page(token: "t", keyAuthorization: "t.k"), endsAt: .distantFuture)
        try challenges.show([own])
        #expect(shown == ["a.example", "b.example"])
        #expect(throws: ControlFailure.self) { try challenges.open(request("b.example"), by: alice, at: clock.now) }
        try challenges.show([])
        #expect(shown == ["a.example"])
        _ = try challenges.open(request("b.example"), by: alice, at: clock.now)
    }

    @Test("only root and the service's user open windows, for names that are served, and it is a problem while one is open")
    func service() throws {
        let scene = try ServiceScene(
            "", tls: "certificates: [{certificate: chain.pem, key: key.pem}, {acme: {names: [a.example, \"192.0.2.7\"]}}]")
        let other = Requester(user: UserName.ownUser &+ 4711, name: nil)
        #expect(throws: ControlFailure.self) { try scene.service.openChallenge(request("a.example"), by: other, at: scene.now) }
        #expect(throws: ControlFailure.self) { try scene.service.openChallenge(request("c.example"), by: alice, at: scene.now) }
        _ = try scene.service.openChallenge(request("a.example"), by: alice, at: scene.now)
        scene.service.problems.judge(at: scene.clock.now)
        let problem = try #require(scene.service.parts.problems.problems.first { $0.kind == .challengeOpen })
        #expect(problem.subject == "a.example" && problem.cure.contains("gatekeeperd challenge close a.example"))
        #expect(throws: ControlFailure.self) { try scene.service.closeChallenge("a.example", by: other) }
        _ = try scene.service.closeChallenge("a.example", by: alice)
        scene.service.problems.judge(at: scene.clock.now)
        #expect(!scene.service.parts.problems.problems.contains { $0.kind == .challengeOpen })
    }
}
