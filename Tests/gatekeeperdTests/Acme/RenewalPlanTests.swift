import Gatekeeper
import Synchronization
import Testing

@testable import gatekeeperd

@Suite("When a certificate is renewed")
struct RenewalPlanTests {
    private let hour = RenewalPlan.hour
    private let day = RenewalPlan.day
    private let start = WallTime(milliseconds: 1_790_000_000_000)

    private func lifetime(days: Int64) -> CertificateLifetime {
        CertificateLifetime(start: start, end: start.advanced(byMilliseconds: days * day))
    }

    private func time(_ days: Double) -> WallTime { start.advanced(byMilliseconds: Int64(days * Double(day))) }

    @Test("after two thirds of its lifetime, half of a short one", arguments: [(90, 60.0), (45, 30.0), (10, 20.0 / 3), (6, 3.0), (1, 0.5)])
    func lifetimes(days: Int, part: Double) {
        let due = RenewalPlan().due(lifetime(days: Int64(days)), at: start)
        #expect(due.why == .lifetime && abs(due.at.milliseconds(since: time(part))) < 1000)
    }

    @Test("at once when there is none")
    func missing() { #expect(RenewalPlan().due(nil, at: start) == .init(at: start, why: .missing)) }

    @Test("at a moment of the window that the authority suggests, which stays while the window does")
    func window() throws {
        var moments: Set<Int64> = []
        for seed: UInt64 in 0..<100 {
            var plan = RenewalPlan()
            var random = SeededGenerator(seed: seed)
            plan.follow(time(20), time(22), random: random.next())
            let due = plan.due(lifetime(days: 90), at: start)
            #expect(due.why == .suggested && time(20) <= due.at && due.at <= time(22))
            moments.insert(due.at.milliseconds)
            let before = plan
            plan.follow(time(20), time(22), random: random.next())
            #expect(plan == before)
        }
        #expect(moments.count > 95)
    }

    @Test("a window in the past is one to renew in at once, but not in a circle; one behind the end isn't waited for")
    func oddWindows() {
        var plan = RenewalPlan()
        plan.follow(time(-20), time(-19), random: 5)
        #expect(plan.due(lifetime(days: 90), at: time(30)).at <= time(30))
        #expect(plan.due(lifetime(days: 90), at: start).at == time(1))
        plan.follow(time(95), time(99), random: 5)
        #expect(plan.due(lifetime(days: 90), at: start).at == time(81))
    }

    @Test("after failures it is tried ever less, never five times an hour, and more often as the end comes near")
    func pauses() {
        for left in [0, 1, 24, 24 * 5, 24 * 60] as [Int64] {
            var random = SeededGenerator(seed: UInt64(left))
            var plan = RenewalPlan()
            var now = start
            var attempts: [WallTime] = []
            let lifetime = CertificateLifetime(start: time(-90), end: start.advanced(byMilliseconds: left * hour))
            for _ in 1...60 {
                attempts.append(now)
                plan.fail(at: now, lifetime, retryMilliseconds: nil, random: random.next())
                #expect((900_000...12 * hour * 6 / 5).contains(plan.pauseMilliseconds))
                now = now.advanced(byMilliseconds: plan.pauseLeft(at: now))
            }
            for (first, fifth) in zip(attempts, attempts.dropFirst(4)) { #expect(fifth.milliseconds(since: first) >= hour) }
            if left > 24 * 30 { #expect(attempts[59].milliseconds(since: attempts[0]) > 20 * day) }
        }
    }

    @Test("who asks for it waits when four have failed within the hour")
    func lock() {
        var plan = RenewalPlan()
        for minute: Int64 in 0..<4 {
            #expect(plan.lockLeft(at: start) == 0)
            plan.fail(at: start.advanced(byMilliseconds: minute * 60_000), nil, retryMilliseconds: nil, random: 0)
            plan.forgetPause()
        }
        #expect(plan.pauseLeft(at: start) == 0 && plan.lockLeft(at: start.advanced(byMilliseconds: 3 * 60_000)) == 57 * 60_000)
        #expect(plan.lockLeft(at: start.advanced(byMilliseconds: hour)) == 0)
    }

    @Test("a clock that is set back makes no pause longer")
    func setBack() {
        var plan = RenewalPlan()
        plan.fail(at: start, nil, retryMilliseconds: nil, random: 0)
        #expect(plan.pauseLeft(at: time(-300)) == plan.pauseMilliseconds)
        #expect(plan.pauseLeft(at: time(300)) == 0)
    }

    @Test("what is written down is read again, and nothing else is")
    func record() throws {
        var record = AcmeRecord(of: AcmeScene.settings())
        record.order = "https://acme.example/order/1"
        record.records = [.init(name: "_acme-challenge.example.org.", value: "x")]
        record.issuer = "https://acme.example/dir "
        record.plan.follow(time(1), time(2), random: 77)
        for _ in 1...9 { record.plan.fail(at: start, nil, retryMilliseconds: 5, random: 3) }
        let bytes = Array(record.json.text.utf8)
        #expect(JSONReader.read(bytes).flatMap { AcmeRecord($0) } == record)
        for end in bytes.indices { #expect(JSONReader.read(Array(bytes[..<end])) == nil) }
        for text in ["{}", "[]", #"{"settings":1}"#] { #expect(JSONReader.read(Array(text.utf8)).flatMap { AcmeRecord($0) } == nil) }
    }
}

@Suite("A year of renewals")
struct RenewalYearTests {
    private let scene: AcmeScene
    private let day = RenewalPlan.day

    init() throws {
        scene = try AcmeScene()
    }

    private func pass(days: Int64, _ renewer: AcmeRenewer, expect: Bool = true) {
        var lapses = 0
        scene.run(renewer, milliseconds: days * day) {
            let end = renewer.states.first?.lifetime?.end ?? WallTime(milliseconds: 0)
            if end <= scene.clock.now.wallTime { lapses += 1 }
        }
        if expect { #expect(lapses == 0) }
    }

    @Test("none ends, and none is ordered that needn't be", arguments: [(6, 115...130), (45, 12...13), (90, 6...7)], [false, true])
    func year(_ kind: (days: Int, count: ClosedRange<Int>), suggests: Bool) {
        scene.authority.set {
            $0.lifetimeMilliseconds = Int64(kind.days) * RenewalPlan.day
            $0.isSlow = false
            $0.badNoncePercent = 15
            guard suggests else { return }
            // Around the moment at which it would be renewed anyway.
            $0.window = { last in
                guard let last else { return nil }
                let middle = last.advanced(
                    byMilliseconds: Int64(kind.days) * RenewalPlan.day / (kind.days < 10 ? 2 : 3) * (kind.days < 10 ? 1 : 2))
                return (middle.advanced(byMilliseconds: -RenewalPlan.hour).text, middle.advanced(byMilliseconds: RenewalPlan.hour).text)
            }
        }
        // Now and then another process.
        for _ in 1...5 { pass(days: 73, scene.renewer()) }
        #expect(kind.count.contains(scene.issuedCount), "\(scene.issuedCount)")
        #expect(scene.complaints.isEmpty)
        if suggests { #expect(scene.authority.state.withLock { $0.orders.dropFirst().allSatisfy { $0.replaces != nil } }) }
    }

    @Test("an authority that is down for days is got over", arguments: [(6, 2), (45, 12)])
    func down(days: Int, away: Int) {
        scene.authority.set { $0.lifetimeMilliseconds = Int64(days) * RenewalPlan.day }
        let renewer = scene.renewer()
        _ = renewer.pass()
        let part = Int64(days) * 2 / 3 - (days < 10 ? 1 : 0)
        pass(days: part, renewer)
        scene.authority.set { $0.override = { _, _ in .lost } }
        let calls = scene.calls.count
        pass(days: Int64(away), renewer)
        #expect(scene.calls.count - calls < away * 40)
        scene.authority.set { $0.override = nil }
        pass(days: Int64(days) * 2, renewer)
        #expect(renewer.states.first?.failure == nil && scene.complaints.isEmpty)
    }

    @Test("a clock that jumps a year ahead and comes back orders nothing early; one that jumps back isn't late for it")
    func jumps() {
        // The authority's clock is right.
        scene.authority.keepsTime.withLock { $0 = true }
        let renewer = scene.renewer()
        _ = renewer.pass()
        let right = scene.clock.now
        for years: Int64 in [1, -1, 3] {
            scene.clock.setCalendar(scene.clock.now.wallTime.advanced(byMilliseconds: years * 365 * day))
            pass(days: 1, renewer, expect: false)
            scene.clock.setCalendar(scene.clock.now.wallTime.advanced(byMilliseconds: -years * 365 * day))
        }
        #expect(scene.issuedCount == 1 && renewer.states.first?.failure?.reason == .clock)
        #expect(renewer.states.first?.failure?.text.contains("ahead of the authority's") == true)
        pass(days: 80, renewer)
        #expect(scene.issuedCount == 2)
        #expect(scene.clock.now.wallTime > right.wallTime)
    }

    @Test("a window that moves to now is followed within hours; none is as good as another way")
    func movedWindow() throws {
        let far = scene.clock.now.wallTime.advanced(byMilliseconds: 70 * day).text
        let further = scene.clock.now.wallTime.advanced(byMilliseconds: 71 * day).text
        scene.authority.set { $0.window = { _ in (far, further) } }
        let renewer = scene.renewer()
        pass(days: 3, renewer, expect: false)
        #expect(scene.issuedCount == 1 && renewer.states.first?.due?.why == .suggested)
        // Every six hours.
        #expect((12...14).contains(scene.calls.filter { $0.hasPrefix("/ari/") }.count))
        #expect(Set(scene.calls.filter { $0.hasPrefix("/ari/") }) == ["/ari/AAECAwQFBgcICQoLDA0ODxAREhM.AIAAAAAAAAAB"])
        scene.authority.set { $0.window = { _ in ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00.5+01:00") } }
        scene.run(renewer, milliseconds: 7 * RenewalPlan.hour)
        #expect(scene.issuedCount == 2)
        // Not in a circle, though it says the same of the new one.
        scene.run(renewer, milliseconds: 8 * RenewalPlan.hour)
        #expect(scene.issuedCount == 2)
        scene.authority.set { $0.window = { _ in nil } }
        scene.run(renewer, milliseconds: 7 * RenewalPlan.hour)
        #expect(renewer.states.first?.due?.why == .lifetime)
        for window in [("x", "y"), (further, far)] {
            scene.authority.set { $0.window = { _ in window } }
            scene.run(renewer, milliseconds: 7 * RenewalPlan.hour)
            #expect(renewer.states.first?.due?.why == .lifetime)
        }
        #expect(scene.issuedCount == 2)
    }

    @Test("an authority that doesn't take what is replaced gets the order without it")
    func replaced() {
        scene.authority.set {
            $0.window = { _ in nil }
            $0.takesReplaces = false
        }
        let renewer = scene.renewer()
        for _ in 1...2 {
            renewer.renew(nil, isUndue: true)
            _ = renewer.pass()
        }
        #expect(scene.issuedCount == 2 && scene.complaints.isEmpty)
    }
}
