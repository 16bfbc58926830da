import Testing

@testable import gatekeeperd

@Suite("JSONReader")
struct JSONReaderTests {
    @Test(
        "valid texts come back as they were meant",
        arguments: [
            ("{}", "{}"), (" [ ] ", "[]"), ("\"a\\u00e9\\n\\\"\"", "\"aé\\n\\\"\""), ("\"\\ud83d\\ude00\"", "\"😀\""),
            ("-0.5e+10", "-0.5e+10"),
            ("{\"a\": [1, true, false, null, {\"b\": \"c\"}]}", "{\"a\":[1,true,false,null,{\"b\":\"c\"}]}"),
            ("\"\\u0001\\u007f\\u009b\"", "\"\\u0001\\u007f\\u009b\""),
            ("0", "0"),
        ])
    func valid(_ text: String, written: String) {
        #expect(JSONReader.read(Array(text.utf8))?.text == written)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":1,\"a\":2}", "01", "1.", ".5", "-", "1e", "+1", "tru",
            "nulll", "\"a",
            "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"a\nb\"", "1 2", "[1 2]", "'a'", "NaN",
        ])
    func invalid(_ text: String) {
        #expect(JSONReader.read(Array(text.utf8)) == nil)
    }

    @Test("nesting has a limit", arguments: ["[", "{\"a\":"])
    func depth(_ opening: String) {
        #expect(JSONReader.read(Array(String(repeating: opening, count: 100_000).utf8)) == nil)
    }

    @Test("bytes that aren't UTF-8 are refused")
    func encoding() {
        #expect(JSONReader.read([0x22, 0xff, 0x22]) == nil)
    }
}
