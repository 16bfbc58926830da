import Testing

@testable import Gatekeeper

struct AddressHashTests {
    @Test("neighbouring addresses spread evenly over the low bits and differ in the upper half")
    func spread() {
        let hash = AddressHash.random()
        var cells = [Int](repeating: 0, count: 256)
        var uppers = Set<UInt64>()
        for index in 0..<UInt32(65_536) {
            let value = hash.value(PeerAddress(ipv4: 0x0a00_0000 + index))
            cells[Int(value & 255)] += 1
            uppers.insert(value >> 32)
        }
        // 256 expected in each; 6 standard deviations are 96.
        #expect(cells.allSatisfy { (160...352).contains($0) })
        #expect(uppers.count > 65_500)
    }

    @Test("each bit of an address, and its length, changes the hash")
    func sensitivity() {
        let hash = AddressHash.random()
        let address = PeerAddress(high: 0x2001_0db8_0000_0000, low: 1)
        let value = hash.value(address)
        for bit in 0..<UInt64(64) {
            #expect(hash.value(PeerAddress(high: address.high ^ 1 << bit, low: address.low)) != value)
            #expect(hash.value(PeerAddress(high: address.high, low: address.low ^ 1 << bit)) != value)
        }
        #expect(hash.value(address, length: 64) != value)
    }

    @Test("another seed is another hash")
    func seeds() {
        let address = PeerAddress(ipv4: 1)
        #expect(AddressHash(seed: 1).value(address) == AddressHash(seed: 1).value(address))
        #expect(AddressHash(seed: 1).value(address) != AddressHash(seed: 2).value(address))
    }
}
