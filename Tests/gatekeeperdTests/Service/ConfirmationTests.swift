import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("A configuration that waits to be confirmed")
struct ConfirmationTests {
    private let other = ServiceScene.text(allow: "[192.0.2.2]")

    @Test("it is taken back at its moment, and not before")
    func timeIsUp() throws {
        let scene = try ServiceScene()
        try scene.apply(other, confirmWithinSeconds: 120)
        #expect(scene.plane.allowed == ["192.0.2.2"])
        #expect(scene.service.confirmation.next == .calendar(scene.now.advanced(byMilliseconds: 120_000)))
        scene.clock.turn(milliseconds: 119_999)
        scene.pass()
        #expect(scene.plane.applied.count == 1 && scene.ledger?.rememberedPending() != nil)
        _ = scene.plane.takeEvents()
        scene.clock.turn(milliseconds: 1)
        scene.pass()
        #expect(scene.plane.allowed == ["192.0.2.1"])
        #expect(
            scene.plane.takeEvents().contains { $0.hasPrefix("reloaded generation=3 by=\(scene.folder.path)/other.yaml was not confirmed") }
        )
        #expect(scene.service.confirmation.next == nil && scene.ledger?.rememberedPending() == nil)
    }

    @Test("once confirmed it stays, and what belongs into the file is told")
    func confirmed() throws {
        let scene = try ServiceScene()
        try scene.apply(other, confirmWithinSeconds: 120)
        let report = try scene.service.confirm(by: GrantScene.bob, at: scene.now)
        #expect(report.generation == 2 && report.text == other && report.target == scene.folder.file("gatekeeper.yaml"))
        scene.clock.turn(milliseconds: 500_000)
        scene.pass()
        #expect(scene.plane.allowed == ["192.0.2.2"] && scene.plane.applied.count == 1)
        #expect(throws: ControlFailure.self) { try scene.service.confirm(by: GrantScene.bob, at: scene.now) }
    }

    @Test("a reload ends the wait, one that fails doesn't")
    func reload() throws {
        let scene = try ServiceScene()
        try scene.apply(other, confirmWithinSeconds: 120)
        try scene.write("listen: nonsense\n")
        guard case .kept = scene.service.reload(askedBy: "test", at: scene.now) else { throw Failure("not kept") }
        #expect(scene.service.confirmation.pending != nil)
        try scene.write(ServiceScene.text(allow: "[192.0.2.3]"))
        guard case .applied = scene.service.reload(askedBy: "test", at: scene.now) else { throw Failure("not applied") }
        #expect(scene.service.confirmation.pending == nil && scene.ledger?.rememberedPending() == nil)
        #expect(scene.plane.allowed == ["192.0.2.3"])
    }

    @Test("of several in a row, what was in force before the first comes back")
    func again() throws {
        let scene = try ServiceScene(hasLedger: false)
        try scene.apply(other, confirmWithinSeconds: 120)
        try scene.apply(ServiceScene.text(allow: "[192.0.2.3]"), confirmWithinSeconds: 60)
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.allowed == ["192.0.2.1"])
    }

    @Test("where what was before can't be served any more, what lies on disk is")
    func beforeIsGone() throws {
        let scene = try ServiceScene(hasLedger: false)
        try scene.apply(other, confirmWithinSeconds: 60)
        try scene.write(ServiceScene.text(allow: "[192.0.2.4]"))
        scene.plane.refusal = ServerError(settings: "no")
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.allowed == ["192.0.2.4"] && scene.configuration.generation == 3)
    }

    @Test("what the server refuses never comes into force, and nothing waits")
    func refused() throws {
        let scene = try ServiceScene(hasLedger: false)
        scene.plane.refusal = ServerError(settings: "no")
        #expect(try scene.apply(other, confirmWithinSeconds: 60) == .kept(errors: ["no"]))
        #expect(scene.configuration.generation == 1 && scene.service.confirmation.pending == nil)
    }

    @Test("while a new binary takes over, nothing is taken back and nobody may change anything")
    func handingOver() throws {
        let scene = try ServiceScene(hasLedger: false)
        try scene.apply(other, confirmWithinSeconds: 60)
        scene.service.parts.phase.isHandingOver = true
        #expect(scene.service.confirmation.next == nil)
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.allowed == ["192.0.2.2"])
        #expect(throws: ControlFailure.self) { try scene.apply(other, confirmWithinSeconds: nil) }
        #expect(throws: ControlFailure.self) { try scene.service.confirm(by: GrantScene.alice, at: scene.now) }
        guard case .kept = scene.service.reload(askedBy: "test", at: scene.now) else { throw Failure("not kept") }
        #expect(scene.configuration.isLastReloadFine)
    }

    @Test("over a restart it goes on until its moment, and is over after that")
    func restart() throws {
        let scene = try ServiceScene()
        try scene.apply(other, confirmWithinSeconds: 60)
        let reading = try scene.configuration.source.read()
        func resume() -> (reading: ConfigurationSource.Reading, pending: PendingConfiguration?) {
            Confirmation.resume(reading, from: scene.configuration.source, ledger: scene.ledger, at: scene.now)
        }
        scene.clock.turn(milliseconds: 59_999)
        let resumed = resume()
        #expect(resumed.reading.configuration.settings.allow.map(\.prefix.description) == ["192.0.2.2"])
        #expect(resumed.pending?.file == scene.folder.file("other.yaml"))
        scene.clock.turn(milliseconds: 1)
        let over = resume()
        #expect(over.pending == nil && over.reading.configuration.settings.allow.map(\.prefix.description) == ["192.0.2.1"])
        #expect(scene.ledger?.rememberedPending() == nil)
    }

    @Test("status tells until when, and who has asked")
    func status() throws {
        let scene = try ServiceScene(hasLedger: false)
        try scene.apply(other, confirmWithinSeconds: 60)
        let pending = try #require(scene.service.status(at: scene.now).pendingConfirmation)
        #expect(pending.askedBy == GrantScene.alice && pending.deadline == scene.now.advanced(byMilliseconds: 60_000))
    }
}
