import Foundation
import Gatekeeper
import Synchronization
import Testing

@testable import gatekeeperd

@Suite("Those who are told of problems, while the service runs")
struct NotifiersInForceTests {
    /// Somebody who takes notices, or doesn't, as the test wants.
    private final class Receiver: Sendable {
        let notices = Mutex<[(notifier: String, notice: Notice)]>([])
        let failure = Mutex<String?>(nil)

        func deliver(_ notice: Notice, _ notifier: Notifier) -> String? {
            notices.withLock { $0.append((notifier.name, notice)) }
            return failure.withLock { $0 }
        }

        var told: [String] {
            notices.withLock {
                $0.map { "\($0.notifier) \($0.notice.event) \(($0.notice.begun + $0.notice.over).map(\.subject).joined())" }
            }
        }
    }

    private static let (a, b) = (Notifier(way: .program("/a")), Notifier(way: .program("/b")))
    private let clock = TurnedClock()
    private let plane = FakeDataPlane()
    private let receiver = Receiver()

    private func notifiers(_ list: [Notifier]) -> NotifiersInForce {
        NotifiersInForce(list, on: plane) { [receiver] in receiver.deliver($0, $1) }
    }

    private func problem(_ subject: String) -> Problem {
        Problem(.configurationWarning, of: subject, "warning", cure: "mend it", since: clock.now.wallTime)
    }

    /// Waits as the service's loop does until no delivery is under way.
    private func settle(_ notifiers: NotifiersInForce) {
        while let number = notifiers.number {
            guard Poll.wait(for: number, milliseconds: 10_000) else { return }
            notifiers.ring()
            notifiers.pass(at: clock.now)
        }
    }

    @Test("each is told by itself, at once, and once")
    func each() {
        let notifiers = notifiers([Self.a, Self.b])
        notifiers.tell([problem("x")], at: clock.now)
        settle(notifiers)
        notifiers.tell([problem("x")], at: clock.now)
        settle(notifiers)
        #expect(Set(receiver.told) == ["/a problem x", "/b problem x"] && receiver.told.count == 2)
        #expect(notifiers.next == nil && notifiers.number == nil)
    }

    @Test("one that can't be told is a problem, is told of in the log once, and is tried again when it is time")
    func failing() {
        let notifiers = notifiers([Self.a])
        receiver.failure.withLock { $0 = "it answered 500" }
        notifiers.tell([problem("x")], at: clock.now)
        settle(notifiers)
        #expect(notifiers.states.first?.trouble?.reason == "it answered 500")
        for _ in 1...3 {
            clock.turn(milliseconds: 60_000)
            notifiers.pass(at: clock.now)
            settle(notifiers)
        }
        #expect(receiver.told.count == 4)
        #expect(plane.events.filter { $0.contains("notice_failed") }.count == 1)
        receiver.failure.withLock { $0 = nil }
        clock.turn(milliseconds: 600_000)
        notifiers.pass(at: clock.now)
        settle(notifiers)
        #expect(notifiers.states.first?.trouble == nil && notifiers.next == nil)
    }

    @Test("over a reload those that stay aren't told again, and a new one is told what is wrong")
    func reload() {
        let notifiers = notifiers([Self.a])
        notifiers.tell([problem("x")], at: clock.now)
        settle(notifiers)
        notifiers.follow([Self.b, Self.a], at: clock.now.instant)
        notifiers.pass(at: clock.now)
        settle(notifiers)
        #expect(receiver.told == ["/a problem x", "/b problem x"])
        notifiers.follow([], at: clock.now.instant)
        notifiers.tell([], at: clock.now)
        #expect(receiver.told.count == 2 && notifiers.states.isEmpty)
    }

    @Test("a delivery that outlives its notifier is nobody's")
    func left() {
        let notifiers = notifiers([Self.a])
        receiver.failure.withLock { $0 = "no" }
        notifiers.tell([problem("x")], at: clock.now)
        notifiers.follow([], at: clock.now.instant)
        settle(notifiers)
        #expect(notifiers.states.isEmpty && plane.events.isEmpty)
    }

    @Test("over a restart nobody is told again of what he knows, and the ledger holds no address")
    func restart() throws {
        let folder = try ScratchFolder()
        let hook = Notifier(way: .webhook(try Notifier.Webhook(url: "https://hooks.example/T0/sEcReT")))
        for expected in [["https://hooks.example problem x"], []] {
            receiver.notices.withLock { $0 = [] }
            let ledger = ServiceLedger(folder: folder.path, at: clock.now.wallTime)
            let notifiers = NotifiersInForce([hook], on: plane, ledger: ledger) { [receiver] in receiver.deliver($0, $1) }
            notifiers.tell([problem("x")], at: clock.now)
            settle(notifiers)
            #expect(receiver.told == expected)
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("ledger.sqlite")))
        #expect(bytes.range(of: Data("sEcReT".utf8)) == nil)
    }

    @Test("what waits to be confirmed doesn't bring back a program that root's file names no more")
    func resume() throws {
        let scene = try ServiceScene()
        let pending = PendingConfiguration(
            file: "/x.yaml", text: Array(ServiceScene.text("notify: [{command: /bin/true}]").utf8),
            endsAt: scene.now.advanced(byMilliseconds: 60_000), askedBy: GrantScene.alice)
        _ = scene.ledger?.remember(pending)
        let source = scene.configuration.source
        let resumed = Confirmation.resume(try source.read(), from: source, ledger: scene.ledger, at: scene.now)
        #expect(resumed.pending == nil && resumed.reading.configuration.programs.isEmpty)
        #expect(scene.ledger?.rememberedPending() == nil)
    }

    @Test("another than root can't apply a file that changes which programs are run")
    func apply() throws {
        let scene = try ServiceScene()
        let error = #expect(throws: ControlFailure.self) {
            try scene.apply(ServiceScene.text("notify: [{command: /bin/true}]"), confirmWithinSeconds: nil)
        }
        #expect(error?.message.contains("root alone may apply that") == true)
        #expect(scene.configuration.generation == 1)
        try scene.write(ServiceScene.text("notify: [{command: /bin/true}]"), to: "other.yaml")
        let report = try scene.service.apply(
            file: scene.folder.file("other.yaml"), confirmWithinSeconds: nil, by: Requester(user: 0, name: "root"), at: scene.now)
        guard case .kept(let lines) = report else {
            Issue.record("\(report)")
            return
        }
        #expect(lines.joined().contains("has to be root's alone to change"), "root's, but in a folder where everybody writes")
        // A webhook is no program.
        let applied = try scene.apply(ServiceScene.text("notify: [{webhook: \"https://hooks.example/x\"}]"), confirmWithinSeconds: nil)
        guard case .applied(let changes) = applied else {
            Issue.record("\(applied)")
            return
        }
        #expect(changes.changes == ["notify: + https://hooks.example"])
    }
}
