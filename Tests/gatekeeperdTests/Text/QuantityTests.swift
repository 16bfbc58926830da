import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Quantity")
struct QuantityTests {
    @Test(
        "sizes are bytes in powers of two",
        arguments: [("0B", 0), ("512B", 512), ("16KiB", 16384), ("32MiB", 33_554_432), ("2GiB", 2_147_483_648), ("1 KiB", 1024)])
    func sizes(_ text: String, bytes: Int) throws {
        #expect(try Quantity.size(text) == bytes)
    }

    @Test(
        "durations are milliseconds",
        arguments: [("1500ms", 1500), ("30s", 30_000), ("2m", 120_000), ("1h", 3_600_000), ("2d", 172_800_000), ("007s", 7000)])
    func durations(_ text: String, milliseconds: Int) throws {
        #expect(try Quantity.duration(text) == milliseconds)
    }

    @Test(
        "what isn't a size is refused with advice",
        arguments: [
            ("", "write a number and a unit"), ("MiB", "write a number and a unit"), ("-1B", "write a number and a unit"),
            ("32", "needs a unit"), ("32MB", "did you mean 32MiB?"), ("32mib", "did you mean 32MiB?"), ("1kb", "did you mean 1KiB?"),
            ("1.5MiB", "is not a unit"), ("9223372036854775807KiB", "too large"), ("99999999999999999999B", "too large"),
            ("٣KiB", "write a number and a unit"),
        ])
    func notSizes(_ text: String, part: String) {
        #expect { try Quantity.size(text) } throws: { ($0 as? ValueMistake)?.message.contains(part) == true }
    }

    @Test(
        "a unit that isn't known is taken for one that begins as it does, never for another of another size",
        arguments: [("16k", "16KiB"), ("16K", "16KiB"), ("32M", "32MiB"), ("32m", "32MiB"), ("1g", "1GiB"), ("7bytes", "7B")])
    func meantSizes(_ text: String, meant: String) {
        #expect { try Quantity.size(text) } throws: { ($0 as? ValueMistake)?.message.hasSuffix("did you mean \(meant)?") == true }
    }

    @Test(
        "the same for durations; what has several units, or a point, is told to have one",
        arguments: [
            ("10sec", "did you mean 10s?"), ("10min", "did you mean 10m?"), ("2hours", "did you mean 2h?"), ("3days", "did you mean 3d?"),
            ("5msec", "did you mean 5ms?"), ("5millis", "did you mean 5ms?"), ("1w", "did you mean 7d?"),
            ("24x", "write one whole number and one unit"), ("1h30m", "write one whole number and one unit"),
            ("0.5s", "write one whole number and one unit"),
        ])
    func meantDurations(_ text: String, end: String) {
        #expect { try Quantity.duration(text) } throws: { ($0 as? ValueMistake)?.message.hasSuffix(end) == true }
    }

    @Test("what isn't a duration is refused", arguments: ["10", "10sec", "1h30m", "s", "+1s", "1 s s", "10S S"])
    func notDurations(_ text: String) {
        #expect(throws: ValueMistake.self) { try Quantity.duration(text) }
    }

    @Test("rates are a number for a second or a minute", arguments: [("1000/s", 1000, 1_000), ("60/m", 60, 60_000), ("0/s", 0, 1_000)])
    func rates(_ text: String, count: Int, perMilliseconds: Int) throws {
        let rate = Rate(count: count, perMilliseconds: perMilliseconds)
        #expect(try Quantity.rate(text) == rate)
        #expect(Quantity.describe(rate) == text)
    }

    @Test(
        "what isn't a rate is refused with advice",
        arguments: [
            ("", "is not a rate"), ("1000", "as 1000/s or 60/m"), ("/s", "is not a rate"), ("10/s/s", "is not a rate"),
            ("-1/s", "is not a rate"),
            ("1.5/s", "is not a rate"), ("10 /s", "is not a rate"), ("10/h", "write 10/s or 10/m"), ("10/", "write 10/s or 10/m"),
            ("99999999999999999999/s", "is not a rate"), ("١/s", "is not a rate"),
        ])
    func notRates(_ text: String, part: String) {
        #expect { try Quantity.rate(text) } throws: { ($0 as? ValueMistake)?.message.contains(part) == true }
    }

    @Test("a count has digits and nothing else", arguments: ["", "-1", "+1", "1 ", "0x10", "1e3", "99999999999999999999", "١"])
    func notCounts(_ text: String) {
        #expect(throws: ValueMistake.self) { try Quantity.count(text) }
    }

    @Test(
        "switches are the words people use",
        arguments: [("true", true), ("yes", true), ("on", true), ("false", false), ("no", false), ("off", false)])
    func flags(_ text: String, value: Bool) throws {
        #expect(try Quantity.flag(text) == value)
    }

    @Test("anything else is no switch", arguments: ["", "True", "1", "y", "enabled"])
    func notFlags(_ text: String) {
        #expect(throws: ValueMistake.self) { try Quantity.flag(text) }
    }

    @Test("amounts are described in the largest unit that divides them")
    func descriptions() {
        #expect(
            [0, 512, 1024, 1536, 32 << 20, 1 << 40].map(Quantity.describe(bytes:)) == ["0B", "512B", "1KiB", "1536B", "32MiB", "1024GiB"])
        #expect([0, 1500, 30_000, 75_000, 86_400_000].map(Quantity.describe(milliseconds:)) == ["0ms", "1500ms", "30s", "75s", "1d"])
    }

    @Test("a value in a message is short and on one line")
    func quoting() {
        #expect(Quantity.quoted("a\nb\u{1b}") == "\"aU+000AbU+001B\"")
        #expect(Quantity.quoted("htp://me:hunter2@10.0.0.5/x") == "\"htp://…@10.0.0.5/x\"")
        #expect(Quantity.quoted("me:hunter2@10.0.0.5") == "\"…@10.0.0.5\"")
        #expect(Quantity.quoted("127.0.0.1\u{200b}") == "\"127.0.0.1U+200B\"")
        #expect(Quantity.quoted(String(repeating: "x", count: 500)).count == 63)
    }
}
