import Testing

@testable import Gatekeeper

struct RouteTableTests {
    private func find(_ table: RouteTable, _ line: String) -> RouteTable.Match? {
        var fields = FieldTable()
        let bytes = Array("\(line) HTTP/1.1\r\nHost: t\r\n\r\n".utf8)
        guard case .parsed(let head) = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields) else { return nil }
        return table.find(head, fields, bytes.span)
    }

    private func route(_ methods: [String]?, _ path: String, from: [String]? = nil, query: QueryRule? = nil) throws -> Route {
        var route = try Route(methods: methods, path: path)
        (route.from, route.query) = (from, query)
        return route
    }

    private func table(_ routes: [Route], _ label: String?) -> RouteTable {
        let entry = Settings.AllowEntry(prefix: AddressPrefix(PeerAddress(ipv4: 1)), label: label)
        return SourceRoutes(Settings.Routes(routes)).table(for: entry)
    }

    @Test("a source has the routes that are for everybody and those that name its label, in their order and by their places")
    func sources() throws {
        let routes = [
            try route(["POST"], "/t", from: ["A"]), try route(["GET"], "/t"), try route(["GET"], "/a", from: ["B", "A"]),
            try route(["PUT"], "/t", from: ["B"]),
        ]
        for (label, line, match) in [
            ("A", "POST /t", .route(0)), ("A", "GET /t", .route(1)), ("A", "GET /a", .route(2)),
            ("A", "PUT /t", .objection(.routeOfOthers)),
            ("A", "DELETE /t", .objection(.route)), ("B", "POST /t", .objection(.routeOfOthers)), ("B", "GET /a", .route(2)),
            ("B", "PUT /t", .route(3)), ("a", "POST /t", .objection(.routeOfOthers)), ("a", "GET /t", .route(1)),
            (nil, "GET /t", .route(1)), (nil, "GET /a", .objection(.routeOfOthers)), (nil, "GET /b", .objection(.route)),
        ] as [(String?, String, RouteTable.Match)] {
            #expect(find(table(routes, label), line) == match, "\(label ?? "nobody") \(line)")
        }
    }

    @Test("a grant's reason is no label, whatever it says")
    func reason() throws {
        let routes = SourceRoutes(Settings.Routes([try route(nil, "/t", from: ["A"])]))
        var entry = Settings.AllowEntry(prefix: AddressPrefix(PeerAddress(ipv4: 1)), label: "A")
        #expect(find(routes.table(for: entry), "GET /t") == .route(0))
        entry.isLabelledByReason = true
        #expect(find(routes.table(for: entry), "GET /t") == .objection(.routeOfOthers))
    }

    @Test("where no route has from, every source has the same table")
    func common() throws {
        let routes = SourceRoutes(Settings.Routes([try route(nil, "/t")]))
        let entry = Settings.AllowEntry(prefix: AddressPrefix(PeerAddress(ipv4: 1)), label: "A")
        #expect(routes.table(for: entry) === routes.all && routes.common === routes.all)
    }

    @Test("of several routes for a path any may let the query pass; an ambiguous one is said to be before a forbidden one")
    func queries() throws {
        let a = try QueryRule(.allow, ["a"])
        let b = try QueryRule(.deny, ["a"])
        let routes = [
            try route(["GET"], "/t", query: a), try route(["GET"], "/t", query: b), try route(["POST"], "/t", query: a),
            try route(["PUT"], "/t", query: a), try route(["PUT"], "/t"),
        ]
        for (line, match) in [
            ("GET /t", .route(0)), ("GET /t?a=1", .route(0)), ("GET /t?b=1", .route(1)), ("GET /t?a=1&b=1", .objection(.queryKey)),
            ("GET /t?a;b", .objection(.queryAmbiguous)), ("POST /t?b=1", .objection(.queryKey)), ("POST /t?a", .objection(.queryAmbiguous)),
            ("PUT /t?a", .route(4)), ("PUT /t?b=1", .route(4)), ("DELETE /t?a=1", .objection(.route)), ("GET /t/?a=1", .objection(.route)),
            ("GET /t/../t?a=1", .objection(.pathAmbiguous)),
        ] as [(String, RouteTable.Match)] {
            #expect(find(table(routes, nil), line) == match, "\(line)")
        }
    }

    @Test("random routes by method, path, source and query let through what each of their parts does")
    func byMeaning() throws {
        var generator = SeededGenerator(seed: 13)
        let rules = [nil, try QueryRule(.allow, ["a"]), try QueryRule(.deny, ["a"])]
        var counts: [String: Int] = [:]
        for _ in 0..<5_000 {
            let routes = try (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                try route(
                    [nil, ["GET"], ["POST"]].randomElement(using: &generator)!, ["/x", "/{y}", "/x/**"].randomElement(using: &generator)!,
                    from: [nil, ["A"], ["B"], ["A", "B"]].randomElement(using: &generator)!, query: rules.randomElement(using: &generator)!)
            }
            let method = ["GET", "POST"].randomElement(using: &generator)!
            let path = ["/x", "/z", "/x/1"].randomElement(using: &generator)!
            let label = [nil, "A", "B"].randomElement(using: &generator)!
            let query = ["", "?a=1", "?b=1", "?a=1&b=1", "?a"].randomElement(using: &generator)!
            func fits(_ route: Route) -> Bool {
                let (name, bytes) = (Array(method.utf8), Array(path.utf8))
                return route.allows(method: name.span) && route.matches(bytes.span)
            }
            func passes(_ rule: QueryRule?) -> Bool {
                guard let rule, !query.isEmpty else { return true }
                return rule.kind == .allow ? query == "?a=1" : query == "?b=1"
            }
            let mine = routes.filter { fits($0) && $0.isFor(label) }
            let expected: RouteTable.Match =
                if let index = routes.firstIndex(where: { fits($0) && $0.isFor(label) && passes($0.query) }) {
                    .route(index)
                } else if !mine.isEmpty {
                    .objection(query == "?a" ? .queryAmbiguous : .queryKey)
                } else {
                    .objection(routes.contains(where: fits) ? .routeOfOthers : .route)
                }
            let found = find(table(routes, label), "\(method) \(path)\(query)")
            #expect(found == expected, "\(routes) \(method) \(path)\(query) of \(label ?? "nobody")")
            let word = if case .objection(let refusal) = expected { "\(refusal.reason)" } else { "passed" }
            counts[word, default: 0] += 1
        }
        for word in ["passed", "route", "route_of_others", "query_key", "query_ambiguous"] {
            #expect(counts[word, default: 0] > 50, "\(counts)")
        }
    }
}
