import Gatekeeper
import Testing

@testable import gatekeeperd

struct GrantRequestTests {
    private func mistake(_ address: String, _ duration: String = "2h", _ reason: String = "update") -> String? {
        do throws(ValueMistake) {
            _ = try GrantRequest(address: address, duration: duration, reason: reason)
            return nil
        } catch {
            return error.message
        }
    }

    @Test(
        "an address or network, a duration and a reason make a grant",
        arguments: [("192.0.2.9", "1s"), ("192.0.2.0/24", "30d"), ("2001:db8::/32", "90m"), ("::1", "720h")])
    func good(address: String, duration: String) {
        #expect(mistake(address, duration) == nil)
    }

    @Test(
        "what isn't an address, has host bits, or is everybody is refused",
        arguments: [
            ("192.0.2", "four parts"), ("192.0.2.1/24", "bits set"), ("0.0.0.0/0", "everybody"), ("::/0", "everybody"),
            ("::ffff:0:0/96", "everybody"), ("ticket.example", "name"), ("", "missing"), ("192.0.2.1:443", "port"),
            (String(repeating: "1", count: 70_000), "not an address"),
        ])
    func addresses(address: String, says: String) throws {
        let message = try #require(mistake(address))
        #expect(message.contains(says), "\(message)")
        #expect(message.utf8.count < 300)
    }

    @Test(
        "a duration is whole seconds between one second and 30 days",
        arguments: ["0s", "500ms", "1500ms", "31d", "2592001s", "2", "", "-1h", "2 fortnights", "99999999999999999999d"])
    func durations(duration: String) {
        #expect(mistake("192.0.2.9", duration) != nil)
    }

    @Test(
        "a reason is there, short, and can't forge a line",
        arguments: [
            "", String(repeating: "x", count: 201), String(repeating: "ä", count: 101), "a\nb", "a\u{0}", "a\u{1b}[2J", "a\u{202e}b",
            "a\u{2028}b",
        ])
    func reasons(reason: String) {
        #expect(mistake("192.0.2.9", "2h", reason) != nil)
    }

    @Test("a reason of 200 bytes is taken as it is")
    func longestReason() throws {
        let reason = String(repeating: "ä", count: 100)
        #expect(try GrantRequest(address: "192.0.2.9", seconds: 1, reason: reason).reason == reason)
    }
}
