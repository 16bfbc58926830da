/// What a network interface is called, as in `fe80::1%eth0`: 1 to 15 bytes, which is all that the kernel has room for.
public struct InterfaceName: Hashable, Sendable {
    /// The bytes, the first one uppermost, and zeros behind them.
    private var high: UInt64 = 0
    private var low: UInt64 = 0

    /// Nil for what no interface can be called.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard (1...15).contains(bytes.count), !bytes.contains(where: { $0 <= 0x20 || $0 >= 0x7f || $0 == UInt8(ascii: "/") }) else {
            return nil
        }
        for (index, byte) in bytes.enumerated() {
            if index < 8 { high |= UInt64(byte) << UInt64(56 - 8 * index) } else { low |= UInt64(byte) << UInt64(120 - 8 * index) }
        }
    }
}

extension InterfaceName: CustomStringConvertible {
    public var description: String {
        let bytes = (0..<16).map { (index: Int) -> UInt8 in
            let half = index < 8 ? high : low
            return UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * (index % 8)))
        }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
