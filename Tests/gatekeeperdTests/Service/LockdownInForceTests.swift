import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("A lockdown, as time passes")
struct LockdownInForceTests {
    private static let two = "[{address: 192.0.2.1, label: Vendor}, {address: 192.0.2.2, label: office}, 192.0.2.3]"

    private func scene(hasState: Bool = true) throws -> ServiceScene {
        let scene = try ServiceScene(allow: Self.two, hasState ? "state: state" : "")
        if hasState { try FileManager.default.createDirectory(atPath: scene.folder.file("state"), withIntermediateDirectories: false) }
        return scene
    }

    private func begin(_ scene: ServiceScene, keep: [String] = [], seconds: Int? = nil) throws -> LockdownReport {
        try scene.service.lockdown(keep: keep, seconds: seconds, by: GrantScene.alice, at: scene.now)
    }

    /// Whom the server lets in.
    private func admitted(_ scene: ServiceScene) -> [String] {
        (scene.plane.admitted.last ?? []).filter { $0.lockdown == .none }.map(\.prefix.description)
    }

    /// What a process that starts now would find.
    private func restarted(_ scene: ServiceScene, boot: String? = "this") -> LockdownInForce {
        LockdownInForce(folder: scene.folder.file("state"), boot: boot, at: scene.clock.now)
    }

    @Test("everybody is out but who is kept, until it is ended; who did it is in the log")
    func story() throws {
        let scene = try scene()
        _ = scene.plane.takeEvents()
        let report = try begin(scene, keep: ["office", "office"])
        #expect(admitted(scene) == ["192.0.2.2"] && scene.plane.allowed.count == 3)
        #expect(report.warnings.isEmpty && report.lockdown?.scope == "everybody is shut out but office")
        #expect(scene.plane.takeEvents() == ["lockdown state=begun keep=office until=ended by=alice (1000)"])
        _ = try scene.service.endLockdown(by: GrantScene.bob, at: scene.now)
        #expect(admitted(scene) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
        #expect(scene.plane.takeEvents().contains("lockdown state=ended by=user 1001"))
        #expect(throws: ControlFailure.self) { try scene.service.endLockdown(by: GrantScene.bob, at: scene.now) }
    }

    @Test("without anybody who is kept nobody is let in; asked for again it says anew who is")
    func again() throws {
        let scene = try scene()
        _ = try begin(scene)
        #expect(admitted(scene) == [])
        scene.clock.turn(milliseconds: 60_000)
        let report = try begin(scene, keep: ["Vendor", "192.0.2.3"])
        #expect(admitted(scene) == ["192.0.2.1", "192.0.2.3"] && report.lockdown?.since == GrantScene.start)
    }

    @Test(
        "a label that nobody has changes nothing, and is told with what was meant",
        arguments: [("Ofice", "did you mean office?"), ("192.0.2.2", "--keep \"office\""), ("198.51.100.1", "192.0.2.3")])
    func unknown(name: String, hint: String) throws {
        let scene = try scene()
        let failure = #expect(throws: ControlFailure.self) { try begin(scene, keep: ["Vendor", name]) }
        #expect(failure?.message.contains(hint) ?? false, "\(failure?.message ?? "")")
        #expect(scene.service.parts.lockdown.current == nil && scene.plane.admitted.isEmpty)
    }

    @Test("a reload and another configuration that is applied don't end it, and what they list anew is shut out, too")
    func reloaded() throws {
        let scene = try scene()
        _ = try begin(scene, keep: ["office"])
        try scene.write(ServiceScene.text(allow: "[{address: 192.0.2.2, label: office}, 192.0.2.8]", "state: state"))
        guard case .applied = scene.service.reload(by: GrantScene.alice, at: scene.now) else { throw Failure("not applied") }
        #expect(admitted(scene) == ["192.0.2.2"] && scene.plane.allowed.count == 2)
        try scene.apply(ServiceScene.text(allow: "[192.0.2.8]", "state: state"), confirmWithinSeconds: 60)
        #expect(admitted(scene) == [])
        scene.clock.turn(milliseconds: 61_000)
        scene.pass()
        #expect(admitted(scene) == ["192.0.2.2"])
    }

    @Test("a grant from before admits nobody, one made meanwhile only if that is said, and a revoked one never comes back")
    func grants() throws {
        let scene = try scene()
        func grant(_ address: String, isDuring: Bool) throws -> GrantOutcome {
            var request = try GrantRequest(address: address, seconds: 3600, reason: "update")
            request.isDuringLockdown = isDuring
            return try scene.service.grant(request, by: GrantScene.alice, at: scene.now)
        }
        #expect(throws: ControlFailure.self) { try grant("192.0.2.1", isDuring: true) }
        _ = try grant("198.51.100.1", isDuring: false)
        #expect(try begin(scene).notes == ["1 grant that was there admits nobody until then"])
        #expect(try grant("198.51.100.2", isDuring: false).isShutOut)
        #expect(admitted(scene) == [])
        #expect(try !grant("198.51.100.3", isDuring: true).isShutOut)
        // Listed, and shut out otherwise.
        #expect(try !grant("192.0.2.1", isDuring: true).isShutOut)
        #expect(admitted(scene).sorted() == ["192.0.2.1", "198.51.100.3"])
        // There already: it is let in all the same.
        #expect(try !grant("198.51.100.2", isDuring: true).isShutOut)
        #expect(admitted(scene).count == 3)
        #expect(restarted(scene, boot: LockdownRecord.bootIdentifier()).current?.grants.count == 3)
        _ = try scene.service.revoke(try prefix("198.51.100.3"), by: GrantScene.bob, at: scene.now)
        #expect(try grant("198.51.100.3", isDuring: false).isShutOut)
        #expect(admitted(scene).count == 2)
        _ = try scene.service.endLockdown(by: GrantScene.bob, at: scene.now)
        #expect(admitted(scene).count == 7)
    }

    @Test("--for goes by the clock that nobody can set, and the calendar's end follows the calendar")
    func time() throws {
        let scene = try scene()
        #expect(try begin(scene, seconds: 3600).lockdown?.endsAt == GrantScene.start.advanced(byMilliseconds: 3_600_000))
        for step: Int64 in [7_200_000, -86_400_000, 0] {
            scene.clock.setCalendar(GrantScene.start.advanced(byMilliseconds: step))
            scene.pass()
            #expect(admitted(scene) == [])
            #expect(scene.service.parts.lockdown.current?.endsAt == GrantScene.start.advanced(byMilliseconds: step + 3_600_000))
        }
        scene.clock.turn(milliseconds: 3_599_999)
        scene.pass()
        #expect(admitted(scene) == [])
        _ = scene.plane.takeEvents()
        scene.clock.turn(milliseconds: 1)
        scene.pass()
        #expect(admitted(scene).count == 3 && scene.service.parts.lockdown.next == nil)
        #expect(scene.plane.takeEvents().contains("lockdown state=ended by=its time is up"))
        #expect(restarted(scene).current == nil)
    }

    @Test("a restart finds it, for as long as was left by the clock of this boot, whatever the calendar says by then")
    func restart() throws {
        let scene = try scene()
        let lockdown = LockdownInForce(folder: scene.folder.file("state"), boot: "this", at: scene.clock.now)
        _ = lockdown.begin(keep: ["office"], seconds: 3600, by: GrantScene.alice, at: scene.clock.now)
        let attributes = try FileManager.default.attributesOfItem(atPath: scene.folder.file("state/lockdown"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        scene.clock.turn(milliseconds: 1_800_000)
        scene.clock.setCalendar(GrantScene.start.advanced(byMilliseconds: 86_400_000))
        let found = restarted(scene)
        #expect(found.current?.keep == ["office"] && found.current?.requester == GrantScene.alice)
        #expect(found.next == .instant(scene.clock.now.instant.advanced(byMilliseconds: 1_800_000)))
    }

    @Test(
        "after another boot the calendar says how long, and never longer than was asked for",
        arguments: [(1_800_000, 1_800_000), (-86_400_000, 3_600_000), (7_200_000, 0)] as [(Int64, Int)])
    func reboot(calendar: Int64, left: Int) throws {
        let scene = try scene()
        _ = try begin(scene, seconds: 3600)
        scene.clock.setCalendar(GrantScene.start.advanced(byMilliseconds: calendar))
        #expect(restarted(scene, boot: "another").next == .instant(scene.clock.now.instant.advanced(byMilliseconds: left)))
    }

    @Test("one without an end has none after a restart")
    func endless() throws {
        let scene = try scene()
        _ = try begin(scene)
        scene.clock.turn(milliseconds: 90 * 86_400_000)
        #expect(restarted(scene).current != nil && restarted(scene).next == nil)
    }

    @Test(
        "what isn't a record of ours means that everybody is shut out, whoever was kept",
        arguments: [
            "", "{}", "{\"gatekeeper_lockdown\":1}", "{\"gatekeeper_lockdown\":2,\"since_ms\":1,\"keep\":[],\"grants\":[]}",
            "{\"gatekeeper_lockdown\":1,\"since_ms\":1,\"keep\":[1],\"grants\":[]}",
            "{\"gatekeeper_lockdown\":1,\"since_ms\":1,\"keep\":[\"office\"],\"grants\":[],\"for_seconds\":60}",
            "{\"gatekeeper_lockdown\":1,\"since_ms\":1,\"keep\":[],\"grants\":[{\"row\":1,\"address\":\"nobody\"}]}",
        ])
    func illegible(text: String) throws {
        let scene = try scene()
        try scene.write(text, to: "state/lockdown")
        let lockdown = restarted(scene)
        let entry = Settings.AllowEntry(prefix: try prefix("192.0.2.2"), label: "office")
        #expect(lockdown.current?.effect(on: entry, at: scene.now) == .shutOut)
        #expect(lockdown.current?.obstacle?.contains("state/lockdown says whether there is a lockdown") ?? false)
        #expect(lockdown.end(by: "alice", at: scene.clock.now) != nil)
        #expect(restarted(scene).current == nil)
    }

    @Test("one that can't be read at all means the same, is a problem, and is ended by command")
    func unreadable() throws {
        let scene = try scene()
        try FileManager.default.createDirectory(atPath: scene.folder.file("state/lockdown"), withIntermediateDirectories: false)
        #expect(scene.service.parts.lockdown.follow(at: scene.clock.now))
        scene.service.problems.judge(at: scene.clock.now)
        let problem = try #require(scene.service.parts.problems.problems.first { $0.kind == .lockdown })
        #expect(problem.text.contains("state/lockdown") && problem.cure.contains("lockdown --end"))
        _ = try scene.service.endLockdown(by: GrantScene.alice, at: scene.now)
        #expect(!FileManager.default.fileExists(atPath: scene.folder.file("state/lockdown")))
        #expect(admitted(scene).count == 3)
    }

    @Test("what can't be written shuts out all the same, says that a restart would end it, and is tried again")
    func unwritable() throws {
        let scene = try ServiceScene(allow: Self.two, "state: state")
        let report = try begin(scene)
        #expect(admitted(scene) == [] && report.warnings.count == 1)
        scene.service.problems.judge(at: scene.clock.now)
        #expect(scene.service.parts.problems.problems.contains { $0.kind == .lockdownUnrecorded })
        try FileManager.default.createDirectory(atPath: scene.folder.file("state"), withIntermediateDirectories: false)
        scene.clock.turn(milliseconds: 10_000)
        scene.pass()
        #expect(scene.service.parts.lockdown.current?.transience == nil && restarted(scene).current != nil)
    }

    @Test("without a state folder it works, says that it won't survive a restart, and no new binary takes over")
    func stateless() throws {
        let scene = try scene(hasState: false)
        let report = try begin(scene, keep: ["office"])
        #expect(admitted(scene) == ["192.0.2.2"])
        #expect(report.warnings.first?.contains("won't survive a restart") ?? false)
        #expect(scene.service.parts.lockdown.isLostBySuccession)
    }

    @Test("it is a problem with since when, until when and by whom, and is told by status and metrics")
    func told() throws {
        let scene = try scene()
        _ = try begin(scene, keep: ["office"], seconds: 3600)
        scene.service.problems.judge(at: scene.clock.now)
        let problem = try #require(scene.service.parts.problems.problems.first { $0.kind == .lockdown })
        #expect(problem.since == GrantScene.start)
        #expect(problem.text == "there is a lockdown, until 2027-01-15T09:00:00Z, by alice (1000): everybody is shut out but office")
        let report = scene.service.status(at: scene.now)
        #expect(Lockdown(status: try #require(report.json["lockdown"]))?.keep == ["office"])
        #expect(StatusText(report: report, now: scene.now).lines.contains { $0.hasPrefix("lockdown: everybody is shut out but office") })
    }

    @Test("which boot this is is what the unit says, or the kernel, in whatever way the digits are parted")
    func boot() {
        let digits = String(repeating: "0a1b2c3d", count: 4)
        #expect(LockdownRecord.bootIdentifier(environment: { _ in digits }) == digits)
        #expect(LockdownRecord.bootIdentifier(environment: { _ in "0A1B2C3D-0a1b-2c3d-0a1b-2c3d0a1b2c3d" }) == digits)
        #expect(LockdownRecord.bootIdentifier(environment: { _ in "%b" }) == LockdownRecord.bootIdentifier(environment: { _ in nil }))
    }

    @Test("an entry that has ended is no way in for whom a lockdown shuts out, though it is kept")
    func ended() throws {
        let allow =
            "[{address: 192.0.2.0/24, label: office}, {address: 192.0.2.1, label: Vendor}, "
            + "{address: 192.0.2.1, label: old, until: 2027-01-15T08:10:00Z}]"
        let scene = try ServiceScene(allow: allow, "state: state")
        try FileManager.default.createDirectory(atPath: scene.folder.file("state"), withIntermediateDirectories: false)
        func vendor() throws -> AllowList.Match {
            AllowList(scene.plane.admitted.last ?? []).find(
                try PeerAddress(parsing: "192.0.2.1"), nowUnixSeconds: scene.now.milliseconds / 1000)
        }
        _ = try begin(scene, keep: ["office", "old"])
        if case .entry = try vendor() {} else { Issue.record("the entry that is kept lets it in until it ends") }
        scene.clock.turn(milliseconds: 11 * 60_000)
        scene.pass()
        if case .shutOut = try vendor() {} else { Issue.record("\(try vendor())") }
    }

    @Test("another state folder would leave it behind, so nothing of that configuration comes into force")
    func elsewhere() throws {
        let scene = try scene()
        _ = try begin(scene)
        func obstacle(_ folder: String?) -> String? {
            var next = scene.configuration.current.configuration
            next.statePath = folder
            return scene.service.parts.state.obstacle(to: next, at: scene.now)
        }
        #expect(obstacle(scene.folder.file("state")) == nil)
        #expect(obstacle("/elsewhere")?.contains("a lockdown would stay behind") == true)
        #expect(obstacle("/elsewhere")?.contains("move what is to go on") == true)
        #expect(obstacle(nil)?.contains("which begins without that") == true)
        _ = try scene.service.endLockdown(by: GrantScene.alice, at: scene.now)
        #expect(obstacle("/elsewhere")?.contains("lockdown") == false)
    }

    @Test("whoever ends it takes the file away, whatever has become of it; a time that is up leaves another's, says so, and is done")
    func meddledWith() throws {
        let scene = try scene()
        _ = try begin(scene)
        try scene.write("meddled with", to: "state/lockdown")
        #expect(try scene.service.endLockdown(by: GrantScene.alice, at: scene.now).warnings.isEmpty)
        #expect(restarted(scene).current == nil)
        _ = try begin(scene, seconds: 60)
        try scene.write("meddled with", to: "state/lockdown")
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.service.parts.lockdown.current == nil && scene.service.parts.lockdown.next == nil)
        scene.service.problems.judge(at: scene.clock.now)
        #expect(scene.service.parts.problems.problems.contains { $0.kind == .lockdownUnrecorded })
    }

    @Test("the record of a newer process isn't taken away by one that is about to go")
    func successor() throws {
        let scene = try scene()
        _ = try begin(scene, seconds: 60)
        let heir = restarted(scene, boot: LockdownRecord.bootIdentifier())
        _ = heir.begin(keep: [], seconds: nil, by: GrantScene.bob, at: scene.clock.now)
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(restarted(scene).current?.requester == GrantScene.bob)
    }
}
