import Testing

@testable import Gatekeeper

@Suite("Routes over path templates: certain where nothing depends on a placeholder")
struct RouteTemplateTests {
    @Test(
        "a template passes wholly, perhaps, or not",
        arguments: [
            ("/api/tickets.json", "/api/tickets.json", .all), ("/api/tickets.json", "/api/{name}", .some),
            ("/api/{id}", "/api/tickets.json", .all), ("/api/{id}", "/api/{any}", .all), ("/api/{id}", "/api/", .none),
            ("/api", "/api/", .none), ("/api/**", "/api/{id}/x", .all), ("/api/**", "/api", .none), ("/api/**", "/api/**", .all),
            ("/api/x/**", "/api/**", .some), ("/api/{id}", "/api/**", .some), ("/api/{id}/x", "/api/**", .some),
            ("/**", "/", .all), ("/**", "/a/b", .all), ("/other/{id}", "/api/{id}", .none), ("/a", "", .none),
            ("/i/{id}.json", "/i/{id}", .some), ("/i/{id}.json", "/i/7.json", .all), ("/i/{id}.json", "/i/.json", .none),
        ] as [(String, String, TemplateCoverage)])
    func coverage(route: String, template: String, expected: TemplateCoverage) throws {
        #expect(try Route(methods: ["GET"], path: route).covers(method: "GET", template: template) == expected)
    }

    @Test("where the query decides, nothing is certain")
    func query() throws {
        var route = try Route(methods: nil, path: "/a")
        route.query = try QueryRule(.allow, ["page"])
        #expect(route.covers(method: "GET", template: "/a") == .some && route.covers(method: "GET", template: "/b") == .none)
    }

    @Test("methods and letters count as they do for requests")
    func methods() throws {
        let route = try Route(methods: ["GET"], path: "/Api", isCaseSensitive: false)
        #expect(route.covers(method: "HEAD", template: "/API") == .all)
        #expect(route.covers(method: "POST", template: "/api") == .none)
    }

    @Test("what is said of a template holds of each of its paths")
    func oracle() throws {
        var random = SeededGenerator(seed: 13)
        let words = ["a", "b", "{id}", "{id}.b", "**", "c"]
        func template() -> String {
            "/" + (0..<Int(random.next() % 4 + 1)).map { _ in words[Int(random.next() % UInt64(words.count))] }.joined(separator: "/")
        }
        var judged: Set<TemplateCoverage> = []
        for _ in 0..<4_000 {
            let (pattern, learned) = (template(), template())
            guard let route = try? Route(methods: nil, path: pattern), (try? Route(methods: nil, path: learned)) != nil else { continue }
            let coverage = route.covers(method: "GET", template: learned)
            judged.insert(coverage)
            for word in ["a", "b", "z"] {
                let path = learned.replacing("{id}", with: word).replacing("**", with: "\(word)/b")
                let bytes = Array(path.utf8)
                let passes = route.matches(bytes.span)
                if coverage == .all { #expect(passes, "\(pattern) \(path)") }
                if coverage == .none, !learned.hasSuffix("**") { #expect(!passes, "\(pattern) \(path)") }
            }
        }
        #expect(judged.count == 3)
    }
}
