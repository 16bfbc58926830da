import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What is wrong, from what is known")
struct CircumstancesTests {
    private let now = GrantScene.start

    private func problems(_ change: (inout Circumstances) -> Void) -> [Problem] {
        var circumstances = Circumstances(at: now)
        change(&circumstances)
        return circumstances.problems
    }

    private func failure(_ lines: String...) -> ServiceFailures.Failure { .init(at: now, lines: lines) }

    @Test("nothing is wrong with a service that serves")
    func well() {
        #expect(problems { $0.upstreams = [.init(name: "http://a", isUp: true, openConnections: 1)] }.isEmpty)
    }

    @Test("each circumstance is a problem of its kind, with a sentence and a cure that end without a full stop")
    func kinds() {
        let found = problems { circumstances in
            circumstances.configurationFile = "/g.yaml"
            circumstances.failures.reload = failure("a", "b")
            circumstances.failures.files = failure("a")
            circumstances.failures.configuration = failure("a")
            circumstances.failures.succession = failure("a")
            circumstances.failures.log = failure("a")
            circumstances.allowListIsEmpty = true
            circumstances.absentAddresses = [SocketAddress(address: PeerAddress(ipv4: 1), port: 443)]
            circumstances.shieldDoubt = "no shield"
            circumstances.warnings = [.warning(.wholeFile("/g.yaml"), at: "allow", "odd")]
            circumstances.absentFiles = [.init(path: "/k.pem", obstacle: "is gone", since: now)]
            circumstances.upstreams = [
                .init(name: "http://a", isUp: false, openConnections: 0, downSinceMilliseconds: 5, reason: "connect_refused")
            ]
            var bound = ServerStatus.Upstream(name: "http://b", isUp: true)
            bound.untransparent = [
                .init(client: PeerAddress(ipv4: 0xc000_0201), outcome: .noWayBack, sinceMilliseconds: 6),
                .init(client: PeerAddress(ipv4: 0xc000_0202), outcome: .otherFamily, sinceMilliseconds: 8),
            ]
            circumstances.upstreams.append(bound)
            circumstances.answers = [AnswerRuns.Kind.unauthorized, .failing, .refused].map {
                .init(name: "v\($0)", kind: $0, count: 10, status: 401, sinceMilliseconds: 7)
            }
            circumstances.limited = [.init(name: "v", reason: "connections_per_source", count: 17_000, since: now, cure: "raise it")]
            circumstances.silences = [.init(label: "Vendor", since: now, usual: "40 requests a day")]
            var lockdown = Lockdown(since: now)
            lockdown.transience = "the disk is full"
            circumstances.lockdown = lockdown
            circumstances.lists = [
                .init(
                    label: "Vendor", name: "Vendor (vendor.example)", isProposed: true,
                    proposal: .init(entries: [], since: now, digest: "1a2b3c4d", added: [], removed: [])),
                .init(
                    label: "office", name: "office (office.example)", isProposed: false,
                    failure: .init(reason: "no address", since: now, isRefusal: true)),
            ]
            circumstances.log = .init(reason: "No space left on device", linesLost: 3, sinceMilliseconds: 9)
            circumstances.ledger = [.init(text: "full", cure: "room"), .init(kind: .ledgerReplaced, text: "damaged", cure: "look")]
            circumstances.clockJump = .init(at: now, milliseconds: -3_600_000)
            circumstances.notifiers = [.init(name: "https://h", trouble: .init(since: now, reason: "it answered 500")), .init(name: "/b")]
            var failing = OrderReport.Order(directory: "https://ca/d", step: "resting")
            failing.failure = .init(at: now, reason: "challenge", text: "no")
            circumstances.orders = [
                .init(names: ["a.example"], order: .init(directory: "https://ca/d", step: "ordering")),
                .init(names: ["b.example"], order: failing),
            ]
            circumstances.windows = [
                .init(
                    name: "a.example", digest: [], since: now, until: now, endsAt: .distantFuture, requester: .init(user: 0, name: "root"))
            ]
        }
        let missing = Set(Problem.Kind.allCases).subtracting(found.map(\.kind))
        #expect(missing == [.certificateEnding, .certificateExpired, .certificateUnfit, .moreProblems])
        for problem in found {
            #expect(
                !problem.text.isEmpty && !problem.cure.isEmpty && !problem.text.hasSuffix(".") && !problem.cure.hasSuffix("."), "\(problem)"
            )
        }
        #expect(found.first { $0.kind == .upstreamDown }?.text == "the ticket system http://a does not answer: connect_refused")
        #expect(found.first { $0.kind == .upstreamDown }?.since == WallTime(milliseconds: 5))
        #expect(
            found.first { $0.kind == .upstreamTransparent }?.text
                == "no connection to http://b can come from 192.0.2.1, nor from 1 more address, so such requests are answered 502: "
                + "its answers to that address don't come back here")
        #expect(found.first { $0.kind == .requestsUnauthorized }?.text.contains("each of the last 10 requests") == true)
        #expect(found.first { $0.kind == .clockJumped }?.text == "this machine's clock jumped by 1h, back")
        #expect(found.first { $0.kind == .sourceLimited }?.text.contains("17000 times") == true)
    }

    @Test("requests that fail are a problem from the tenth in a row on")
    func runs() {
        func run(_ count: Int) -> [Problem] {
            problems { $0.answers = [.init(name: "v", kind: .failing, count: count, status: 500, sinceMilliseconds: 0)] }
        }
        #expect(run(AnswerRuns.countMin - 1).isEmpty)
        #expect(run(AnswerRuns.countMin).map(\.kind) == [.requestsFailing])
    }

    @Test("while another ticket system answers, requests that fail are told; while none does, that is what is told")
    func partlyDown() {
        func kinds(_ areUp: [Bool]) -> Set<Problem.Kind> {
            Set(
                problems { circumstances in
                    circumstances.upstreams = areUp.map { .init(name: "http://\($0)", isUp: $0, openConnections: 0) }
                    circumstances.answers = [.init(name: "v", kind: .failing, count: 10, status: 500, sinceMilliseconds: 0)]
                }.map(\.kind))
        }
        #expect(kinds([true, false]) == [.upstreamDown, .requestsFailing])
        #expect(kinds([false, false]) == [.upstreamDown])
    }

    @Test("nothing that is told holds what the environment gave", arguments: Problem.Kind.allCases)
    func concealed(kind: Problem.Kind) {
        let value = "/srv/drosselbart-\(kind.rawValue)"
        ConcealedValues.remember(value, as: "${PLACE}")
        let problem = Problem(kind, of: "\(value)/key.pem", "open \(value)/key.pem", cure: "look at \(value)", since: now)
        #expect([problem.subject, problem.text, problem.cure] == ["${PLACE}/key.pem", "open ${PLACE}/key.pem", "look at ${PLACE}"])
    }

    @Test("a warning is the same one however many lines are put above it")
    func moved() {
        let found = [4, 9].flatMap { line in
            problems {
                $0.warnings = [.warning(.file("/g.yaml", SourcePosition(line: line, column: 1)), at: "allow", "odd")]
            }
        }
        #expect(found.count == 2 && found[0].isSame(as: found[1]) && found[0].text != found[1].text)
    }

    @Test("of many warnings the first are told, and how many there are besides")
    func warnings() {
        let found = problems { circumstances in
            circumstances.warnings = (1...500).map { .warning(.flag("--allow"), at: "allow", "number \($0)") }
        }
        #expect(found.count == 21 && found.last?.text == "480 more warnings of the configuration")
    }

    // MARK: Files

    @Test("a file that is gone for the time of a renewal is none that is missing")
    func absentFiles() {
        var files = AbsentFiles()
        func after(_ milliseconds: Int64) -> WallTime { now.advanced(byMilliseconds: milliseconds) }
        files.follow(["/a": "is gone"], at: now)
        #expect(files.files(at: after(3_999)).isEmpty && files.isWaiting(at: after(3_999)))
        files.follow([:], at: after(1_000))
        #expect(files.files(at: after(9_000)).isEmpty && !files.isWaiting(at: now))
        files.follow(["/a": "is gone", "/b": "is a folder"], at: after(2_000))
        files.follow(["/a": "can't be read"], at: after(5_000))
        #expect(files.files(at: after(6_000)) == [.init(path: "/a", obstacle: "can't be read", since: after(2_000))])
        #expect(!files.isWaiting(at: after(6_000)))
    }

    @Test("a failed reload outlives a renewal, and ends with the configuration that was asked for")
    func failures() {
        var failures = ServiceFailures()
        failures.note(failure("x"), as: \.configuration)
        failures.note(failure("a"), as: \.reload)
        #expect(failures.configuration == nil && failures.reload != nil)
        failures.note(failure("b"), as: \.files)
        failures.succeed(\.files)
        #expect(failures.files == nil && failures.reload != nil)
        failures.succeed(\.reload)
        #expect(failures == ServiceFailures())
        failures.unread = ["/list"]
        failures.succeed(nil)
        #expect(failures == ServiceFailures())
    }

    // MARK: The clock

    @Test("a jump of the calendar is told, with its distance, and one that is taken back isn't any more")
    func clock() {
        var clock = ClockWatch()
        func look(_ seconds: Int64, jumpedBy jump: Int64) {
            clock.look(now.advanced(byMilliseconds: (seconds + jump) * 1000), monotonicMilliseconds: 5_000 + seconds * 1000)
        }
        for second: Int64 in 0...100 { look(second, jumpedBy: 0) }
        look(101, jumpedBy: 9)
        #expect(clock.jump == nil)
        look(102, jumpedBy: -3_591)
        #expect(clock.jump == .init(at: now.advanced(byMilliseconds: (102 - 3_591) * 1000), milliseconds: -3_600_000))
        look(200, jumpedBy: -3_595)
        #expect(clock.jump?.at == now.advanced(byMilliseconds: (102 - 3_591) * 1000))
        look(201, jumpedBy: 0)
        #expect(clock.jump == nil)
        look(300, jumpedBy: 60)
        #expect(clock.jump?.milliseconds == 60_000)
        // By the next day it is the time.
        look(300 + 86_401, jumpedBy: 60)
        #expect(clock.jump == nil)
        look(300 + 86_500, jumpedBy: 60)
        #expect(clock.jump == nil)
    }

    @Test("a clock that is set by a little each night has never jumped")
    func drift() {
        var clock = ClockWatch()
        for night: Int64 in 0..<400 {
            clock.look(now.advanced(byMilliseconds: night * (86_400_000 + 500)), monotonicMilliseconds: night * 86_400_000)
            #expect(clock.jump == nil)
        }
        clock.look(now.advanced(byMilliseconds: 400 * 86_400_500 + 20_000), monotonicMilliseconds: 400 * 86_400_000)
        #expect(clock.jump?.milliseconds == 20_500)
    }

    // MARK: Limits

    @Test("a listed source that a limit turns away is told with the sum of ten minutes, a stranger isn't")
    func limited() throws {
        let vendor = try PeerAddress(parsing: "192.0.2.7")
        let stranger = try PeerAddress(parsing: "192.0.2.8")
        func denied(_ peer: PeerAddress?, _ count: UInt64, _ reason: DenialReason = .connectionsPerSource) -> DenialSummary {
            DenialSummary(
                peer: peer, reason: reason, count: count, firstMilliseconds: now.milliseconds, lastMilliseconds: now.milliseconds,
                sources: 1)
        }
        func name(_ peer: PeerAddress) -> String? { peer == vendor ? "Vendor" : nil }
        var sources = LimitedSources()
        sources.count([denied(stranger, 50), denied(vendor, 50, .notListed), denied(nil, 50), denied(vendor, 2)], at: now, name: name)
        #expect(sources.current.isEmpty)
        // The disk didn't take them, so they come again with three more.
        sources.passOver([denied(vendor, 2)])
        sources.count([denied(vendor, 5)], at: now.advanced(byMilliseconds: 10_000), name: name)
        #expect(sources.current.map(\.count) == [5] && sources.current.first?.name == "Vendor")
        sources.forget(at: now.advanced(byMilliseconds: 605_000))
        #expect(sources.current.map(\.count) == [3])
        sources.forget(at: now.advanced(byMilliseconds: 700_000))
        #expect(sources.current.isEmpty)
    }
}
