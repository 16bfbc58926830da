extension PeerAddress {
    /// As it is on the wire: 4 bytes, or 16.
    var networkBytes: [UInt8] {
        let all = [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) } }
        return isIPv4 ? Array(all.suffix(4)) : all
    }

    /// The name that stands for it where only names may: `9.2.0.192.in-addr.arpa` (RFC 1035 §3.5), `….ip6.arpa` (RFC 3596 §2.5).
    var reverseName: String {
        if isIPv4 { return networkBytes.reversed().map { "\($0)." }.joined() + "in-addr.arpa" }
        let digits = networkBytes.reversed().map { "\(String($0 & 15, radix: 16)).\(String($0 >> 4, radix: 16))." }
        return digits.joined() + "ip6.arpa"
    }
}
