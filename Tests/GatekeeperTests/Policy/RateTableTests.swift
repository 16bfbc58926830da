import Testing

@testable import Gatekeeper

struct RateTableTests {
    private let rate = Rate(count: 3, perMilliseconds: 60_000)
    private let start = Instant(nanoseconds: 1)

    private func source(_ number: Int) -> PeerAddress { PeerAddress(ipv4: 0x0a00_0000 + UInt32(number)) }

    @Test("each source has a bucket of its own")
    func apart() {
        var table = RateTable(sourcesMax: 8)
        for number in 1...8 {
            for _ in 1...3 { #expect(table.take(source(number), by: rate, now: start) == nil) }
            #expect(table.take(source(number), by: rate, now: start) != nil)
        }
        #expect(table.count == 8)
    }

    @Test("whoever has nothing used any more makes room, and nobody else")
    func drained() {
        var table = RateTable(sourcesMax: 4)
        for number in 1...3 { _ = table.take(source(number), by: rate, now: start) }
        for _ in 1...3 { _ = table.take(source(4), by: rate, now: start) }
        // One request is over after 20 s, three after 60.
        let later = start.advanced(byMilliseconds: 20_000)
        #expect(table.take(source(5), by: rate, now: later) == nil)
        #expect(table.count == 2)
        #expect(table.take(source(4), by: rate, now: later) == nil)
        #expect(table.take(source(4), by: rate, now: later) != nil)
    }

    @Test("in a table full of active sources one at its limit stays there, however many others come")
    func full() {
        var table = RateTable(sourcesMax: 4)
        for _ in 1...3 { #expect(table.take(source(0), by: rate, now: start) == nil) }
        for number in 1...1_000 {
            #expect(table.take(source(number), by: rate, now: start) == nil, "a newcomer pays for nobody")
            #expect(table.take(source(0), by: rate, now: start) != nil)
            #expect(table.count <= 4)
        }
    }

    @Test("a table has room for one source at least")
    func none() {
        var table = RateTable(sourcesMax: 0)
        for _ in 1...3 { #expect(table.take(source(1), by: rate, now: start) == nil) }
        #expect(table.take(source(1), by: rate, now: start) != nil)
    }
}
