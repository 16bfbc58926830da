import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("The sources' history")
struct SourceHistoryTests {
    private let folder: ScratchFolder
    private let start = GrantScene.start
    private let vendor: AddressPrefix
    private let office: AddressPrefix

    init() throws {
        folder = try ScratchFolder([:])
        vendor = try AddressPrefix(parsing: "192.0.2.7")
        office = try AddressPrefix(parsing: "2001:db8::/48")
    }

    private func entries(_ prefixes: AddressPrefix...) -> [Settings.AllowEntry] { prefixes.map { Settings.AllowEntry(prefix: $0) } }

    private func ago(_ hours: Int64) -> WallTime { start.advanced(byMilliseconds: -hours * 3_600_000) }

    @Test("whoever is listed is known since then, whoever leaves is forgotten, and an entry that has ended isn't waited for")
    func follows() throws {
        var history = SourceHistory()
        history.follow(entries(vendor, office), at: ago(9))
        history.note([vendor: ago(5).milliseconds, try AddressPrefix(parsing: "198.51.100.1"): ago(5).milliseconds])
        #expect(history[vendor] == SourceHistory.Times(listedAt: ago(9), seenAt: ago(5)))
        #expect(history[office] == SourceHistory.Times(listedAt: ago(9)))
        history.follow(entries(vendor), at: ago(4))
        #expect(history.times.count == 1 && history[vendor]?.listedAt == ago(9))
        history.follow(entries(vendor, office), at: ago(3))
        #expect(history[office]?.listedAt == ago(3))
        var ended = entries(office)
        ended[0].endsAtUnixSeconds = ago(2).milliseconds / 1000
        history.follow(ended, at: ago(1))
        #expect(history.times.isEmpty)
    }

    @Test("of a list of any length so many are kept")
    func bounded() {
        let list = (0..<5_000).map { Settings.AllowEntry(prefix: AddressPrefix(PeerAddress(ipv4: UInt32($0)))) }
        var history = SourceHistory()
        history.follow(list, at: start)
        #expect(history.times.count == SourceHistory.countMax)
    }

    @Test("what is recorded is there after a restart, and two processes that write keep what was seen last")
    func recorded() throws {
        let ledger = ServiceLedger(folder: folder.path, at: start)
        var history = try #require(ledger.sourceHistory())
        #expect(history.times.isEmpty && !ledger.record(history))
        history.follow(entries(vendor, office), at: ago(9))
        history.note([vendor: ago(5).milliseconds])
        #expect(history.isChanged && ledger.record(history))
        var other = try #require(ServiceLedger(folder: folder.path, at: start).sourceHistory())
        #expect(other.times == history.times && !other.isChanged)
        // The process that takes over hears of the vendor, then the old one ends with what it knows.
        other.note([vendor: ago(1).milliseconds])
        #expect(ledger.record(other))
        history.note([vendor: ago(2).milliseconds, office: ago(2).milliseconds])
        #expect(ledger.record(history))
        let last = try #require(ledger.sourceHistory())
        #expect(last[vendor]?.seenAt == ago(1) && last[office]?.seenAt == ago(2) && last[vendor]?.listedAt == ago(9))
        history.follow(entries(office), at: start)
        #expect(ledger.record(history))
        #expect(ledger.sourceHistory()?.times.count == 1)
    }
}
