import Testing

@testable import Gatekeeper

struct DistinctEstimateTests {
    @Test("the estimate is within six standard errors", arguments: [0, 1, 2, 10, 100, 1_000, 5_000, 20_000, 300_000])
    func accuracy(count: Int) {
        var estimate = DistinctEstimate(hash: .random())
        for index in 0..<count {
            for _ in 0..<2 { estimate.insert(PeerAddress(ipv4: 0x0a00_0000 + UInt32(index))) }
        }
        #expect(abs(estimate.count - count) <= Int(Double(count) * 0.14))
    }

    @Test("an emptied estimate counts from zero")
    func clear() {
        var estimate = DistinctEstimate(hash: .random())
        estimate.insert(PeerAddress(ipv4: 1))
        estimate.clear()
        #expect(estimate.count == 0)
    }
}
