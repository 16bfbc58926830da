import Testing

@testable import Gatekeeper

@Suite("Who holds how much of the spool")
struct SpoolSharesTests {
    private let sources = (1...3).map { PeerAddress(ipv4: 0xc000_0200 + UInt32($0)) }

    private func fill(_ shares: inout SpoolShares, _ source: PeerAddress, totalMax: Int = 1_000) -> Int {
        var taken = 0
        while shares.take(10, for: source, totalMax: totalMax) { taken += 10 }
        return taken
    }

    @Test("a source alone holds half, and there is room for whoever comes later")
    func fair() {
        var shares = SpoolShares()
        var taken = fill(&shares, sources[0])
        #expect(taken == 500)
        taken = fill(&shares, sources[1])
        #expect(taken == 250)
        taken = fill(&shares, sources[2])
        #expect(taken > 100)
        #expect(shares.held < 1_000)
    }

    @Test("what is given back is there again, for everybody")
    func given() {
        var shares = SpoolShares()
        var taken = fill(&shares, sources[0])
        #expect(taken == 500)
        shares.give(500, of: sources[0])
        #expect(shares.held == 0)
        taken = fill(&shares, sources[1])
        #expect(taken == 500)
    }

    @Test("nothing fits where nothing may lie, and a limit that shrank lets nothing in")
    func none() {
        var shares = SpoolShares()
        let fitsNowhere = shares.take(1, for: sources[0], totalMax: 0)
        #expect(!fitsNowhere)
        let taken = fill(&shares, sources[0])
        #expect(taken == 500)
        let fitsLess = shares.take(1, for: sources[1], totalMax: 100)
        #expect(!fitsLess)
    }
}
