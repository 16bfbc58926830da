import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Turns of the control thread")
struct ServiceLoopTests {
    private func denial(_ address: String) throws -> DenialSummary {
        DenialSummary(
            peer: try peer(address), reason: .notListed, count: 1, firstMilliseconds: GrantScene.start.milliseconds,
            lastMilliseconds: GrantScene.start.milliseconds, sources: 1)
    }

    private func recorded(_ scene: ServiceScene) -> Int64 {
        scene.ledger?.recentDenials(listing: { _ in nil }, at: scene.now, top: 20, rowsMax: 100)?.total ?? -1
    }

    private func goesOn(_ turn: ServiceLoop.Turn) -> Bool {
        if case .goesOn = turn { true } else { false }
    }

    // MARK: Waiting

    @Test("it waits for whatever is due next, and for nothing that is due")
    func patience() throws {
        let scene = try ServiceScene()
        var loop = scene.loop()
        #expect(loop.patience() == 0)
        #expect(goesOn(loop.turn([])))
        // What came is written down every second.
        #expect(loop.patience() == 1_000)
        _ = try scene.service.grant(
            try GrantRequest(address: "192.0.2.9", seconds: 1, reason: "x"), by: GrantScene.alice, at: scene.now)
        #expect(loop.patience() == 1_000)
        scene.clock.turn(milliseconds: 400)
        #expect(loop.patience() == 600)
        scene.clock.turn(milliseconds: 600)
        #expect(loop.patience() == 0)
    }

    @Test("what the calendar has passed by a jump ends at once")
    func calendar() throws {
        let scene = try ServiceScene()
        var loop = scene.loop()
        _ = try scene.service.grant(
            try GrantRequest(address: "192.0.2.9", seconds: 60, reason: "x"), by: GrantScene.alice, at: scene.now)
        scene.clock.setCalendar(scene.now.advanced(byMilliseconds: 61_000))
        #expect(loop.patience() == 0 && goesOn(loop.turn([])))
        #expect(scene.plane.allowed == ["192.0.2.1"])
    }

    @Test("what isn't there isn't waited for")
    func sources() throws {
        let scene = try ServiceScene(hasLedger: false)
        let sources = scene.loop().sources
        #expect(sources[.control] == nil && sources[.successor] == nil && sources[.statusPage] == nil)
        #expect(sources[.signals] != nil && sources[.files] != nil && sources[.denials] != nil)
    }

    // MARK: What is recorded

    @Test("denials are written at once, and what follows at most every second")
    func denials() throws {
        let scene = try ServiceScene()
        var loop = scene.loop()
        scene.plane.denials = [try denial("198.51.100.1")]
        _ = loop.turn([.denials])
        #expect(recorded(scene) == 1)
        scene.plane.denials = [try denial("198.51.100.2")]
        _ = loop.turn([.denials])
        // It is known that some wait: the descriptor is readable all that time.
        #expect(loop.sources[.denials] == nil && recorded(scene) == 1)
        scene.clock.turn(milliseconds: 999)
        _ = loop.turn([])
        #expect(recorded(scene) == 1)
        scene.clock.turn(milliseconds: 1)
        _ = loop.turn([])
        #expect(recorded(scene) == 2 && loop.sources[.denials] != nil)
    }

    @Test("when a source was last seen is written every minute")
    func sourceHistory() throws {
        let scene = try ServiceScene()
        var loop = scene.loop()
        let source = try prefix("192.0.2.1")
        scene.plane.seen = [source: scene.now.milliseconds]
        scene.clock.turn(milliseconds: 59_999)
        _ = loop.turn([])
        #expect(scene.ledger?.sourceHistory()?[source]?.seenAt == nil)
        scene.clock.turn(milliseconds: 1)
        _ = loop.turn([])
        #expect(scene.ledger?.sourceHistory()?[source]?.seenAt == GrantScene.start)
    }

    // MARK: Files

    @Test("a file that was replaced is read half a second after the event, with what came meanwhile")
    func files() throws {
        let scene = try ServiceScene(allow: "[{file: list.txt}]", files: ["list.txt": "192.0.2.1\n"], hasLedger: false)
        var loop = scene.loop()
        try scene.write("192.0.2.2\n192.0.2.77\n", to: "list.txt")
        _ = loop.turn([.files])
        scene.clock.turn(milliseconds: 400)
        try scene.write("192.0.2.3\n", to: "list.txt")
        _ = loop.turn([.files])
        #expect(scene.plane.applied.isEmpty)
        scene.clock.turn(milliseconds: 100)
        _ = loop.turn([])
        #expect(scene.plane.allowed == ["192.0.2.3"] && scene.plane.applied.count == 1)
    }

    @Test("without any event files are looked at every minute")
    func filesWithoutEvents() throws {
        let scene = try ServiceScene(allow: "[{file: list.txt}]", files: ["list.txt": "192.0.2.1\n"], hasLedger: false)
        var loop = scene.loop()
        try scene.write("192.0.2.2\n192.0.2.77\n", to: "list.txt")
        scene.clock.turn(milliseconds: 59_999)
        _ = loop.turn([])
        #expect(scene.plane.applied.isEmpty)
        scene.clock.turn(milliseconds: 1)
        _ = loop.turn([])
        #expect(scene.plane.allowed == ["192.0.2.2", "192.0.2.77"])
    }

    @Test("a list that turns empty keeps who was on it, and is a problem until somebody says so")
    func emptied() throws {
        let scene = try ServiceScene(allow: "[{file: list.txt}]", files: ["list.txt": "192.0.2.1\n"], hasLedger: false)
        var loop = scene.loop()
        try scene.write("# nobody any more\n", to: "list.txt")
        _ = loop.turn([.files])
        scene.clock.turn(milliseconds: 500)
        _ = loop.turn([])
        #expect(scene.plane.applied.isEmpty)
        #expect(scene.plane.takeEvents().contains { $0.hasPrefix("problem kind=files_unusable") })
        scene.signals.waiting = [.hangUp]
        _ = loop.turn([.signals])
        #expect(scene.plane.allowed == [])
        #expect(scene.plane.takeEvents().contains { $0.hasPrefix("problem_over kind=files_unusable") })
    }

    // MARK: Signals

    @Test("a reload that fails is a problem in the same turn, one that succeeds ends it")
    func reload() throws {
        let scene = try ServiceScene(hasLedger: false)
        var loop = scene.loop()
        _ = loop.turn([])
        _ = scene.plane.takeEvents()
        try scene.write("listen: nonsense\n")
        scene.signals.waiting = [.hangUp]
        #expect(goesOn(loop.turn([.signals])))
        let events = scene.plane.takeEvents()
        #expect(events.count == 2 && events[0].hasPrefix("reload_failed by=SIGHUP") && events[1].hasPrefix("problem kind=reload_failed"))
        try scene.write(ServiceScene.text(allow: "[192.0.2.3]"))
        scene.signals.waiting = [.hangUp]
        _ = loop.turn([.signals])
        #expect(scene.plane.allowed == ["192.0.2.3"] && scene.service.configuration.isLastReloadFine)
        #expect(scene.plane.takeEvents().contains { $0.hasPrefix("problem_over kind=reload_failed") })
    }

    @Test(
        "the end begins at once where connections aren't taken a while longer",
        arguments: [.terminate, .interrupt, .quit] as [SignalDescriptor.Signal])
    func drain(signal: SignalDescriptor.Signal) throws {
        let scene = try ServiceScene(hasLedger: false)
        var loop = scene.loop()
        scene.signals.waiting = [signal]
        guard case .drains(handedOverTo: nil) = loop.turn([.signals]) else { throw Failure("it goes on") }
    }

    @Test("where they are, it begins when that time is over; nothing is reloaded meanwhile")
    func leave() throws {
        let scene = try ServiceScene("timeouts: {leave: 3s}", hasLedger: false)
        var loop = scene.loop()
        scene.signals.waiting = [.terminate]
        #expect(goesOn(loop.turn([.signals])) && scene.service.isLeaving)
        #expect(scene.plane.takeEvents().contains("leaving for_ms=3000"))
        scene.clock.turn(milliseconds: 2_999)
        scene.signals.waiting = [.hangUp, .upgrade]
        #expect(goesOn(loop.turn([.signals])) && loop.patience() == 1)
        #expect(scene.plane.applied.isEmpty && !scene.service.parts.phase.isHandingOver)
        scene.clock.turn(milliseconds: 1)
        guard case .drains(handedOverTo: nil) = loop.turn([]) else { throw Failure("it goes on") }
    }

    @Test("who asks for the end again, while connections are still taken, has it at once")
    func stop() throws {
        let scene = try ServiceScene("timeouts: {leave: 3s}", hasLedger: false)
        var loop = scene.loop()
        scene.signals.waiting = [.terminate, .terminate]
        guard case .stops = loop.turn([.signals]) else { throw Failure("it goes on") }
    }

    @Test("while it drains, grants still end, and what the workers counted is written down")
    func whileDraining() throws {
        let scene = try ServiceScene()
        let loop = scene.loop()
        _ = try scene.service.grant(
            try GrantRequest(address: "192.0.2.9", seconds: 1, reason: "x"), by: GrantScene.alice, at: scene.now)
        scene.plane.seen = [try prefix("192.0.2.1"): scene.now.milliseconds]
        let late = try denial("198.51.100.1")
        scene.plane.waits = [
            { scene.clock.turn(milliseconds: 1_000) }, { #expect(scene.plane.allowed == ["192.0.2.1"]) }, { scene.plane.denials = [late] },
        ]
        #expect(loop.drain(handedOverTo: nil) == 0)
        #expect(scene.plane.calls == ["drain"] && scene.plane.waits.isEmpty)
        #expect(recorded(scene) == 1)
        #expect(scene.ledger?.sourceHistory()?[try prefix("192.0.2.1")]?.seenAt == GrantScene.start)
    }

    @Test("who asks again while it drains has the end at once, with another exit status")
    func stopWhileDraining() throws {
        let scene = try ServiceScene(hasLedger: false)
        let loop = scene.loop()
        scene.plane.waits = [{ scene.signals.waiting = [.hangUp, .reopenLog, .interrupt] }, {}]
        #expect(loop.drain(handedOverTo: nil) == 1)
        #expect(scene.plane.calls == ["drain", "stop"] && scene.plane.applied.isEmpty)
    }

    // MARK: The server

    @Test("the shield is looked at when it is rung for, and again when the server has said")
    func shield() throws {
        let scene = try ServiceScene(hasLedger: false)
        var loop = scene.loop()
        _ = loop.turn([])
        #expect(!scene.plane.calls.contains("shield"))
        scene.plane.shieldLook = scene.clock.now.instant.advanced(byMilliseconds: 700)
        _ = loop.turn([.flood])
        #expect(scene.plane.calls == ["shield"] && loop.patience() == 700)
        scene.plane.shieldLook = nil
        scene.clock.turn(milliseconds: 700)
        _ = loop.turn([])
        _ = loop.turn([])
        #expect(scene.plane.calls == ["shield", "shield"])
    }

    @Test("the manager has a sign of life twice in the time after which it would miss one")
    func watchdog() throws {
        let scene = try ServiceScene(environment: ["WATCHDOG_USEC": "3000000"], hasLedger: false)
        var loop = scene.loop()
        for _ in 0..<5 {
            _ = loop.turn([])
            scene.clock.turn(milliseconds: 500)
        }
        // At 0 and at 1.5 seconds.
        #expect(scene.plane.calls == ["alive", "alive"])
    }

    @Test("a ticket system that is down is a problem within two seconds, and no longer when it is up")
    func upstreamDown() throws {
        let scene = try ServiceScene(hasLedger: false)
        var loop = scene.loop()
        _ = loop.turn([])
        scene.plane.upstreams = [ServerStatus.Upstream(name: "http://t", isUp: false)]
        scene.clock.turn(milliseconds: 1_999)
        _ = loop.turn([])
        #expect(!scene.plane.takeEvents().contains { $0.hasPrefix("problem kind=upstream_down") })
        scene.clock.turn(milliseconds: 1)
        _ = loop.turn([])
        #expect(scene.plane.takeEvents().contains { $0.hasPrefix("problem kind=upstream_down") })
        scene.plane.upstreams = []
        scene.clock.turn(milliseconds: 2_000)
        _ = loop.turn([])
        #expect(scene.plane.takeEvents().contains { $0.hasPrefix("problem_over kind=upstream_down") })
    }
}
