import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What a published list holds")
struct ListContentTests {
    private func read(_ text: String, json path: String? = nil) throws(ValueMistake) -> [String] {
        try ListContent.read(Array(text.utf8), json: path.map { path throws(ValueMistake) in try JSONPath(path) }).map(\.description)
    }

    @Test("text has an entry a line with comments, JSON has them where it was said; each counts once")
    func forms() throws {
        #expect(try read("# ours\r\n34.202.14.153\r\n\n 3.209.57.193 # old\n34.202.14.153\n") == ["34.202.14.153", "3.209.57.193"])
        #expect(try read("\u{feff}2a01:4f8::/48\n") == ["2a01:4f8::/48"])
        let json = #"{"prefixes":[{"ip_prefix":"34.202.14.0/24"},{"ipv6_prefix":"x"},{"ip_prefix":"3.209.57.193"}]}"#
        #expect(try read(json, json: "$.prefixes[*].ip_prefix") == ["34.202.14.0/24", "3.209.57.193"])
    }

    @Test(
        "what a file would refuse, or warn of, is refused, and nothing of such a list is taken",
        arguments: [
            ("8.8.8.8\n0.0.0.0/0", "line 2: 0.0.0.0/0 is too large"), ("::/0", "too large"), ("34.0.0.0/15", "at least /16"),
            ("2a01::/31", "at least /32"), ("10.1.2.3", "private"), ("192.168.0.0/16", "private"), ("127.0.0.1", "private"),
            ("100.64.0.1", "private"), ("169.254.169.254", "private"), ("fd00::1", "private"), ("fe80::1%lo", "line 1"), ("::1", "private"),
            ("224.0.0.1", "no connection comes"), ("0.0.0.0", "no connection comes"), ("8.8.8.8-9", "range"),
            ("8.8.8.8, 8.8.4.4", "several"),
            ("8.8.8.8/8", "bits set beyond"), ("vendor.example", "line 1"), ("", "no entry"), ("# none\n", "no entry"),
            ("<!DOCTYPE html>", "a web page"), ("{\"a\":1}", "say by json"), ("8.8.8.8\u{1b}[2J", "line 1"),
        ])
    func refused(text: String, reason: String) {
        let mistake = #expect(throws: ValueMistake.self) { try read(text) }
        #expect(mistake?.message.contains(reason) ?? false, "\(mistake?.message ?? "")")
    }

    @Test(
        "JSON that isn't what was said is refused",
        arguments: [("[", "no JSON"), (#"{"b":[]}"#, "no entry"), (#"{"a":[1]}"#, "entry 1 is no text"), (#"{"a":["x y"]}"#, "entry 1")])
    func refusedJSON(text: String, reason: String) {
        let mistake = #expect(throws: ValueMistake.self) { try read(text, json: "a") }
        #expect(mistake?.message.contains(reason) ?? false, "\(mistake?.message ?? "")")
    }

    @Test("nothing of a line that can't be read is shown")
    func secret() {
        let mistake = #expect(throws: ValueMistake.self) { try read("8.8.8.8\nhunter2-the-password") }
        #expect(mistake?.message.contains("hunter2") == false)
    }

    @Test("a list has an end")
    func bound() throws {
        let entries = (0..<5_001).map { "34.\($0 / 256).\($0 % 256).1" }
        #expect(try read(entries.dropLast().joined(separator: "\n")).count == 5_000)
        #expect(throws: ValueMistake.self) { try read(entries.joined(separator: "\n")) }
    }

    @Test("an answer counts only whole and as a 200, and no redirect is followed")
    func answers() {
        func judge(_ status: UInt16, isWhole: Bool = true) -> ListFetch.Outcome {
            var answer = UpstreamAnswer(status: status, body: Array("34.202.14.153\n".utf8))
            answer.isWhole = isWhole
            return ListFetch.judge(answer, json: nil)
        }
        guard case .entries(let entries) = judge(200) else {
            Issue.record("not taken")
            return
        }
        #expect(entries.map(\.description) == ["34.202.14.153"])
        guard case .refused = judge(200, isWhole: false) else {
            Issue.record("taken")
            return
        }
        for status: UInt16 in [204, 206, 301, 302, 304, 403, 500] {
            guard case .unreachable(let reason) = judge(status) else {
                Issue.record("taken: \(status)")
                return
            }
            #expect(reason.contains("\(status)") && reason.contains("redirect") == (300..<400).contains(status))
        }
    }

    @Test("a name stands for eight addresses at most, each one that the internet routes")
    func hosts() throws {
        func judge(_ texts: String...) throws -> ListFetch.Outcome { ListFetch.judge(try texts.map { try peer($0) }) }
        #expect(try judge("8.8.4.4", "2a01:4f8::1", "8.8.4.4") == .entries([try prefix("8.8.4.4"), try prefix("2a01:4f8::1")]))
        guard case .unreachable = try judge() else {
            Issue.record("taken")
            return
        }
        for text in [
            "10.0.0.1", "127.0.0.1", "192.0.2.1", "198.51.100.9", "203.0.113.9", "198.18.0.1", "2001:db8::1", "fd00::1", "fe80::1", "::1",
            "0.0.0.0", "224.0.0.1", "255.255.255.255", "100.64.0.1", "169.254.1.1", "64:ff9b::1", "2002::1",
        ] {
            guard case .refused = try judge("8.8.8.8", text) else {
                Issue.record("taken: \(text)")
                return
            }
        }
        let nine = try (1...9).map { try peer("8.8.8.\($0)") }
        guard case .refused(let reason) = ListFetch.judge(nine) else {
            Issue.record("taken")
            return
        }
        #expect(reason.contains("9 addresses"))
    }
}
