import Foundation
import Testing

@testable import Gatekeeper

struct JSONTextTests {
    @Test(
        "what could be mistaken is escaped",
        arguments: [
            ("plain /path?x=1", #"plain /path?x=1"#),
            ("a\"b\\c", #"a\"b\\c"#),
            ("a\r\n{\"event\":\"request\"}", #"a\r\n{\"event\":\"request\"}"#),
            ("\u{0}\u{1f}\u{7f}\u{85}", #"\u0000\u001f\u007f\u0085"#),
            ("\u{2028}\u{2029}\u{202e}\u{2066}\u{feff}", #"\u2028\u2029\u202e\u2066\ufeff"#),
            ("grüße 🎫", "grüße 🎫"),
        ])
    func escaped(text: String, json: String) {
        #expect(append(Array(text.utf8)) == json)
        #expect(JSONText.escaped(text) == json)
    }

    @Test(
        "bytes that aren't UTF-8 are replaced one by one",
        arguments: [
            ([0x61, 0xff, 0x62], #"a\ufffdb"#),
            ([0xc0, 0xaf], #"\ufffd\ufffd"#),
            ([0xe0, 0x80, 0xaf], #"\ufffd\ufffd\ufffd"#),
            ([0xed, 0xa0, 0x80], #"\ufffd\ufffd\ufffd"#),
            ([0xf4, 0x90, 0x80, 0x80], #"\ufffd\ufffd\ufffd\ufffd"#),
            ([0xe2, 0x82], #"\ufffd\ufffd"#),
            ([0xc3, 0x0a], #"\ufffd\n"#),
        ] as [([UInt8], String)])
    func invalid(bytes: [UInt8], json: String) {
        #expect(append(bytes) == json)
    }

    @Test("whatever the bytes, the result is one line that a JSON parser reads as the same text")
    func anyBytes() throws {
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0..<60)).map { _ in UInt8.random(in: .min ... .max) }
            let json = append(bytes)
            #expect(!json.utf8.contains { $0 < 0x20 || $0 == 0x7f })
            #expect(json.utf8.count <= bytes.count * 6)
            let read = try JSONSerialization.jsonObject(with: Data("\"\(json)\"".utf8), options: .fragmentsAllowed) as? String
            // Swift replaces an ill-formed sequence as a whole, we byte by byte; what is left beside the replacements is the same.
            let expected = String(decoding: bytes, as: UTF8.self).unicodeScalars.filter { $0 != "\u{fffd}" }
            #expect(Array((read ?? "").unicodeScalars.filter { $0 != "\u{fffd}" }) == Array(expected))
        }
    }

    @Test("no byte slips through, wherever it stands among plain ones")
    func everyPlace() {
        let plain: (UInt8) -> Bool = { (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        for byte in UInt8.min ... .max {
            let alone = append([byte])
            #expect((alone == String(decoding: [byte], as: UTF8.self)) == plain(byte))
            for count in 1...20 {
                for place in 0..<count {
                    var bytes = [UInt8](repeating: UInt8(ascii: "~"), count: count)
                    bytes[place] = byte
                    let (before, after) = (String(repeating: "~", count: place), String(repeating: "~", count: count - place - 1))
                    if append(bytes) != before + alone + after { Issue.record("\(byte) at \(place) of \(count)") }
                }
            }
        }
    }

    private func append(_ bytes: [UInt8]) -> String {
        let buffer = Buffer(capacity: 1024)
        JSONText.append(bytes.span, to: buffer)
        return buffer.text
    }
}
