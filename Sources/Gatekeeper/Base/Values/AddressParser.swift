/// Reads addresses as people write them, and says what is wrong when they aren't.
///
/// Written by hand because the C library's parsers disagree about octal, short forms and zones, and say only yes or no. Set-up code:
/// it may allocate.
enum AddressParser {
    static func address(_ text: String) throws(AddressSyntaxError) -> PeerAddress {
        guard let percent = text.utf8.firstIndex(of: UInt8(ascii: "%")), !has(text, "[") else { return try addressWithoutZone(text) }
        try refuseForeign(text)
        let name = String(text[text.utf8.index(after: percent)...])
        let address = try addressWithoutZone(String(text[..<percent]))
        guard address.isLinkLocal else {
            throw AddressSyntaxError("\"\(text)\" has a zone (the part from the %), which belongs to link-local addresses (fe80::) only")
        }
        if let slash = name.firstIndex(of: "/") {
            throw AddressSyntaxError("\"\(name[slash...])\" has a prefix length, but one address belongs here")
        }
        guard let zone = NetworkInterface.index(named: name) else {
            throw AddressSyntaxError("\"\(text)\": this machine has no interface \"\(name)\"")
        }
        return address.inZone(zone)
    }

    private static func addressWithoutZone(_ text: String) throws(AddressSyntaxError) -> PeerAddress {
        try refuseForeign(text)
        if has(text, "/") {
            throw AddressSyntaxError("\"\(text)\" has a prefix length, but one address belongs here")
        }
        if has(text, ":") {
            if has(text, "."), text.count(where: { $0 == ":" }) == 1 {
                throw AddressSyntaxError("\"\(text)\" has a port, but only an address belongs here")
            }
            return try ipv6(text).inZone(0)
        }
        return PeerAddress(ipv4: try ipv4(text))
    }

    static func prefix(_ text: String) throws(AddressSyntaxError) -> AddressPrefix {
        guard let slash = text.firstIndex(of: "/") else {
            let address = try address(text)
            try demandZone(address, asWrittenIn: text)
            return AddressPrefix(address)
        }
        let network = String(text[..<slash])
        let written = String(text[text.index(after: slash)...])
        if let percent = written.firstIndex(of: "%") {
            throw AddressSyntaxError("the interface stands before the slash: \(network)\(written[percent...])/\(written[..<percent])")
        }
        let address = try address(network)
        try demandZone(address, asWrittenIn: network, "/64")
        // `::ffff:192.0.2.0/120` counts as IPv6 does, `192.0.2.0/24` as IPv4 does; they are the same network.
        let lengthMax = has(network, ":") ? 128 : 32
        if has(written, ".") || has(written, ":") {
            throw AddressSyntaxError("\"\(written)\" looks like a mask; write the number of bits, as in \(network)/24")
        }
        guard let number = decimal(written, digitsMax: 3) else {
            throw AddressSyntaxError("\"\(written)\" after the slash is not a prefix length (0 to \(lengthMax))")
        }
        guard number <= lengthMax else {
            throw AddressSyntaxError("prefix length \(number) is above \(lengthMax)")
        }
        if address.isLinkLocal, number < 64 {
            throw AddressSyntaxError("an interface's link-local addresses are a /64: write \(network)/64")
        }
        let prefix = AddressPrefix(containing: address, length: number + 128 - lengthMax)
        if prefix.length > 0, prefix.contains(PeerAddress(high: 0xfe80 << 48, low: 0)), !address.isLinkLocal {
            throw AddressSyntaxError(
                "\(prefix) holds the link-local addresses of every interface; write smaller networks, without fe80::/10")
        }
        guard prefix.address == address else {
            let intended = spelling(of: prefix, asWrittenIn: network)
            throw AddressSyntaxError(
                "\(address) has bits set beyond /\(number): the network is \(intended), the one address is \(address)")
        }
        return prefix
    }

    static func socketAddress(_ text: String) throws(AddressSyntaxError) -> SocketAddress {
        if text.isEmpty { throw AddressSyntaxError("an address is missing") }
        guard let colon = text.lastIndex(of: ":") else {
            if text.utf8.allSatisfy(isDigit) {
                return SocketAddress(address: PeerAddress(high: 0, low: 0), port: try port(text))
            }
            _ = try address(text)
            throw AddressSyntaxError("\"\(text)\" has no port; write \(text):443")
        }
        let host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            guard has(inner, ":") else {
                throw AddressSyntaxError("brackets are for IPv6; write \(inner):\(text[text.index(after: colon)...])")
            }
            let number = try port(String(text[text.index(after: colon)...]))
            return try zoned(inner, port: number, of: text)
        }
        if text.hasPrefix("["), text.hasSuffix("]") { throw AddressSyntaxError("\"\(text)\" has no port; write \(text):443") }
        if text.hasPrefix("[") { throw AddressSyntaxError("\"\(text)\" has no closing bracket before the port") }
        if has(host, ":") {
            if (try? address(text)) != nil { throw AddressSyntaxError("\"\(text)\" has no port; write [\(text)]:443") }
            throw AddressSyntaxError("an IPv6 address with a port needs brackets: [\(host)]:\(text[text.index(after: colon)...])")
        }
        let number = try port(String(text[text.index(after: colon)...]))
        if host.isEmpty || host == "*" { throw AddressSyntaxError("\"\(text)\" has no address; write \(number) for every address") }
        return SocketAddress(address: try address(host), port: number)
    }

    /// What stands in brackets. A link-local address is one of an interface, so it needs the interface's name, and no other has one.
    private static func zoned(_ inner: String, port: UInt16, of text: String) throws(AddressSyntaxError) -> SocketAddress {
        let percent = inner.firstIndex(of: "%")
        let address = try address(percent.map { String(inner[..<$0]) } ?? inner)
        guard let percent else {
            guard !address.isLinkLocal else {
                throw AddressSyntaxError(
                    "\(address) is a link-local address, which each interface has its own of: say which one, as [\(address)%eth0]:\(port)")
            }
            return SocketAddress(address: address, port: port)
        }
        guard address.isLinkLocal else {
            throw AddressSyntaxError("\"\(text)\" has a zone (the part from the %), which link-local addresses alone have: leave it out")
        }
        guard let zone = InterfaceName(inner[inner.index(after: percent)...]) else {
            throw AddressSyntaxError("\"\(text)\" names no interface behind the %, as [\(address)%eth0]:\(port)")
        }
        return SocketAddress(address: address, port: port, zone: zone)
    }

    /// A link-local address without its interface would be whoever has it on any of them.
    static func demandZone(
        _ address: PeerAddress, asWrittenIn text: String, _ length: String = ""
    ) throws(AddressSyntaxError) {
        guard address.isLinkLocal, address.zone == 0 else { return }
        throw AddressSyntaxError(
            "\"\(text)\" is link-local: every interface has such addresses. Say which is meant, as in \(text)%eth0\(length)")
    }

    // MARK: The two families

    private static func ipv4(_ text: String) throws(AddressSyntaxError) -> UInt32 {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.contains(where: { $0.contains(where: \.isLetter) && !$0.lowercased().hasPrefix("0x") }) {
            throw AddressSyntaxError("\"\(text)\" is a name; an address belongs here, because whoever runs the name's DNS could change it")
        }
        guard parts.count == 4 else {
            throw AddressSyntaxError("IPv4 needs four parts, \"\(text)\" has \(count(parts.count))")
        }
        var address: UInt32 = 0
        for (index, part) in parts.enumerated() {
            if part.isEmpty { throw AddressSyntaxError("part \(index + 1) of \"\(text)\" is empty") }
            guard part.utf8.allSatisfy(isDigit) else {
                throw AddressSyntaxError("part \"\(part)\" of \"\(text)\" is not a decimal number")
            }
            guard let number = decimal(part, digitsMax: 3) else {
                if part.hasPrefix("0") {
                    throw AddressSyntaxError("part \(part) has a leading zero, which some programs read as octal")
                }
                throw AddressSyntaxError("part \(part) is above 255")
            }
            guard number <= 255 else { throw AddressSyntaxError("part \(part) is above 255") }
            address = address << 8 | UInt32(number)
        }
        return address
    }

    /// RFC 4291 §2.2, all three forms; the last two groups may be written as IPv4.
    private static func ipv6(_ text: String) throws(AddressSyntaxError) -> PeerAddress {
        guard let gap = doubleColon(in: text[...]) else {
            let groups = try ipv6Groups(text, of: text)
            guard groups.count == 8 else {
                throw AddressSyntaxError("IPv6 needs eight groups, \"\(text)\" has \(count(groups.count)) and no ::")
            }
            return assemble(groups)
        }
        let rest = text[gap.upperBound...]
        guard !rest.hasPrefix(":"), doubleColon(in: rest) == nil else {
            throw AddressSyntaxError("\"\(text)\" has more than one ::, so its length can't be told")
        }
        let front = gap.lowerBound == text.startIndex ? [] : try ipv6Groups(String(text[..<gap.lowerBound]), of: text, allowsIPv4: false)
        let back = rest.isEmpty ? [] : try ipv6Groups(String(rest), of: text)
        let missing = 8 - front.count - back.count
        guard missing >= 1 else {
            throw AddressSyntaxError(":: stands for at least one group, but \"\(text)\" has \(count(front.count + back.count)) beside it")
        }
        return assemble(front + [UInt16](repeating: 0, count: missing) + back)
    }

    private static func ipv6Groups(
        _ part: String, of text: String, allowsIPv4: Bool = true
    ) throws(AddressSyntaxError) -> [UInt16] {
        var groups: [UInt16] = []
        let written = part.split(separator: ":", omittingEmptySubsequences: false)
        for (index, group) in written.enumerated() {
            if group.isEmpty { throw AddressSyntaxError("\"\(text)\" begins or ends with a single colon") }
            if has(group, ".") {
                guard allowsIPv4, index == written.count - 1 else {
                    throw AddressSyntaxError("IPv4 may only be the end of an IPv6 address, unlike in \"\(text)\"")
                }
                let address = try ipv4(String(group))
                groups.append(UInt16(truncatingIfNeeded: address >> 16))
                groups.append(UInt16(truncatingIfNeeded: address))
                continue
            }
            guard group.utf8.allSatisfy(isHexadecimalDigit) else {
                throw AddressSyntaxError("group \"\(group)\" of \"\(text)\" is not hexadecimal")
            }
            guard group.utf8.count <= 4, let number = UInt16(group, radix: 16) else {
                throw AddressSyntaxError("group \"\(group)\" of \"\(text)\" has more than four digits")
            }
            groups.append(number)
        }
        return groups
    }

    // MARK: Pieces

    /// What never belongs into an address, wherever one is read.
    private static func refuseForeign(_ text: String) throws(AddressSyntaxError) {
        if text.isEmpty { throw AddressSyntaxError("an address is missing") }
        if let scalar = text.unicodeScalars.first(where: { $0.value >= 0x7f || $0.value < 0x20 }) {
            let character = VisibleText.describe(scalar)
            throw AddressSyntaxError("\"\(VisibleText.of(text))\" contains \(character), a character that no address has; type it anew")
        }
        if has(text, " ") { throw AddressSyntaxError("\"\(text)\" contains a space, which no address has") }
        if has(text, "[") || has(text, "]") {
            throw AddressSyntaxError("\"\(text)\" has brackets, which belong around an address with a port only")
        }
    }

    private static func port(_ text: String) throws(AddressSyntaxError) -> UInt16 {
        guard !text.isEmpty else { throw AddressSyntaxError("the port after the colon is missing") }
        guard let number = decimal(text, digitsMax: 5) else { throw AddressSyntaxError("\"\(text)\" is not a port (0 to 65535)") }
        guard let port = UInt16(exactly: number) else { throw AddressSyntaxError("port \(text) is above 65535") }
        return port
    }

    /// The number, or nil if there is anything but digits, a leading zero, or too many.
    private static func decimal(_ text: some StringProtocol, digitsMax: Int) -> Int? {
        let digits = text.utf8
        guard !digits.isEmpty, digits.count <= digitsMax, digits.allSatisfy(isDigit) else { return nil }
        if digits.count > 1, digits.first == UInt8(ascii: "0") { return nil }
        return Int(text)
    }

    private static func assemble(_ groups: [UInt16]) -> PeerAddress {
        var address = PeerAddress(high: 0, low: 0)
        for (index, group) in groups.enumerated() {
            if index < 4 { address.high = address.high << 16 | UInt64(group) } else { address.low = address.low << 16 | UInt64(group) }
        }
        return address
    }

    private static func has(_ text: some StringProtocol, _ scalar: Unicode.Scalar) -> Bool {
        text.utf8.contains(UInt8(ascii: scalar))
    }

    private static func doubleColon(in text: Substring) -> Range<Substring.Index>? {
        for index in text.indices {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" { return index..<text.index(after: next) }
        }
        return nil
    }

    /// A network in the family's notation that its author used.
    private static func spelling(of prefix: AddressPrefix, asWrittenIn network: String) -> String {
        has(network, ":") && prefix.isIPv4 ? "\(prefix) in IPv4's notation" : prefix.description
    }

    private static func count(_ number: Int) -> String {
        let words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight"]
        return number < words.count ? words[number] : "\(number)"
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
    }
}
