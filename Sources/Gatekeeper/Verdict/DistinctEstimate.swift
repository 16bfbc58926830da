internal import Glibc

/// About how many different addresses there were, in 2 KiB however many there are.
///
/// HyperLogLog: each address falls into one of 2048 registers, which keeps the longest run of leading zeros seen in a hash; the more
/// addresses, the longer the runs. Standard error 2.3 %; small numbers are counted by the registers still empty and are nearly exact.
/// The hash is secret, so that a peer can't choose addresses that inflate the number.
struct DistinctEstimate {
    private static let registerBits = 11
    private static let registerCount = 1 << registerBits

    private var registers = [UInt8](repeating: 0, count: registerCount)
    private let hash: AddressHash

    init(hash: AddressHash) {
        self.hash = hash
    }

    mutating func insert(_ address: PeerAddress) {
        let value = hash.value(address)
        let register = Int(value >> UInt64(64 - Self.registerBits))
        let run = UInt8((value << UInt64(Self.registerBits) | 1 << UInt64(Self.registerBits - 1)).leadingZeroBitCount) + 1
        if run > registers[register] { registers[register] = run }
    }

    var count: Int {
        let size = Double(Self.registerCount)
        var sum = 0.0
        var empty = 0
        for register in registers {
            sum += 1 / Double(UInt64(1) << UInt64(register))
            if register == 0 { empty += 1 }
        }
        let raw = 0.7213 / (1 + 1.079 / size) * size * size / sum
        if raw <= 2.5 * size, empty > 0 { return Int((size * log(size / Double(empty))).rounded()) }
        return Int(raw.rounded())
    }

    /// Of so many that were inserted: there can't be more different ones.
    func count(atMost insertions: UInt64) -> Int { min(count, Int(clamping: insertions)) }

    mutating func clear() {
        for index in registers.indices { registers[index] = 0 }
    }
}
