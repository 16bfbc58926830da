import Testing

@testable import Gatekeeper

struct HTTPDateTests {
    @Test(
        "a second has the text that RFC 9110 gives it",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"),
            (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"), (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)])
    func text(seconds: Int64, expected: String) {
        #expect(text(HTTPDate(), seconds) == expected)
    }

    @Test("another second is another text, the same second the same")
    func turns() {
        let date = HTTPDate()
        for second: Int64 in [784_111_777, 784_111_777, 784_111_778, 784_111_777] {
            #expect(text(date, second).hasSuffix(second == 784_111_777 ? ":37 GMT" : ":38 GMT"))
        }
    }

    private func text(_ date: HTTPDate, _ seconds: Int64) -> String {
        String(decoding: FixtureReader.array(date.text(atUnixSeconds: seconds).readable), as: UTF8.self)
    }
}
