import Testing

@testable import Gatekeeper

@Suite("Requests of one source that fail in a row")
struct AnswerRunsTests {
    private let runs = AnswerRuns()

    private func entry(_ address: String, _ label: String? = nil) throws -> Settings.AllowEntry {
        Settings.AllowEntry(prefix: try AddressPrefix(parsing: address), label: label)
    }

    private func answer(_ cell: AnswerRuns.CellIndex, _ status: UInt16, _ outcome: Outcome = .completed, at milliseconds: Int64 = 0) {
        var verdict = ExchangeVerdict(peer: PeerAddress(ipv4: 1), listener: 0, endedMilliseconds: milliseconds)
        verdict.status = status
        verdict.outcome = outcome
        runs.note(verdict, at: cell)
    }

    @Test("entries with the same label are one source, one without is its own, and a name keeps its cell")
    func cells() throws {
        let cells = runs.cellIndices(for: [try entry("192.0.2.1", "v"), try entry("192.0.2.2", "v"), try entry("192.0.2.3")])
        #expect(cells[0] == cells[1] && cells[0] != cells[2])
        #expect(runs.cellIndices(for: [try entry("192.0.2.3"), try entry("192.0.2.9", "v")]) == [cells[2], cells[0]])
    }

    @Test("a run says how many, since when and how the last one ended; a success ends it")
    func run() throws {
        let cell = runs.cellIndices(for: [try entry("192.0.2.1", "v")])[0]
        for time: Int64 in 5...14 { answer(cell, time == 14 ? 403 : 401, at: time) }
        #expect(runs.runs == [.init(name: "v", kind: .unauthorized, count: 10, status: 403, sinceMilliseconds: 5)])
        answer(cell, 201)
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
        let cell = runs.cellIndices(for: [try entry("192.0.2.1")])[0]
        answer(cell, status, outcome)
        #expect(runs.runs.first?.kind == kind)
    }

    @Test("a client that leaves neither ends a run nor prolongs it; another kind of failure begins one")
    func mixed() throws {
        let cell = runs.cellIndices(for: [try entry("192.0.2.1")])[0]
        answer(cell, 401, at: 1)
        answer(cell, 0, .clientGone, at: 2)
        answer(cell, 401, at: 3)
        #expect(runs.runs.map(\.count) == [2])
        answer(cell, 500, at: 4)
        #expect(runs.runs == [.init(name: "192.0.2.1", kind: .failing, count: 1, status: 500, sinceMilliseconds: 4)])
    }

    @Test("the run of somebody who leaves the list is over, also when he comes back")
    func left() throws {
        let (vendor, other) = (try entry("192.0.2.1", "v"), try entry("192.0.2.2"))
        let cells = runs.cellIndices(for: [vendor, other])
        for cell in cells { answer(cell, 401) }
        let after = runs.cellIndices(for: [other])
        #expect(after == [cells[1]] && runs.runs.map(\.name) == ["192.0.2.2"])
        // By the list before, while that still serves.
        answer(cells[0], 401)
        #expect(runs.runs.map(\.name) == ["192.0.2.2"])
        #expect(runs.cellIndices(for: [vendor, other]) == cells)
        answer(cells[0], 401)
        #expect(runs.runs.first { $0.name == "v" }?.count == 1)
    }

    @Test("labels that come and go never use the cells up")
    func passing() throws {
        let vendor = try entry("192.0.2.1", "v")
        let cell = runs.cellIndices(for: [vendor])[0]
        for number in 0..<3 * AnswerRuns.sourcesMax {
            let cells = runs.cellIndices(for: [try entry("192.0.2.2", "grant \(number)"), vendor])
            #expect(cells[0] != AnswerRuns.none && cells[1] == cell)
            answer(cells[0], 401)
            #expect(runs.runs.map(\.name) == ["grant \(number)"] && runs.runs.map(\.count) == [1])
        }
    }

    @Test("of very many sources those with a label are judged, and the first of the others")
    func bounded() throws {
        var entries = ContiguousArray<Settings.AllowEntry>()
        for index in 0..<5_000 { entries.append(try entry("10.1.\(index / 250).\(index % 250)")) }
        entries.append(try entry("192.0.2.1", "v"))
        let cells = runs.cellIndices(for: entries)
        #expect(Set(cells).count == AnswerRuns.sourcesMax + 1 && cells.last != AnswerRuns.none)
        #expect(cells[AnswerRuns.sourcesMax - 2] != AnswerRuns.none && cells[AnswerRuns.sourcesMax - 1] == AnswerRuns.none)
        answer(AnswerRuns.none, 401)
        #expect(runs.runs.isEmpty)
    }
}
