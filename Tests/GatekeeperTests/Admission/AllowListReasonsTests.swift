import Testing

@testable import Gatekeeper

@Suite("Why the allow-list doesn't hold an address")
struct AllowListReasonsTests {
    private func list(_ entries: (String, Int64?)...) throws -> AllowList {
        AllowList(
            try entries.map { text, end in
                var entry = Settings.AllowEntry(prefix: try AddressPrefix(parsing: text))
                entry.endsAtUnixSeconds = end
                return entry
            })
    }

    @Test("the nearest entry has most leading bits in common, in the address's own family and network")
    func nearest() throws {
        let list = try list(("10.0.0.0/8", nil), ("203.0.113.9", nil), ("203.0.113.96/28", nil), ("2001:db8::1", nil), ("203.0.113.8", nil))
        for (text, expected) in [
            ("203.0.113.10", 1), ("203.0.113.113", 2), ("203.0.114.1", 1), ("203.1.0.0", 1), ("198.51.100.1", nil), ("2001:db8::2", 3),
            ("2001:db9::", 3), ("fe80::1", nil),
        ] as [(String, Int?)] {
            #expect(list.nearestEntry(to: try PeerAddress(parsing: text)) == expected, "\(text)")
        }
        #expect(try self.list().nearestEntry(to: PeerAddress(parsing: "10.0.0.1")) == nil)
    }

    @Test("of entries that have ended the last to end is told, however wide")
    func ended() throws {
        let list = try list(("203.0.113.9", 100), ("203.0.113.0/24", 300), ("203.0.113.9", 200), ("203.0.114.9", 400))
        #expect(list.endedEntry(for: try PeerAddress(parsing: "203.0.113.9")) == 1)
        #expect(list.endedEntry(for: try PeerAddress(parsing: "203.0.115.9")) == nil)
    }
}
