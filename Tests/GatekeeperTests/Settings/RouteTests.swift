import Testing

@testable import Gatekeeper

struct RouteTests {
    private func matches(_ pattern: String, _ path: String, isCaseSensitive: Bool = true) throws -> Bool {
        let route = try Route(methods: nil, path: pattern, isCaseSensitive: isCaseSensitive)
        let bytes = Array(path.utf8)
        return route.matches(bytes.span)
    }

    @Test(
        "a pattern matches what it says",
        arguments: [
            ("/", ["/", ""], ["/a", "//"]), ("/api", ["/api", "/%61pi", "/ap%69"], ["/api/", "/apia", "/ap", "/API", "/"]),
            ("/api/", ["/api/"], ["/api", "/api/x"]),
            ("/api/tickets.json", ["/api/tickets.json", "/api/tickets%2ejson"], ["/api/ticketsXjson"]),
            ("/t/{id}", ["/t/1", "/t/x.y", "/t/%20"], ["/t/", "/t", "/t/1/", "/t/1/2", "/u/1"]),
            ("/t/{id}/comment", ["/t/1/comment"], ["/t//comment", "/t/comment", "/t/1/comments", "/t/1/2/comment"]),
            ("/{a}/{b}", ["/x/y"], ["/x", "/x/", "/x/y/z"]), ("/a/**", ["/a/", "/a/b", "/a/b/c/d"], ["/a", "/ab", "/", "/b/a/c"]),
            ("/**", ["/", "/a", "/a/b/", ""], []), ("/t/{id}/**", ["/t/1/", "/t/1/x/y"], ["/t/1", "/t//x"]),
            (
                "/i/{id}.json", ["/i/1.json", "/i/1.json.json", "/i/%31%2ejson", "/i/a%C3%BC.js%6Fn"],
                ["/i/.json", "/i/1", "/i/1.jso", "/i/1.jsonx", "/i/1/.json", "/i/1.JSON", "/i/"]
            ),
            ("/i/{id}.x/y", ["/i/1.x/y"], ["/i/1.x", "/i/x/y", "/i/1.x/y/z"]),
            ("/gr%C3%BCn", ["/gr%C3%BCn", "/gr%c3%bcn"], ["/grun"]), ("/~a", ["/~a", "/%7Ea", "/%7ea"], ["/-a"]),
        ] as [(String, [String], [String])])
    func patterns(pattern: String, yes: [String], no: [String]) throws {
        for path in yes { #expect(try matches(pattern, path), "\(path)") }
        for path in no { #expect(try !matches(pattern, path), "\(path)") }
    }

    @Test("letters are folded where the route says so, and nothing else is")
    func folding() throws {
        for path in ["/API/Tickets", "/api/tickets", "/%41PI/tickets"] {
            #expect(try matches("/Api/Tickets", path, isCaseSensitive: false), "\(path)")
        }
        #expect(try matches("/i/{id}.Json", "/I/a.jSON", isCaseSensitive: false))
        #expect(try !matches("/Api/Tickets", "/api/tickets"))
        // `@` and the backquote differ by the same bit as A and a.
        #expect(try !matches("/@", "/%60", isCaseSensitive: false))
        #expect(try !matches("/%C3%9C", "/%C3%BC", isCaseSensitive: false))
    }

    @Test("methods are exactly those, and GET brings HEAD")
    func methods() throws {
        let route = try Route(methods: ["GET", "PURGE"], path: "/")
        let every = try Route(methods: nil, path: "/")
        for (name, isAllowed) in [
            ("GET", true), ("HEAD", true), ("PURGE", true), ("POST", false), ("PURG", false), ("GETX", false), ("", false),
        ] {
            let bytes = Array(name.utf8)
            let (allowed, allowedByEvery) = (route.allows(method: bytes.span), every.allows(method: bytes.span))
            #expect(allowed == isAllowed, "\(name)")
            #expect(allowedByEvery, "\(name)")
        }
    }

    @Test(
        "a pattern that can't be meant is an error that says why",
        arguments: [
            ("api", "begins with /"), ("", "begins with /"), ("/a//b", "no empty segments"), ("//", "no empty segments"),
            ("/a/**/b", "** is for the end"),
            ("/a*", "** is for the end"), ("/{}", "name of one segment"), ("/{a}{b}", "name of one segment"),
            ("/{a}*", "** is for the end"), ("/{a}..%2f", "more than one way"), ("/{a}b}", "name of one segment"),
            ("/x{a}", "neither a segment"), ("/a?b", "query"),
            ("/..", "more than one way"), ("/a/%2e%2e/b", "more than one way"), ("/a;b", "more than one way"),
            ("/%zz", "more than one way"),
            ("/a b", "more than one way"), ("/ü", "more than one way"),
        ])
    func mistakes(pattern: String, words: String) {
        let error = #expect(throws: Route.SyntaxError.self) { try Route(methods: nil, path: pattern) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("it is for everybody, or for those that have one of its labels")
    func sources() throws {
        var route = try Route(methods: ["GET"], path: "/a")
        #expect(route.isFor(nil) && route.isFor("Tickets") && "\(route)" == "GET,HEAD /a")
        route.from = ["Tickets", "Assets"]
        route.query = try QueryRule(.allow, ["version", "class"])
        #expect(route.isFor("Assets") && !route.isFor("assets") && !route.isFor(nil))
        #expect("\(route)" == "GET,HEAD /a from Tickets, Assets with the query's keys version, class")
        route.shown = "GET ${PATH}"
        #expect("\(route)" == "GET ${PATH}")
    }

    @Test("methods that can't be meant are errors", arguments: ["get", "", "GET POST", "Ä"])
    func methodMistakes(name: String) {
        #expect(throws: Route.SyntaxError.self) { try Route(methods: [name], path: "/") }
    }

    /// The pattern's meaning, written down again by splitting strings.
    private func means(_ pattern: String, _ path: String) -> Bool {
        var expected = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)[...]
        var found = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)[...]
        let coversRest = expected.last == "**"
        if coversRest { expected.removeLast() }
        while let segment = expected.popFirst() {
            guard let other = found.popFirst() else { return false }
            if segment.hasPrefix("{") { if other.isEmpty { return false } } else if segment != other { return false }
        }
        return coversRest ? !found.isEmpty : found.isEmpty
    }

    @Test("random patterns match random paths as they mean")
    func byMeaning() throws {
        var generator = SeededGenerator(seed: 3986)
        var hits = 0
        for _ in 0..<20_000 {
            let parts = ["a", "b", "{x}", "ab"]
            var pattern = (1...3).prefix(Int.random(in: 1...3, using: &generator)).map { _ in "/" + parts.randomElement(using: &generator)!
            }.joined()
            pattern += ["", "/", "/**"].randomElement(using: &generator)!
            var path = (1...4).prefix(Int.random(in: 1...4, using: &generator)).map { _ in
                "/" + ["a", "b", "ab"].randomElement(using: &generator)!
            }.joined()
            if Bool.random(using: &generator) { path += "/" }
            let isMatch = try matches(pattern, path)
            #expect(isMatch == means(pattern, path), "\(pattern) \(path)")
            if isMatch { hits += 1 }
        }
        #expect(hits > 500)
    }
}
