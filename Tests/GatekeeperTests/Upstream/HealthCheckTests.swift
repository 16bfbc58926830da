import Testing

@testable import Gatekeeper

/// A check that asks a ticket system whose answers and whose time are a test's.
struct HealthCheckTests {
    private static let well = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    private static let ill = "HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n"

    @Test("it asks for its path by its host's name, over a connection of its own that ends with the answer")
    func question() throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker)
            scene.upstreams.answer(Self.well)
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 10)
            let peer = try #require(scene.upstreams.peers.first)
            #expect(
                peer.heard
                    == "GET /alive HTTP/1.1\r\nHost: tickets.example\r\nUser-Agent: gatekeeper-check\r\nConnection: close\r\n\r\n")
            #expect((peer.isEnded || peer.isBroken) && scene.upstreams.peers.count == 1)
            #expect(scene.pool.target.slots.count == 0, "it takes no request's place")
            #expect(scene.pool.take(for: PoolScene.client(1), certain: false) == nil)
            scene.check.end()
            await checking.value
        }
    }

    @Test("while it is well it is asked once an interval")
    func interval() throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker)
            scene.upstreams.answer(Self.well)
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 35_000)
            #expect(scene.pauses.allSatisfy { (10_000...10_020).contains($0) } && scene.pauses.count == 3, "\(scene.pauses)")
            #expect(scene.changes.isEmpty)
            scene.check.end()
            await checking.value
        }
    }

    @Test("one that hangs is out after three timeouts half a second apart, and asked once an interval from then on")
    func hangs() throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker)
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 15_990)
            #expect(scene.changes.isEmpty && scene.pool.target.health.isUp)
            await worker.pass(milliseconds: 110)
            #expect(scene.changes == ["down response_timeout"])
            await worker.pass(milliseconds: 31_000)
            #expect(scene.changes.count == 1, "what is known isn't said again")
            let expected = [5_500, 5_500, 15_000, 15_000]
            #expect(scene.pauses.count == 4 && zip(scene.pauses, expected).allSatisfy { (0...40).contains($0 - $1) }, "\(scene.pauses)")
            #expect(scene.upstreams.peers.dropLast().allSatisfy { $0.isEnded || $0.isBroken })
            scene.check.end()
            await checking.value
        }
    }

    @Test("where the interval is shorter than that, one that fails is asked no later for it")
    func shortInterval() throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker) { $0.intervalMilliseconds = 100 }
            scene.upstreams.answer(Self.ill)
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 250)
            #expect(scene.changes == ["down status"])
            #expect(scene.pauses.count == 2 && scene.pauses.allSatisfy { (100...120).contains($0) }, "\(scene.pauses)")
            scene.check.end()
            await checking.value
        }
    }

    @Test("two failures and an answer are no news, three failures are, and one answer brings it back")
    func thresholds() throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker)
            let answers = [Self.ill, Self.ill, Self.well, Self.ill, Self.ill, Self.ill, Self.ill, Self.well]
            scene.upstreams.welcome = { peer in
                let answer = answers[min(scene.upstreams.peers.count, answers.count) - 1]
                peer.onNews = { if $0.heard.hasSuffix("\r\n\r\n") { $0.say(answer) } }
            }
            let checking = scene.begin(on: worker)
            var upBefore = 0
            while scene.upstreams.peers.count < answers.count {
                if scene.changes.isEmpty { upBefore = scene.upstreams.peers.count }
                await worker.pass(milliseconds: 100)
            }
            #expect(upBefore == 5)
            #expect(scene.changes == ["down status", "up"])
            #expect(scene.pool.target.health.mayTry(now: worker.loop.now))
            scene.check.end()
            await checking.value
        }
    }

    private static let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    private static let answers: [(answer: String, reason: String?)] = [
        (well, nil), ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", nil),
        ("HTTP/1.1 499 Odd\r\nContent-Length: 0\r\n\r\n", nil), (hint + well, nil), (String(repeating: hint, count: 16) + well, nil),
        ("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", "status"), (ill, "status"), (hint + ill, "status"),
        ("HTTP/1.1 508 Loop Detected\r\nContent-Length: 0\r\n\r\n", "loop"),
        (hint, "response_timeout"), (String(repeating: hint, count: 17) + well, "interim_responses"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "content_length_repeated"),
    ]

    @Test("a status below 500 is an answer, whatever came before it; others, silence and what isn't HTTP are none", arguments: answers)
    func judged(answer: String, reason: String?) throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker)
            scene.upstreams.answer(answer)
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 17_000)
            #expect(scene.changes == (reason.map { ["down \($0)"] } ?? []))
            scene.check.end()
            await checking.value
        }
    }

    @Test("an answer counts up to the timeout and not behind it, however much of it came before", arguments: [4_990, 5_030])
    func late(milliseconds: Int) throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker)
            scene.upstreams.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    peer.say("HTTP/1.1 200 OK\r\n")
                    for drop in 1...4 { peer.wire.kernel.after(milliseconds: drop * 1_000) { peer.say("X: \(drop)\r\n") } }
                    peer.wire.kernel.after(milliseconds: milliseconds - 1) { peer.say("\r\n") }
                }
            }
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 40_000)
            #expect(scene.changes == (milliseconds < 5_000 ? [] : ["down response_timeout"]))
            scene.check.end()
            await checking.value
        }
    }

    @Test("a connection that doesn't come about is given the timeout too, and not as much again for the answer")
    func connecting() throws {
        var faults = Faults()
        faults.hanging = 1_000
        try SmallWorker.simulate(faults: faults) { worker in
            let scene = try Scene(worker)
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 16_100)
            #expect(scene.changes == ["down connect_timeout"])
            scene.check.end()
            await checking.value
        }
    }

    @Test("while this host has no descriptor to ask with nothing is found out, and nothing said", arguments: [false, true])
    func unasked(isDown: Bool) throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker)
            scene.upstreams.answer(Self.well)
            if isDown { scene.pool.noteSilence("status", isPrompted: true) }
            worker.kernel.faults.descriptorsMax = 0
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 40_000)
            #expect(scene.changes == (isDown ? ["down status"] : []) && scene.upstreams.peers.isEmpty)
            worker.kernel.faults.descriptorsMax = .max
            await worker.pass(milliseconds: 11_000)
            #expect(scene.changes == (isDown ? ["down status", "up"] : []) && !scene.upstreams.peers.isEmpty)
            scene.check.end()
            await checking.value
        }
    }

    @Test("connection and answer have one timeout together")
    func together() throws {
        var faults = Faults()
        faults.delayMicrosecondsMax = 4_000_000
        try SmallWorker.simulate(faults: faults) { worker in
            let scene = try Scene(worker)
            scene.upstreams.welcome = { peer in
                peer.wire.delayMicrosecondsMax = 0
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    peer.wire.kernel.after(milliseconds: 4_900) { peer.say(Self.well) }
                }
            }
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 16_100)
            #expect(scene.changes == ["down response_timeout"])
            scene.check.end()
            await checking.value
        }
    }

    @Test("at its end it stops at once, whatever it waits for, and that says nothing of the ticket system", arguments: [false, true])
    func ends(whileAsking: Bool) throws {
        try SmallWorker.simulate { worker in
            let scene = try Scene(worker)
            // Two have failed already: one more would be news.
            if whileAsking { scene.upstreams.welcome = { if scene.upstreams.peers.count < 3 { $0.wire.finish() } } }
            if !whileAsking { scene.upstreams.answer(Self.well) }
            let checking = scene.begin(on: worker)
            await worker.pass(milliseconds: 2_000)
            let asked = scene.upstreams.peers.count
            #expect(asked == (whileAsking ? 3 : 1))
            let ended = worker.loop.now
            scene.check.end()
            await checking.value
            #expect(worker.loop.now < ended.advanced(byMilliseconds: 10))
            await worker.pass(milliseconds: 60_000)
            #expect(scene.upstreams.peers.count == asked && scene.changes.isEmpty)
            #expect(scene.upstreams.peers.allSatisfy { $0.isEnded || $0.isBroken })
        }
    }

    /// A pool, whoever answers at its address, and what was said of it.
    private final class Scene {
        let upstreams: SceneUpstreams
        let pool: UpstreamPool
        let check: HealthCheck
        private let reports: Reports
        var changes: [String] { reports.words }

        private final class Reports {
            var words: [String] = []
        }

        init(_ worker: SmallWorker, _ change: (inout Settings.Upstream.Check) -> Void = { _ in }) throws {
            upstreams = SceneUpstreams(worker.kernel)
            var settings = Settings.Upstream.Check()
            settings.path = "/alive"
            change(&settings)
            let reports = Reports()
            self.reports = reports
            let scene = try PoolScene(worker.loop, at: .address(Scenario.upstream), check: settings) { change, reason in
                reports.words.append(reason.map { "\(change) \($0)" } ?? "\(change)")
            }
            pool = scene.pool
            check = HealthCheck(pool, settings, question: UpstreamQuestion(path: settings.path, host: "tickets.example"))
        }

        func begin(on worker: isolated SmallWorker) -> Task<Void, Never> {
            let check = check
            return worker.start { await check.run() }
        }

        /// Between one question and the next.
        var pauses: [Int] { zip(upstreams.peers.dropFirst(), upstreams.peers).map { $0.milliseconds - $1.milliseconds } }
    }
}
