import Testing

@testable import Gatekeeper

struct SourceTallyTests {
    private let office = AddressPrefix(PeerAddress(ipv4: 0x0a00_0001))
    private let vendor = AddressPrefix(PeerAddress(ipv4: 0x0a00_0002))

    @Test("what an entry brought is known while it is listed, also when nothing of it is open")
    func listed() {
        var tally = SourceTally()
        tally.admitted(by: office, wallMilliseconds: 5)
        tally.ended(office, requests: 3, wallMilliseconds: 9)
        tally.keep { $0 == office }
        #expect(tally.usage[office]?.requests == 3)
        #expect(tally.usage[office]?.lastSeenMilliseconds == 9)
    }

    @Test("an entry that left the list is forgotten at once, or with its last connection; the sums know of it for ever")
    func left() {
        var tally = SourceTally()
        for _ in 1...2 { tally.admitted(by: office, wallMilliseconds: 5) }
        tally.admitted(by: vendor, wallMilliseconds: 5)
        tally.ended(vendor, requests: 7, wallMilliseconds: 6)
        tally.keep { _ in false }
        #expect(tally.usage[vendor] == nil)
        tally.ended(office, requests: 1, wallMilliseconds: 7)
        #expect(tally.usage[office]?.openConnections == 1)
        tally.ended(office, requests: 2, wallMilliseconds: 8)
        #expect(tally.usage.isEmpty)
        #expect(tally.admitted == 3 && tally.requests == 10)
    }

    @Test("an entry that came back before its last connection ended is kept")
    func returned() {
        var tally = SourceTally()
        tally.admitted(by: office, wallMilliseconds: 5)
        tally.keep { _ in false }
        tally.keep { _ in true }
        tally.ended(office, requests: 1, wallMilliseconds: 7)
        #expect(tally.usage[office]?.admitted == 1)
    }

    @Test("one entry after the other leaves no more behind than one entry")
    func bounded() {
        var tally = SourceTally()
        for number in UInt32(0)..<1_000 {
            let source = AddressPrefix(PeerAddress(ipv4: number))
            tally.keep { $0 == source }
            tally.admitted(by: source, wallMilliseconds: 5)
            tally.ended(source, requests: 1, wallMilliseconds: 6)
            #expect(tally.usage.count <= 2)
        }
        #expect(tally.admitted == 1_000 && tally.requests == 1_000)
    }

    @Test("the sums of several workers are one sum")
    func together() {
        var (first, second) = (SourceTally(), SourceTally())
        first.admitted(by: office, wallMilliseconds: 5)
        first.ended(office, requests: 2, wallMilliseconds: 6)
        first.keep { _ in false }
        second.admitted(by: office, wallMilliseconds: 7)
        second.running(office, requests: 4)
        second.deny()
        first.add(second)
        #expect(first.admitted == 2 && first.requests == 6 && first.denied == 1)
        #expect(first.usage[office]?.openConnections == 1)
    }
}
