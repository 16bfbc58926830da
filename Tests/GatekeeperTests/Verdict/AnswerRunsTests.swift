import Testing

@testable import Gatekeeper

@Suite("Requests of one source that fail in a row")
struct AnswerRunsTests {
    private let runs = AnswerRuns()

    private func entry(_ address: String, _ label: String? = nil) throws -> Settings.AllowEntry {
        Settings.AllowEntry(prefix: try AddressPrefix(parsing: address), label: label)
    }

    private func answer(_ place: AnswerRuns.Place, _ status: UInt16, _ outcome: Outcome = .completed, at milliseconds: Int64 = 0) {
        var verdict = ExchangeVerdict(peer: PeerAddress(ipv4: 1), listener: 0, endedMilliseconds: milliseconds)
        verdict.status = status
        verdict.outcome = outcome
        runs.note(verdict, at: place)
    }

    @Test("entries with the same label are one source, one without is its own, and a name keeps its place")
    func places() throws {
        let places = runs.places(for: [try entry("192.0.2.1", "v"), try entry("192.0.2.2", "v"), try entry("192.0.2.3")])
        #expect(places[0] == places[1] && places[0] != places[2])
        #expect(runs.places(for: [try entry("192.0.2.3"), try entry("192.0.2.9", "v")]) == [places[2], places[0]])
    }

    @Test("a run says how many, since when and how the last one ended; a success ends it")
    func run() throws {
        let place = runs.places(for: [try entry("192.0.2.1", "v")])[0]
        for time: Int64 in 5...14 { answer(place, time == 14 ? 403 : 401, at: time) }
        #expect(runs.runs == [.init(name: "v", kind: .unauthorized, count: 10, status: 403, sinceMilliseconds: 5)])
        answer(place, 201)
        #expect(runs.runs.isEmpty)
    }

    @Test(
        "what counts as failing, and as what",
        arguments: [
            (401, .completed, .unauthorized), (407, .completed, .unauthorized), (403, .drained, .unauthorized),
            (400, .completed, .failing), (500, .completed, .failing), (502, .upstreamFailed, .failing), (504, .upstreamTimeout, .failing),
            (403, .refused, .refused), (200, .completed, nil), (302, .completed, nil), (404, .completed, nil), (409, .completed, nil),
            (101, .completed, nil), (401, .clientGone, nil), (408, .clientTimeout, nil), (0, .aborted, nil),
        ] as [(UInt16, Outcome, AnswerRuns.Kind?)])
    func kinds(status: UInt16, outcome: Outcome, kind: AnswerRuns.Kind?) throws {
        let place = runs.places(for: [try entry("192.0.2.1")])[0]
        answer(place, status, outcome)
        #expect(runs.runs.first?.kind == kind)
    }

    @Test("a client that leaves neither ends a run nor prolongs it; another kind of failure begins one")
    func mixed() throws {
        let place = runs.places(for: [try entry("192.0.2.1")])[0]
        answer(place, 401, at: 1)
        answer(place, 0, .clientGone, at: 2)
        answer(place, 401, at: 3)
        #expect(runs.runs.map(\.count) == [2])
        answer(place, 500, at: 4)
        #expect(runs.runs == [.init(name: "192.0.2.1", kind: .failing, count: 1, status: 500, sinceMilliseconds: 4)])
    }

    @Test("the run of somebody who leaves the list is over, also when he comes back")
    func left() throws {
        let (vendor, other) = (try entry("192.0.2.1", "v"), try entry("192.0.2.2"))
        let places = runs.places(for: [vendor, other])
        for place in places { answer(place, 401) }
        let after = runs.places(for: [other])
        #expect(after == [places[1]] && runs.runs.map(\.name) == ["192.0.2.2"])
        // By the list before, while that still serves.
        answer(places[0], 401)
        #expect(runs.runs.map(\.name) == ["192.0.2.2"])
        #expect(runs.places(for: [vendor, other]) == places)
        answer(places[0], 401)
        #expect(runs.runs.first { $0.name == "v" }?.count == 1)
    }

    @Test("labels that come and go never use the places up")
    func passing() throws {
        let vendor = try entry("192.0.2.1", "v")
        let place = runs.places(for: [vendor])[0]
        for number in 0..<3 * AnswerRuns.sourcesMax {
            let places = runs.places(for: [try entry("192.0.2.2", "grant \(number)"), vendor])
            #expect(places[0] != AnswerRuns.none && places[1] == place)
            answer(places[0], 401)
            #expect(runs.runs.map(\.name) == ["grant \(number)"] && runs.runs.map(\.count) == [1])
        }
    }

    @Test("of very many sources those with a label are judged, and the first of the others")
    func bounded() throws {
        var entries = ContiguousArray<Settings.AllowEntry>()
        for index in 0..<5_000 { entries.append(try entry("10.1.\(index / 250).\(index % 250)")) }
        entries.append(try entry("192.0.2.1", "v"))
        let places = runs.places(for: entries)
        #expect(Set(places).count == AnswerRuns.sourcesMax + 1 && places.last != AnswerRuns.none)
        #expect(places[AnswerRuns.sourcesMax - 2] != AnswerRuns.none && places[AnswerRuns.sourcesMax - 1] == AnswerRuns.none)
        answer(AnswerRuns.none, 401)
        #expect(runs.runs.isEmpty)
    }
}
