internal import Gatekeeper

/// What the system's name servers tell of a name that a certificate is ordered for.
struct NameFacts: Equatable, Sendable {
    /// As it is ordered: perhaps with `*.` before it, or an address.
    var name: String
    /// A and AAAA; nil where name servers don't answer, or not in time.
    var addresses: [PeerAddress]?
    /// Those of them that this machine has.
    var own: [PeerAddress] = []
    var policy = Policy.unknown

    /// The CAA records that hold for it (RFC 8659 § 3).
    enum Policy: Equatable, Sendable {
        case unknown
        /// There are none up to the root.
        case none
        case records([CAARecord], at: String)
    }

    enum RecordKind: UInt16, Sendable {
        case ipv4 = 1
        case ipv6 = 28
        case caa = 257
    }

    /// The data of the records of this kind; nil where that can't be had.
    typealias Lookup = (_ name: String, RecordKind) -> [ArraySlice<UInt8>]?

    var isWildcard: Bool { name.hasPrefix("*.") }

    init(_ name: String, addresses: [PeerAddress]? = nil, own: [PeerAddress] = [], policy: Policy = .unknown) {
        self.name = name
        self.addresses = addresses
        self.own = own
        self.policy = policy
    }

    init(asking lookup: Lookup, of name: String, isOwn: (PeerAddress) -> Bool) {
        self.name = name
        if let address = try? PeerAddress(parsing: name) {
            addresses = [address]
            policy = .none
        } else {
            let domain = CertificateName.domain(of: name)
            if let ipv4 = lookup(domain, .ipv4), let ipv6 = lookup(domain, .ipv6) {
                addresses = (ipv4 + ipv6).prefix(Self.addressesMax).compactMap(Self.address)
            }
            policy = Self.policy(asking: lookup, of: domain)
        }
        own = (addresses ?? []).filter(isOwn)
    }

    private static let addressesMax = 32

    /// Climbs from the name until there are records, short of the root.
    static func policy(asking lookup: Lookup, of domain: String) -> Policy {
        var labels = domain.split(separator: ".")[...]
        while !labels.isEmpty {
            let name = labels.joined(separator: ".")
            guard let found = lookup(name, .caa) else { return .unknown }
            let records = found.compactMap(CAARecord.init)
            guard records.count == found.count else { return .unknown }
            if !records.isEmpty { return .records(records, at: name) }
            labels = labels.dropFirst()
        }
        return .none
    }

    private static func address(_ data: ArraySlice<UInt8>) -> PeerAddress? {
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch data.count {
        case 4: return PeerAddress(ipv4: UInt32(word(data)))
        case 16: return PeerAddress(high: word(data.prefix(8)), low: word(data.suffix(8)))
        default: return nil
        }
    }
}

extension NameFacts {
    /// As the system's name servers tell it.
    static func ask(_ name: String) -> NameFacts {
        NameFacts(
            asking: { name, kind in
                switch NameQuery.ask(name, type: kind.rawValue) {
                case .answer(let message): NameAnswer.records(kind.rawValue, in: message)
                case .nothing: []
                case .failure: nil
                }
            }, of: name,
            isOwn: { address in
                let socket = SocketAddress(address: address, port: 0)
                return !socket.isWildcard && socket.isHere
            })
    }
}
