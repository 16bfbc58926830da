import Testing

@testable import gatekeeperd

@Suite("Where something stands in JSON")
struct JSONPathTests {
    private func texts(_ path: String, _ json: String) throws -> [String?] {
        let json = try #require(JSONReader.read(Array(json.utf8)))
        return try JSONPath(path).values(in: json).map { value in if case .string(let text) = value { text } else { nil } }
    }

    @Test("names lead down, [*] takes every element, and a list at the end is its elements")
    func values() throws {
        #expect(try texts("addresses", #"{"addresses":["a","b"]}"#) == ["a", "b"])
        #expect(try texts("$.a[*].b", #"{"a":[{"b":"x"},{"c":"y"},{"b":["z","w"]}]}"#) == ["x", "z", "w"])
        #expect(try texts("a.b-c[*]", #"{"a":{"b-c":["x",1]}}"#) == ["x", nil])
        #expect(try texts("$", #"["x"]"#) == ["x"])
        #expect(try texts("[*].b", #"[{"b":"x"}]"#) == ["x"])
        #expect(try texts("a", #"{"b":"x"}"#) == [])
        #expect(try texts("a[*]", #"{"a":"x"}"#) == [])
    }

    @Test(
        "whatever else JSONPath may say is refused",
        arguments: ["a..b", "a[0]", "$a", "a.", "a[*", "a['b']", "a b", String(repeating: "a", count: 201)])
    func refused(path: String) {
        #expect(throws: ValueMistake.self) { try JSONPath(path) }
    }
}
