import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("The list of problems")
struct ProblemListTests {
    private let now = GrantScene.start

    private func problem(_ kind: Problem.Kind, of subject: String = "", _ text: String = "t", after seconds: Int64 = 0) -> Problem {
        Problem(kind, of: subject, text, cure: "c", since: now.advanced(byMilliseconds: seconds * 1000))
    }

    @Test("one that stays keeps the moment since when it is, whatever is said of it by now")
    func since() {
        var list = ProblemList()
        #expect(list.follow([problem(.logLost, "3 lines")]).begun.map(\.text) == ["3 lines"])
        #expect(list.follow([problem(.logLost, "9 lines", after: 60)]) == ProblemList.Change())
        #expect(list.problems == [problem(.logLost, "9 lines")])
    }

    @Test("what begins and what is over is told once, by kind and subject")
    func changes() {
        var list = ProblemList()
        _ = list.follow([problem(.upstreamDown, of: "a"), problem(.upstreamDown, of: "b")])
        let change = list.follow([problem(.upstreamDown, of: "b"), problem(.upstreamDown, of: "c")])
        #expect(change.begun.map(\.subject) == ["c"] && change.over.map(\.subject) == ["a"])
        #expect(list.follow([]).over.map(\.subject) == ["b", "c"])
        #expect(list.problems.isEmpty && list.follow([]) == ProblemList.Change())
    }

    @Test("the oldest comes first, and what is found twice is there once")
    func order() {
        var list = ProblemList()
        _ = list.follow([problem(.logLost, after: 9), problem(.clockJumped, after: 3), problem(.logLost, after: 10)])
        #expect(list.problems.map(\.kind) == [.clockJumped, .logLost])
    }

    @Test("a thousand problems are a hundred lines, one of which says how many more there are")
    func bounded() {
        var list = ProblemList()
        let many = (0..<1_000).map { problem(.fileMissing, of: "\($0)") }
        let begun = list.follow(many + many).begun
        #expect(begun.count == ProblemList.problemsMax)
        #expect(begun.last?.kind == .moreProblems && begun.last?.text == "there are 901 more problems than are listed")
        #expect(list.follow(Array(many.prefix(ProblemList.problemsMax))).over.map(\.kind) == [.moreProblems])
    }

    @Test("however many sources fail, the log, the ledger and the clock are told")
    func machine() {
        var circumstances = Circumstances(at: now)
        circumstances.answers = (0..<500).map { .init(name: "\($0)", kind: .refused, count: 10, status: 403, sinceMilliseconds: 7) }
        circumstances.log = .init(reason: "No space left on device", linesLost: 3, sinceMilliseconds: 9)
        circumstances.ledger = [.init(text: "full", cure: "room")]
        circumstances.clockJump = .init(at: now, milliseconds: -3_600_000)
        var list = ProblemList()
        _ = list.follow(circumstances.problems)
        #expect(Set(list.problems.map(\.kind)) == [.logLost, .ledgerFailed, .clockJumped, .requestsRefused, .moreProblems])
    }

    @Test("the words of kinds are words")
    func words() {
        for kind in Problem.Kind.allCases { #expect(kind.rawValue.wholeMatch(of: #/[a-z]+(_[a-z]+)*/#) != nil) }
    }
}
