/// Which certificates are for which name.
///
/// A name is looked up as it is, then with its first label replaced by a wildcard (RFC 9525 §6.3): two hash probes, however many certificates.
/// Certificates of different kinds (RSA, ECDSA) for one name stand together in a set, and the handshake takes the one that the peer can use;
/// of one kind, the first.
struct ServerNames: Sendable {
    /// What a certificate says of itself.
    struct Certificate: Sendable {
        /// DNS names as in its subjectAltName, and addresses as text.
        var names: [String]
        /// OpenSSL's number for the kind of its key.
        var keyKind: Int32
    }

    /// Indices of certificates that are shown together. The first set is for whoever asks for no name of ours.
    private(set) var sets: [[Int]] = []
    /// The first name that stands for one host alone; nil if there is none.
    private(set) var first: String?
    private var exact: [String: Int] = [:]
    /// By what stands behind the `*`, with the dot.
    private var wildcards: [String: Int] = [:]

    init(_ certificates: some RandomAccessCollection<Certificate>) {
        let certificates = Array(certificates)
        var byName: [String: [Int]] = [:]
        var order: [String] = []
        for (index, certificate) in certificates.enumerated() {
            for name in certificate.names.compactMap(Self.pattern) {
                let others = byName[name] ?? []
                if others.isEmpty { order.append(name) }
                guard !others.contains(where: { certificates[$0].keyKind == certificate.keyKind }) else { continue }
                byName[name] = others + [index]
            }
        }
        first = order.first { $0.utf8.first != UInt8(ascii: "*") && Self.address(Array($0.utf8)[...]) == nil }
        // The names of the first certificate come first, so that its set is the first one too.
        if order.first.flatMap({ byName[$0] })?.contains(0) != true { sets = [[0]] }
        for name in order {
            guard let set = byName[name] else { continue }
            let index = sets.firstIndex(of: set) ?? sets.count
            if index == sets.count { sets.append(set) }
            if name.utf8.first == UInt8(ascii: "*") { wildcards[String(name.dropFirst())] = index } else { exact[name] = index }
        }
    }

    var isEmpty: Bool { exact.isEmpty && wildcards.isEmpty }

    /// The index of the set for a name that a peer asks for (SNI); nil if none is for it.
    func set(for name: String) -> Int? {
        guard let name = Self.name(name.utf8) else { return nil }
        return set(forNormal: name)
    }

    /// Whether a certificate is for the host of a `Host` field, whatever its port.
    func covers(host: Span<UInt8>) -> Bool {
        guard let name = Self.host(host) else { return false }
        return set(forNormal: name) != nil
    }

    /// The host of a `Host` field as a server name (SNI), where a certificate is for it; an address is none.
    func serverName(forHost host: Span<UInt8>) -> String? {
        guard let name = Self.host(host), set(forNormal: name) != nil, Self.address(Array(name.utf8)[...]) == nil else { return nil }
        return name
    }

    /// In its one spelling, without port and brackets.
    private static func host(_ host: Span<UInt8>) -> String? {
        var bytes = host.indices.map { host[$0] }
        if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), bytes[colon...].dropFirst().allSatisfy({ (0x30...0x39).contains($0) }),
            bytes.first != UInt8(ascii: "[") || bytes[..<colon].last == UInt8(ascii: "]")
        {
            bytes.removeSubrange(colon...)
        }
        if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") { return address(bytes.dropFirst().dropLast()) }
        return name(bytes)
    }

    private func set(forNormal name: String) -> Int? {
        if let index = exact[name] { return index }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return nil }
        return wildcards[String(name[dot...])]
    }

    // MARK: Spellings

    /// In lower case and without the dot at the end; nil for what can't be a host's name. An address comes out in its one spelling.
    private static func name(_ bytes: some Collection<UInt8>) -> String? {
        var lower = bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        if lower.last == UInt8(ascii: ".") { lower.removeLast() }
        guard (1...253).contains(lower.count), lower.allSatisfy(isNameByte) else { return nil }
        return address(lower[...]) ?? String(decoding: lower, as: UTF8.self)
    }

    /// A certificate's name as a key: `*` may be its whole first label, before at least two others.
    private static func pattern(_ text: String) -> String? {
        guard text.hasPrefix("*.") else { return text.contains(":") ? address(Array(text.utf8)[...]) : name(text.utf8) }
        guard let rest = name(text.utf8.dropFirst(2)), rest.contains(".") else { return nil }
        return "*." + rest
    }

    private static func address(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: ":") }) else { return nil }
        do throws(AddressSyntaxError) {
            return try PeerAddress(parsing: String(decoding: bytes, as: UTF8.self)).description
        } catch {
            return nil
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
