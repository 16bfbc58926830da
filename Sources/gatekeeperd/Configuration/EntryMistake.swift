internal import Gatekeeper

/// What an entry of an allow-list is that is no address, by its form: what people paste there, and what to write instead.
enum EntryMistake {
    /// Two sentences' worth of words that hold nothing of the entry, for files whose content isn't to be shown; nil where the form says nothing.
    static func kind(of text: String) -> String? {
        if text.hasPrefix("-----BEGIN ") || text.hasPrefix("-----END ") { return "this is a PEM file, not a list of addresses" }
        if let scalar = text.unicodeScalars.first(where: { !$0.isASCII || VisibleText.isInvisible($0) }) {
            return "the entry holds \(VisibleText.describe(scalar)), a character that no address has; type it anew"
        }
        if text.contains("://") { return "this is a URL; write the addresses that its host connects from, one entry each" }
        if text.contains(",") || text.contains(";") {
            return
                "there are several entries or columns on one line; write one address or network a line, and # before whatever else it holds"
        }
        if range(text) != nil
            || text.split(separator: "-").count == 2 && text.allSatisfy({ ".:-".contains($0) || $0.isHexDigit })
                && (text.contains(".") || text.contains(":"))
        {
            return "this is a range; write the networks that it consists of, as ADDRESS/BITS"
        }
        if text.contains("*") { return "a * stands for nothing here; write the network, as ADDRESS/BITS" }
        if text.hasPrefix("\"") || text.hasPrefix("'") { return "there are quotes around the entry; a list file has none" }
        if text.contains(" ") || text.contains("\t") {
            return "there is more than one word on the line; write # before whatever isn't the address"
        }
        return nil
    }

    /// What is wrong with an entry of the configuration itself, which is quoted.
    static func message(of text: String, _ error: AddressSyntaxError) -> String {
        if let range = range(text) {
            let networks = range.networks()
            let shown = networks.prefix(6).joined(separator: ", ") + (networks.count > 6 ? ", … (\(networks.count) in all)" : "")
            return "\(Quantity.quoted(text)) is a range; write the networks that it consists of: \(shown)"
        }
        if let kind = kind(of: text) { return "\(Quantity.quoted(text)): \(kind)" }
        return ValueMistake(in: text, error.description).message
    }

    /// What is wrong with a line of a file, of which nothing is shown.
    static func lineMessage(of text: String, _ error: AddressSyntaxError) -> String {
        if let kind = kind(of: text) { return kind }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, (try? PeerAddress(parsing: String(parts[0]))) != nil {
            if parts[1].contains(".") || parts[1].contains(":") {
                return "there is a mask behind the slash; write the number of its bits, as ADDRESS/24"
            }
            if let bits = Int(parts[1]), bits <= (parts[0].contains(":") ? 128 : 32), bits >= 0 {
                return "the network has bits set beyond its length; write its first address, or one address without a length"
            }
            return "the length behind the slash is none (0 to \(parts[0].contains(":") ? 128 : 32))"
        }
        if text.contains("%") { return "the address has a zone (the part from the %), which belongs to link-local addresses (fe80::) only" }
        if let colon = text.lastIndex(of: ":"), (try? PeerAddress(parsing: String(text[..<colon].filter { !"[]".contains($0) }))) != nil {
            return "there is a port behind the address; write the address alone"
        }
        if text.contains(where: { $0.isLetter && !$0.isHexDigit }) {
            return "this is a name or some other text; an address belongs here, as 192.0.2.1 or 2001:db8::1"
        }
        return "this is no address and no network, as 192.0.2.1, 192.0.2.0/24 or 2001:db8::1"
    }

    /// Whether the text is an address, with or without a length or a port.
    static func isAddress(_ text: String) -> Bool {
        (try? AddressPrefix(parsing: text)) != nil || (try? SocketAddress(parsing: text)) != nil
    }

    // MARK: Ranges

    /// `10.0.0.4-10.0.0.9`, or `10.0.0.4-9`; IPv4 only.
    private static func range(_ text: String) -> IPv4Range? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        guard ends.count == 2, let first = try? PeerAddress(parsing: ends[0]), first.isIPv4 else { return nil }
        let last =
            (try? PeerAddress(parsing: ends[1]))
            ?? (try? PeerAddress(parsing: ends[0].prefix(through: ends[0].lastIndex(of: ".") ?? ends[0].startIndex) + ends[1]))
        guard let last, last.isIPv4, first.low <= last.low else { return nil }
        return IPv4Range(first: UInt64(UInt32(truncatingIfNeeded: first.low)), last: UInt64(UInt32(truncatingIfNeeded: last.low)))
    }

    private struct IPv4Range {
        var first: UInt64
        var last: UInt64

        /// The fewest networks that are together the range: 62 at most.
        func networks() -> [String] {
            var networks: [String] = []
            var next = first
            while next <= last {
                var size: UInt64 = next == 0 ? 1 << 32 : next & (~next + 1)
                while next + size - 1 > last { size >>= 1 }
                let prefix = AddressPrefix(
                    containing: PeerAddress(ipv4: UInt32(truncatingIfNeeded: next)), length: 128 - size.trailingZeroBitCount)
                networks.append("\(prefix)")
                next += size
            }
            return networks
        }
    }
}
