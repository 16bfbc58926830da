internal import Gatekeeper

extension AddressPrefix {
    /// Why no connection ever comes from there, with what was perhaps meant; nil if one may.
    var whyNobodyComes: String? {
        if isExact, address == PeerAddress(ipv4: 0) {
            return "no connection comes from 0.0.0.0; if every IPv4 address is meant, write 0.0.0.0/0 and allow_everyone: true"
        }
        if isExact, address == PeerAddress(high: 0, low: 0) {
            return "no connection comes from ::; if every IPv6 address is meant, write ::/0 and allow_everyone: true"
        }
        let nets: [(text: String, what: String)] = [
            ("0.0.0.0/8", "addresses of this network that nobody has"), ("224.0.0.0/4", "multicast, which is sent to and never from"),
            ("240.0.0.0/4", "reserved, the broadcast address among them"), ("ff00::/8", "multicast, which is sent to and never from"),
        ]
        for net in nets {
            guard let other = try? AddressPrefix(parsing: net.text), other.length <= length, other.contains(address) else { continue }
            return "no connection comes from \(self): \(net.text) is \(net.what); write the address that the source connects from"
        }
        // `::a.b.c.d`, where `::ffff:a.b.c.d` or plain IPv4 is meant; `::1` is this machine.
        if address.high == 0, address.low >> 32 == 0, address.low > 0xffff, length >= 96 {
            let meant = AddressPrefix(containing: PeerAddress(ipv4: UInt32(truncatingIfNeeded: address.low)), length: Int(length))
            return "no connection comes from \(self), an IPv6 address that nobody has; IPv4 is written \(meant)"
        }
        return nil
    }
}
