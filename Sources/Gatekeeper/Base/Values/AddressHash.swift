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
        var generator = SeededGenerator(seed: seed)
        first = generator.next()
        second = generator.next()
        third = generator.next()
        fourth = generator.next() | 1
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
}
