import Testing

@testable import Gatekeeper

struct QueryRuleTests {
    private func verdict(_ rule: QueryRule, _ query: String, isCaseSensitive: Bool = true) -> QueryRule.Verdict {
        let bytes = Array(query.utf8)
        return rule.judge(bytes.span, isCaseSensitive: isCaseSensitive)
    }

    @Test("with allow these keys alone may be there, and with deny all but these")
    func kinds() throws {
        let allow = try QueryRule(.allow, ["version", "@page", "$top"])
        let deny = try QueryRule(.deny, ["loginop"])
        for query in [
            "", "&", "version=1", "version=", "version=1.3&@page=2", "%40page=1", "%24top=5&version=a=b?c/d%20e+f[%5B]", "&&version=1&",
            "version=%C3%BC%26loginop%3D1", "version=%3B",
        ] {
            #expect(verdict(allow, query) == .passes, "\(query)")
            #expect(verdict(deny, query) == .passes, "\(query)")
        }
        for query in ["loginop=do_reset_pwd", "version=1&loginop=", "loginop==&version=1"] {
            #expect(verdict(allow, query) == .forbidden, "\(query)")
            #expect(verdict(deny, query) == .forbidden, "\(query)")
        }
        #expect(verdict(deny, "other=1") == .passes && verdict(allow, "other=1") == .forbidden)
        let none = try QueryRule(.allow, [])
        #expect(verdict(none, "a=1") == .forbidden && verdict(none, "") == .passes)
    }

    @Test("what is denied is denied in any case, and what is allowed only where case counts for the path")
    func letters() throws {
        #expect(verdict(try QueryRule(.deny, ["loginop"]), "LoginOp=x") == .forbidden)
        let allow = try QueryRule(.allow, ["conditions"])
        #expect(verdict(allow, "Conditions=x") == .forbidden && verdict(allow, "Conditions=x", isCaseSensitive: false) == .passes)
    }

    @Test(
        "a query of which two servers make different keys is refused, whatever the rule",
        arguments: [
            // Another separator, for some.
            "version=1;loginop=do_reset_pwd", ";version=1", "version;=1",
            // Names that PHP makes others of.
            "login.op=x", "login+op=x", "login%20op=x", "+loginop=x", "loginop[]=x", "login[op=x", "loginop%5B%5D=x", "version[a][b]=1",
            // Escapes where none is needed.
            "%6coginop=x", "login%6Fp=x", "version%3d1=x", "loginop%00=x", "%=x", "%4=x", "%zz=x", "login%u006fp=x", "%256coginop=x",
            // No key, or no value.
            "version", "version=1&loginop", "=x", "&=x", "?version=1", "version?=1",
            // Twice.
            "version=1&version=2", "version=1&VERSION=2", "@a=1&%40a=2",
            // Values that don't end where they seem to.
            "version=%", "version=1%&loginop=x", "version=%2", "version=%c0%a6loginop%3dx", "version=%ff", "version=%C3&a=1",
            "version=a%00b",
            "version=%ED%A0%80", "version=%F5%80%80%80", "version=%E2%82",
        ])
    func ambiguous(query: String) throws {
        #expect(verdict(try QueryRule(.allow, ["version", "loginop", "@a"]), query) == .ambiguous)
        #expect(verdict(try QueryRule(.deny, ["other"]), query) == .ambiguous)
    }

    @Test("no more keys are compared than any honest client has")
    func many() throws {
        let rule = try QueryRule(.deny, ["x"])
        func query(_ count: Int) -> String { (0..<count).map { "k\($0)=1" }.joined(separator: "&") }
        #expect(verdict(rule, query(64)) == .passes)
        #expect(verdict(rule, query(65)) == .ambiguous && verdict(rule, query(5_000)) == .ambiguous)
        #expect(verdict(rule, String(repeating: "&", count: 8_000)) == .passes)
    }

    @Test(
        "keys that can't be meant are errors that say why",
        arguments: [
            ("", "more than one way"), ("a.b", "more than one way"), ("a[]", "more than one way"), ("a b", "more than one way"),
            ("%61", "more than one way"), ("ü", "more than one way"), ("a;b", "more than one way"), ("a=b", "more than one way"),
        ])
    func mistakes(key: String, words: String) {
        let error = #expect(throws: Route.SyntaxError.self) { try QueryRule(.allow, [key]) }
        #expect(error?.description.contains(words) == true)
        #expect(throws: Route.SyntaxError.self) { try QueryRule(.deny, []) }
        #expect(throws: Route.SyntaxError.self) { try QueryRule(.deny, (0...64).map { "k\($0)" }) }
    }

    /// What a server makes of a query, one as PHP, one as Perl's CGI, one as ASP.NET: the keys, alike ones as one.
    private func readings(_ query: String) -> [Set<String>] {
        func decode(_ text: Substring) -> String {
            var bytes: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while let byte = rest.popFirst() {
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                if byte == UInt8(ascii: "%"), rest.count > 1, let value = UInt8(digits, radix: 16) {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        func keys(_ separators: Set<Character>) -> [String] {
            query.split(whereSeparator: separators.contains).map { decode($0.prefix { $0 != "=" }) }
        }
        let php = keys(["&"]).map { key in
            String(key.drop { $0 == " " }.prefix { $0 != "[" && $0 != "\0" }.map { $0 == "." || $0 == " " ? "_" : $0 }).lowercased()
        }
        return [Set(php), Set(keys(["&", ";"]).map { $0.lowercased() }), Set(keys(["&"]).map { $0.lowercased() })]
    }

    @Test("of random queries, what passes has the same keys for every server, and these are allowed")
    func random() throws {
        var generator = SeededGenerator(seed: 51739)
        let parts = [
            "a", "b", "A", "=", "&", "=1", ";", ".", "[", "]", "+", "%61", "%3D", "%26", "%40", "@", "%", "_", "%00", "a=1", "&b=2",
        ]
        let rules = [try QueryRule(.allow, ["a", "@a", "b", "_"]), try QueryRule(.deny, ["b"])]
        var passed = 0
        for _ in 0..<50_000 {
            let query = (0..<Int.random(in: 1...6, using: &generator)).map { _ in parts.randomElement(using: &generator)! }.joined()
            let readings = readings(query)
            if verdict(rules[0], query) == .passes {
                passed += 1
                #expect(Set(readings).count == 1 && readings[0].isSubset(of: ["a", "@a", "b", "_"]), "\(query) \(readings)")
            }
            if verdict(rules[1], query) == .passes { #expect(readings.allSatisfy { !$0.contains("b") }, "\(query) \(readings)") }
        }
        #expect(passed > 500)
    }
}
