import Testing

@testable import Gatekeeper

struct RequestLearnerTests {
    private static let day: Int64 = 86_400_000
    private static let start: Int64 = 20_000 * day

    /// Notes one request at noon of a day.
    private func note(
        _ learner: inout RequestLearner, _ line: String, _ status: UInt16 = 200, label: String = "vendor", day: Int64 = 0
    ) {
        let words = line.split(separator: " ").map { Array($0.utf8) }
        let (method, target) = (words[0], words[1])
        learner.note(
            label: label, method: method.span, target: target.span, status: status,
            wallMilliseconds: Self.start + day * Self.day + Self.day / 2)
    }

    private func take(_ learner: inout RequestLearner, isLast: Bool = false, day: Int64 = 0) -> LearnedTake {
        learner.take(isLast: isLast, wallMilliseconds: Self.start + day * Self.day + Self.day / 2)
    }

    private func told(_ take: LearnedTake) -> [String] {
        take.rows.map { "\($0.key.method) \($0.key.template) \($0.count)" }.sorted()
    }

    @Test("a name is kept with the third request, which brings those before it; until then nothing of it is told")
    func third() {
        var learner = RequestLearner()
        note(&learner, "POST /api/tickets.json")
        note(&learner, "POST /api/tickets.json?key=secret")
        #expect(take(&learner).rows.isEmpty)
        note(&learner, "POST /api/tickets.json")
        #expect(told(take(&learner)) == ["POST /api/tickets.json 3"])
    }

    @Test("two requests a day never make three")
    func days() {
        var learner = RequestLearner()
        for day in 0..<5 {
            note(&learner, "POST /api/tickets", day: Int64(day))
            note(&learner, "GET /api/tickets", day: Int64(day))
        }
        let rows = take(&learner, isLast: true, day: 5).rows
        #expect(Set(rows.map(\.key.template)) == ["/{name}/{name}"])
        #expect(rows.count == 10 && rows.reduce(0) { $0 + $1.count } == 10)
    }

    @Test("a name is one, whatever the method, so that a rare method is told by what is known")
    func methods() {
        var learner = RequestLearner()
        for _ in 0..<2 { note(&learner, "GET /api/tickets") }
        note(&learner, "DELETE /api/tickets")
        #expect(told(take(&learner)) == ["DELETE /api/tickets 1"])
        note(&learner, "GET /api/tickets")
        #expect(told(take(&learner)) == ["GET /api/tickets 3"])
    }

    @Test(
        "what may be a number, a secret or a person is a placeholder at once, however often it comes",
        arguments: [
            "17", "17.json", "issue17", "ABC-17", "file3.png", "20261127",
            "0123456789abcdef", "a%20b", "gr%C3%BC%C3%9Fe", "user@example.org",
            "abcdefghijklmnopqrstuvwxyzabcdefg", "a:b", "a+b", "~me",
        ])
    func neverKept(segment: String) {
        var learner = RequestLearner()
        for _ in 0..<9 { note(&learner, "GET /tickets/\(segment)/history") }
        #expect(told(take(&learner)) == ["GET /tickets/{id}/history 9"])
    }

    @Test(
        "versions, extensions and dashes of an API are names",
        arguments: ["2.0", "v1", "oauth2", "tickets.json", "time-entries", "REST", "a_b"])
    func kept(segment: String) {
        var learner = RequestLearner()
        for _ in 0..<3 { note(&learner, "GET /\(segment)") }
        #expect(told(take(&learner)) == ["GET /\(segment) 3"])
    }

    @Test("what stands below different tickets is learned once")
    func belowPlaceholders() {
        var learner = RequestLearner()
        for number in 1...9 { note(&learner, "GET /REST/2.0/ticket/\(number)/history") }
        for _ in 0..<3 { note(&learner, "GET /REST/2.0/ticket/") }
        note(&learner, "GET /")
        #expect(told(take(&learner)) == ["GET / 1", "GET /REST/2.0/ticket/ 3", "GET /REST/2.0/ticket/{id}/history 9"])
    }

    @Test("a position with too many names is a placeholder for the day, also of what was kept on it, and what lies below is learned there")
    func tooMany() throws {
        var learner = RequestLearner()
        for customer in ["north", "south"] {
            for _ in 0..<3 { note(&learner, "GET /customers/\(customer)/tickets") }
        }
        #expect(told(take(&learner)) == ["GET /customers/north/tickets 3", "GET /customers/south/tickets 3"])
        for number in 0..<60 {
            for _ in 0..<3 { note(&learner, "GET /customers/c\(number)x/tickets") }
        }
        let later = take(&learner)
        #expect(later.opened == [OpenedPosition(label: "vendor", day: 20_000, parent: "/customers")])
        for _ in 0..<3 { note(&learner, "GET /customers/elsewhere/tickets") }
        let last = take(&learner, isLast: true)
        #expect(last.rows.map(\.key.template).allSatisfy { !$0.contains("elsewhere") })
        #expect(last.rows.contains { $0.key.template == "/customers/{any}/tickets" })
    }

    @Test("names of days before stay where too many come, and the position is closed when the day is over")
    func opened() {
        var learner = RequestLearner()
        for _ in 0..<3 { note(&learner, "GET /api/tickets") }
        for number in 0..<60 { note(&learner, "GET /api/c\(number)x", day: 1) }
        for _ in 0..<3 { note(&learner, "GET /api/new", day: 1) }
        note(&learner, "GET /api/tickets", day: 1)
        let monday = take(&learner, day: 1)
        #expect(monday.opened == [OpenedPosition(label: "vendor", day: 20_001, parent: "/api", kept: ["tickets"])])
        #expect(monday.rows.contains { $0.key.template == "/api/tickets" && $0.key.day == 20_001 })
        #expect(!monday.rows.contains { $0.key.template.contains("new") })
        for _ in 0..<3 { note(&learner, "GET /api/new", day: 2) }
        #expect(told(take(&learner, day: 2)).contains("GET /api/new 3"))
    }

    @Test("what is revised is what lies below a parent, but for the names that stay")
    func revision() {
        let parents = ["/customers": Set(["old"])]
        #expect(OpenedPosition.revised("/customers/north/tickets", below: parents) == "/customers/{any}/tickets")
        #expect(OpenedPosition.revised("/customers/old/tickets", below: parents) == nil)
        #expect(OpenedPosition.revised("/customers/{id}/tickets", below: parents) == nil)
        #expect(OpenedPosition.revised("/others/north", below: parents) == nil)
        #expect(OpenedPosition.revised("/a/b/c", below: ["": [], "/{any}": [], "/a/b": []]) == "/{any}/{any}/c")
    }

    @Test("whoever fills all places of a label on one day leaves room for the next, and for what was known before", arguments: [31, 2_100])
    func fullTree(count: Int) {
        var learner = RequestLearner()
        for day in Int64(0)..<2 {
            for _ in 0..<3 { note(&learner, "GET /api/tickets", day: day) }
        }
        // Beside each other, or where there are more than one position holds, below one another.
        for number in 0..<count {
            let path = count > 32 ? "/a\(number % 31)x/b\(number / 31 % 31)x/c\(number / 961)x" : "/api/n\(number)x"
            for _ in 0..<3 { note(&learner, "GET \(path)", day: 2) }
        }
        let names = take(&learner, isLast: true, day: 2).rows.map(\.key.template)
        #expect(Set(names).count > min(count, 900) - 3)
        for name in ["one", "two", "three", "four"] {
            for _ in 0..<3 { note(&learner, "GET /api/\(name)/more", day: 4) }
        }
        note(&learner, "GET /api/tickets", day: 4)
        #expect(
            told(take(&learner, isLast: true, day: 4)) == [
                "GET /api/four/more 3", "GET /api/one/more 3", "GET /api/three/more 3", "GET /api/tickets 1", "GET /api/two/more 3",
            ])
    }

    @Test("one label's templates, by all methods, leave the others room between two takes")
    func share() {
        var learner = RequestLearner()
        for number in 0..<900 {
            let path = "/a\(number % 30)x/b\(number / 30)x"
            for _ in 0..<3 { note(&learner, "GET \(path)") }
        }
        for number in 0..<900 {
            for method in RequestLearner.methods { note(&learner, "\(method) /a\(number % 30)x/b\(number / 30)x") }
        }
        for label in 0..<25 { for _ in 0..<3 { note(&learner, "GET /api/tickets", label: "label \(label)") } }
        let take = take(&learner, isLast: true)
        #expect(take.rows.count { $0.key.label == "vendor" } == RequestLearner.labelRowsMax)
        #expect(take.rows.count { $0.key.template == "/api/tickets" } == 25)
        #expect(take.lost > 0)
        for method in RequestLearner.methods { note(&learner, "\(method) /a0x/b0x") }
        #expect(self.take(&learner).rows.count == RequestLearner.methods.count)
    }

    @Test("a flood of guesses leaves few rows and no names, and takes nothing from other labels")
    func flood() {
        var learner = RequestLearner()
        var random = SeededGenerator(seed: 7)
        for _ in 0..<3 { note(&learner, "POST /api/tickets.json", label: "other") }
        for _ in 0..<20_000 {
            let guess = String(random.next(), radix: 36)
            note(&learner, "GET /\(guess)/\(random.next() % 100)", 404)
            note(&learner, "GET /x\(random.next() % 50)/\(guess)")
        }
        for _ in 0..<3 { note(&learner, "GET /api/assets", label: "other") }
        let take = take(&learner, isLast: true)
        let hostile = take.rows.filter { $0.key.label == "vendor" }
        #expect(hostile.count < 100)
        #expect(hostile.reduce(0) { $0 + $1.count } + take.lost == 40_000)
        #expect(told(take).filter { $0.contains("/api/") } == ["GET /api/assets 3", "POST /api/tickets.json 3"])
    }

    @Test("what was answered badly is told by what is known, and teaches nothing")
    func failures() {
        var learner = RequestLearner()
        for _ in 0..<9 { note(&learner, "GET /admin/users", 403) }
        for _ in 0..<3 { note(&learner, "GET /api/tickets") }
        note(&learner, "GET /api/tickets", 500)
        note(&learner, "GET /api/secret-token", 404)
        let rows = take(&learner).rows
        #expect(
            told(LearnedTake(rows: rows)) == ["GET /** 9", "GET /api/** 1", "GET /api/tickets 4"])
        #expect(rows.first { $0.key.template == "/api/tickets" }?.lastFailure == 500)
    }

    @Test("paths that can be read in more than one way are one row, and methods of no API none")
    func ambiguous() {
        var learner = RequestLearner()
        for path in ["/a/../b", "//a", "/a%2fb", "/a;b"] { note(&learner, "GET \(path)") }
        note(&learner, "SECRETWORD /a")
        let take = take(&learner)
        #expect(told(take) == ["GET  4"])
        #expect(take.lost == 1)
    }

    @Test("names of a former process are known at once, and a position that was opened today stays so")
    func restart() {
        for isToday in [true, false] {
            var learner = RequestLearner()
            let today: Int64 = isToday ? 20_000 : 20_001
            learner.know(
                ["/api/tickets.json", "/customers/{any}/tickets", "/customers/north/tickets"].map {
                    LearnedTemplate(label: "vendor", template: $0, firstDay: 19_990, lastDay: 20_000, days: 5)
                }, wallMilliseconds: today * Self.day)
            note(&learner, "GET /api/tickets.json", day: today - 20_000)
            note(&learner, "GET /customers/north/tickets", day: today - 20_000)
            note(&learner, "GET /customers/south/tickets", day: today - 20_000)
            let last = isToday ? "{any}/tickets" : "{name}/{name}"
            #expect(
                told(take(&learner, isLast: true, day: today - 20_000))
                    == [
                        "GET /api/tickets.json 1", "GET /customers/north/tickets 1", "GET /customers/\(last) 1",
                    ].sorted())
        }
    }

    @Test("names survive the day, and the path of a cut line is never learned")
    func overnight() {
        var learner = RequestLearner()
        for _ in 0..<3 { note(&learner, "GET /api/tickets") }
        note(&learner, "GET /api/tickets", day: 1)
        let rows = take(&learner, day: 1).rows
        #expect(rows.map(\.key.day).sorted() == [20_000, 20_001] && rows.allSatisfy { $0.key.template == "/api/tickets" })
        let (method, path) = (Array("GET".utf8), Array("/api/tickets".utf8))
        learner.note(label: "", method: method.span, target: path.span, isCut: true, status: 200, wallMilliseconds: Self.start)
        #expect(take(&learner, day: 1).lost == 1)
    }

    @Test("a take that found no room comes again whole")
    func putBack() {
        var learner = RequestLearner()
        for _ in 0..<4 { note(&learner, "GET /api") }
        let first = take(&learner)
        learner.putBack(first)
        note(&learner, "GET /api")
        #expect(told(take(&learner)) == ["GET /api 1", "GET /api 4"])
    }
}

extension LearnedTake {
    fileprivate init(rows: [LearnedRequest]) {
        self.init()
        self.rows = rows
    }
}
