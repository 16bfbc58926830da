internal import Gatekeeper

/// The kernel's tables of sockets and routes, as text under `/proc/net` (proc(5)).
///
/// Numbers are hexadecimal. IPv4 addresses, and the four parts of IPv6 addresses, stand there as this machine's words hold them; only
/// `ipv6_route` writes addresses byte by byte.
enum KernelTable {
    /// The addresses that somebody listens on by TCP, of `tcp` or `tcp6`; each once.
    static func listeners(in text: String) -> [SocketAddress] {
        var found: [SocketAddress] = []
        for columns in rows(of: text) where columns.count > 3 && columns[3] == listening {
            let parts = columns[1].split(separator: ":")
            guard parts.count == 2, let address = words(parts[0]), let port = UInt16(parts[1], radix: 16) else { continue }
            let listener = SocketAddress(address: address, port: port)
            if !found.contains(listener) { found.append(listener) }
        }
        return found
    }

    /// Who is asked for the way to everywhere, of `route`.
    static func gateways(inRoutes text: String) -> [PeerAddress] {
        rows(of: text).compactMap { columns in
            guard columns.count > 7, columns[1] == "00000000", columns[7] == "00000000", isGateway(columns[3]),
                let gateway = words(columns[2])
            else { return nil }
            return gateway
        }
    }

    /// The same of `ipv6_route`.
    static func gateways(inIPv6Routes text: String) -> [PeerAddress] {
        lines(of: text).compactMap { columns in
            guard columns.count > 9, columns[0].allSatisfy({ $0 == "0" }), columns[1] == "00", isGateway(columns[8]),
                columns[4].utf8.count == 32, let high = UInt64(columns[4].prefix(16), radix: 16),
                let low = UInt64(columns[4].suffix(16), radix: 16)
            else { return nil }
            return PeerAddress(high: high, low: low).inZone(NetworkInterface.index(named: String(columns[9])) ?? 0)
        }
    }

    /// The networks that are reached without asking anybody, of `route`.
    static func networks(inRoutes text: String) -> [AddressPrefix] {
        rows(of: text).compactMap { columns in
            guard columns.count > 7, !isGateway(columns[3]), let network = words(columns[1]), let mask = words(columns[7]) else {
                return nil
            }
            let length = (~UInt32(truncatingIfNeeded: mask.low)).leadingZeroBitCount
            return length > 0 ? AddressPrefix(containing: network, length: 96 + length) : nil
        }
    }

    /// The same of `ipv6_route`, but for what is on every link, and for addresses of this host's own.
    static func networks(inIPv6Routes text: String) -> [AddressPrefix] {
        lines(of: text).compactMap { columns in
            guard columns.count > 8, !isGateway(columns[8]), columns[0].utf8.count == 32, let length = Int(columns[1], radix: 16),
                (8..<128).contains(length), let high = UInt64(columns[0].prefix(16), radix: 16),
                let low = UInt64(columns[0].suffix(16), radix: 16), high >> 56 != 0xff
            else { return nil }
            return AddressPrefix(containing: PeerAddress(high: high, low: low), length: length)
        }
    }

    /// What a process may have open at once, of its `limits`: the soft limit, which is the one that holds.
    static func openFilesMax(inLimits text: String) -> Int? {
        let row = lines(of: text).first { $0.prefix(3).elementsEqual(["Max", "open", "files"]) }
        return row.flatMap { $0.count > 3 ? $0[3] == "unlimited" ? .max : Int($0[3]) : nil }
    }

    /// TCP_LISTEN, which is 10.
    private static let listening = "0A"

    /// RTF_GATEWAY, which is 2.
    private static func isGateway(_ flags: Substring) -> Bool { UInt32(flags, radix: 16).map { $0 & 2 != 0 } ?? false }

    private static func words(_ text: Substring) -> PeerAddress? {
        let digits = Array(text.utf8)
        guard digits.count == 8 || digits.count == 32 else { return nil }
        var words: [UInt64] = []
        for start in stride(from: 0, to: digits.count, by: 8) {
            guard let word = UInt32(String(decoding: digits[start..<start + 8], as: UTF8.self), radix: 16) else { return nil }
            words.append(UInt64(UInt32(bigEndian: word)))
        }
        if words.count == 1 { return PeerAddress(ipv4: UInt32(words[0])) }
        return PeerAddress(high: words[0] << 32 | words[1], low: words[2] << 32 | words[3]).inZone(0)
    }

    /// Without the line that names the columns.
    private static func rows(of text: String) -> [[Substring]] { Array(lines(of: text).dropFirst()) }

    private static func lines(of text: String) -> [[Substring]] {
        text.split(separator: "\n").map { $0.split { $0 == " " || $0 == "\t" } }
    }
}
