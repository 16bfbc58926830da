/// Spreads addresses over a table in a way that nobody outside the process can predict.
///
/// Two rounds of multiply and fold (128-bit product, halves combined by exclusive or), with secrets in each: without them nobody can choose
/// addresses that meet in one slot. A few nanoseconds; not a message digest.
struct AddressHash: Sendable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// The same seed gives the same hash: for tests, and for tables that must agree.
    init(seed: UInt64) {
        var generator = seed
        first = Self.next(&generator)
        second = Self.next(&generator)
        third = Self.next(&generator)
        fourth = Self.next(&generator) | 1
    }

    /// Seeded by the kernel's random numbers.
    static func random() -> AddressHash {
        AddressHash(seed: UInt64.random(in: .min ... .max))
    }

    @inline(__always)
    func value(_ address: PeerAddress, length: UInt8 = 128) -> UInt64 {
        let both = Self.fold(address.low ^ first, address.high ^ second ^ (UInt64(length) &* 0x9e37_79b9_7f4a_7c15))
        return Self.fold(both ^ third, fourth)
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    /// One step of a Weyl sequence, mixed, which turns one seed into several unrelated numbers.
    private static func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
