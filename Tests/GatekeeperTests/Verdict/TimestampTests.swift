import Foundation
import Testing

@testable import Gatekeeper

struct TimestampTests {
    @Test(
        "known moments",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_772_366_400_001, "2026-03-01T12:00:00.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func known(milliseconds: Int64, shown: String) {
        #expect(text(milliseconds) == shown)
    }

    @Test("what lies outside the years 1970 to 9999 is shown as the nearest moment inside", arguments: [Int64.min, -1, .max])
    func clamped(milliseconds: Int64) {
        #expect(text(milliseconds) == (milliseconds < 0 ? "1970-01-01T00:00:00.000Z" : "9999-12-31T23:59:59.999Z"))
    }

    @Test("agrees with the C library on any second")
    func oracle() {
        for _ in 0..<5_000 {
            var seconds = time_t.random(in: 0...253_402_300_799)
            var parts = unsafe tm()
            unsafe gmtime_r(&seconds, &parts)
            let expected = unsafe String(
                format: "%04d-%02d-%02dT%02d:%02d:%02d.000Z", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday),
                Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
            #expect(text(Int64(seconds) * 1000) == expected)
        }
    }

    private func text(_ milliseconds: Int64) -> String {
        let buffer = Buffer(capacity: 32)
        Timestamp.append(milliseconds, to: buffer)
        return buffer.text
    }
}

extension Buffer {
    /// What has been appended, as text.
    var text: String { String(decoding: (0..<end).map { bytes[$0] }, as: UTF8.self) }
}
