import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("An order that is interrupted")
struct AcmeInterruptionTests {
    @Test("a process that ends at any step leaves what the next one finishes: one certificate of one order", arguments: [false, true])
    func crash(losesAnswer: Bool) throws {
        var steps = 0
        while true {
            let scene = try AcmeScene()
            let crash = AcmeScene.Crash(after: steps, scene.authority, losesAnswer: losesAnswer)
            _ = scene.renewer(crash: crash).pass()
            let isWhole = !crash.hasHappened
            #expect(scene.board.isClear, "after \(steps) steps")
            scene.board.clear()
            scene.run(scene.renewer(), milliseconds: RenewalPlan.hour)
            #expect(scene.served()?.names == AcmeScene.names, "after \(steps) steps")
            #expect(scene.issuedCount == 1 && scene.orderCount == 1 && scene.accountCount == 1, "after \(steps) steps")
            #expect(scene.complaints.isEmpty, "after \(steps) steps: \(scene.complaints)")
            if isWhole { break }
            steps += 1
        }
        // Requests and changes on the disk: it would be none of these if nothing was interrupted.
        #expect(steps > 20)
    }

    @Test("a renewal that is interrupted at any step serves the old certificate or the new one, whole")
    func renewal() throws {
        var steps = 0
        while true {
            let scene = try AcmeScene()
            _ = scene.renewer().pass()
            let before = scene.served()?.fingerprint
            let crash = AcmeScene.Crash(after: steps, scene.authority, losesAnswer: true)
            let renewer = scene.renewer(crash: crash)
            renewer.renew(nil, isUndue: true)
            _ = renewer.pass()
            #expect(scene.served() != nil, "after \(steps) steps")
            guard crash.hasHappened else {
                #expect(scene.served()?.fingerprint != before)
                break
            }
            let next = scene.renewer()
            next.renew(nil, isUndue: true)
            scene.run(next, milliseconds: RenewalPlan.hour)
            #expect(scene.served()?.fingerprint != before, "after \(steps) steps")
            steps += 1
        }
    }

    enum Fault: String, CaseIterable, CustomTestStringConvertible {
        case garbage, tooLarge, array, page404, redirect, serverError, lost, answerLost, emptyObject

        var testDescription: String { rawValue }

        var override: ScriptedAuthority.Override {
            switch self {
            case .garbage: .answer(UpstreamAnswer(status: 200, body: [0xff, 0, 0x7b]))
            case .tooLarge: .answer(UpstreamAnswer(status: 200, body: [UInt8](repeating: 0x20, count: 1 << 20)))
            case .array: .answer(ScriptedAuthority.answer(.array([])))
            case .page404: .answer(UpstreamAnswer(status: 404, body: Array("<html>".utf8)))
            case .redirect: .answer(UpstreamAnswer(status: 302, fields: [.init(name: "location", value: "https://elsewhere.example/")]))
            case .serverError: .answer(UpstreamAnswer(status: 503, fields: [.init(name: "retry-after", value: "99999999999999999999")]))
            case .lost: .lost
            case .answerLost: .answerLost
            case .emptyObject: .answer(ScriptedAuthority.answer(.object([]), status: 201))
            }
        }
    }

    @Test("a wrong answer at any step is got over within hours", arguments: Fault.allCases)
    func once(fault: Fault) throws {
        for step in 1...24 {
            let scene = try AcmeScene()
            scene.authority.set { $0.override = { call, _ in call == step ? fault.override : nil } }
            let renewer = scene.renewer()
            scene.run(renewer, milliseconds: 3 * RenewalPlan.hour)
            #expect(scene.served()?.names == AcmeScene.names, "at call \(step): \(renewer.states[0].failure?.text ?? "")")
            #expect(scene.orderCount <= 2 && scene.complaints.isEmpty && scene.board.isClear, "at call \(step): \(scene.complaints)")
        }
    }

    @Test("an authority that answers wrongly from some step on is asked ever less, and what it did is told", arguments: Fault.allCases)
    func always(fault: Fault) throws {
        for step in [1, 2, 3, 5, 8, 12] {
            let scene = try AcmeScene()
            scene.authority.set { $0.override = { call, _ in call >= step ? fault.override : nil } }
            let renewer = scene.renewer()
            scene.run(renewer, milliseconds: RenewalPlan.day)
            let failure = try #require(renewer.states.first?.failure, "at call \(step)")
            #expect(failure.text.contains(";"), "it says what to do: \(failure.text)")
            #expect(scene.served() == nil && scene.board.isClear)
            // It has no certificate, so it is tried each hour.
            #expect((20...30).contains(renewer.states[0].failureCounts.values.reduce(0, +)), "\(renewer.states[0].failureCounts)")
        }
    }

    @Test("who is told to wait does, for a day at most", arguments: [(7_200, 7_200), (10, 900), (999_999_999, 86_400)])
    func rateLimited(asked: Int, waited: Int) throws {
        let scene = try AcmeScene()
        scene.authority.set {
            $0.override = { call, path in
                path == "/order"
                    ? .answer(ScriptedAuthority.problem("rateLimited", "too many", status: 429, [("retry-after", "\(asked)")])) : nil
            }
        }
        let renewer = scene.renewer()
        _ = renewer.pass()
        #expect(renewer.states.first?.failure?.reason == .rateLimited)
        let calls = scene.calls.count
        scene.run(renewer, milliseconds: Int64(waited) * 1000 - 5_000)
        #expect(scene.calls.count == calls)
        scene.run(renewer, milliseconds: 300_000)
        #expect(scene.calls.count > calls)
    }

    @Test("a date does for a number of seconds")
    func retryDate() throws {
        let scene = try AcmeScene()
        let date = ScriptedAuthority.date(scene.clock.now.wallTime.advanced(byMilliseconds: 5 * RenewalPlan.hour))
        scene.authority.set {
            $0.override = { _, path in
                path == "/order" ? .answer(ScriptedAuthority.problem("rateLimited", "too many", status: 429, [("retry-after", date)])) : nil
            }
        }
        let renewer = scene.renewer()
        _ = renewer.pass()
        let until = try #require(renewer.states.first?.pausedUntil)
        #expect(abs(until.milliseconds(since: scene.clock.now.wallTime) - 5 * RenewalPlan.hour) < 5_000)
    }
}
