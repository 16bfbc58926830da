internal import Gatekeeper

/// Who was turned away, and how often.
struct DenialReport: Equatable, Sendable {
    var since: WallTime
    /// Most denials first.
    var sources: [Source] = []
    /// Networks from which so many addresses came that they aren't told apart, most denials first.
    var networks: [Network] = []
    /// Too many to tell apart when they came.
    var others: Others?
    /// What the kernel dropped: packets, of which each attempt to connect is several, and no connections. Nobody knows whose.
    var packets: Denials?
    /// Told apart, but more than were asked for.
    var notShown = NotShown()
    /// Sources of the list that stay away: somebody here may be one of them.
    var silences: [Silence] = []
    /// What is missing here.
    var warning: String?

    struct Denials: Equatable, Sendable {
        var count: Int64
        /// Most frequent first.
        var reasons: [Reason]
        var first: WallTime
        var last: WallTime
    }

    struct Reason: Equatable, Sendable {
        /// The log's.
        var word: String
        var count: Int64
    }

    struct Source: Equatable, Sendable {
        var address: PeerAddress
        var denials: Denials
        var label: Label?
        /// The label of its entry in the allow-list, or the entry's address; nil for who isn't listed.
        var listedAs: String?
        /// Of which sources that stay away it is a candidate.
        var candidacies: [Candidacy] = []

        /// What is known of it, in words; nil if nothing.
        var words: String? {
            let words = [listedAs.map { "is listed as \($0)" }, label?.rawValue].compactMap(\.self) + candidacies.map(\.text)
            return words.isEmpty ? nil : words.joined(separator: ", ")
        }
    }

    struct Network: Equatable, Sendable {
        var prefix: AddressPrefix
        var denials: Denials
        var addresses: Int

        /// A flood comes from many addresses of one network.
        static let addressesMin = 16
        /// Of one owner nearly always.
        private static let lengths = (ipv4: 96 + 24, ipv6: 48)

        static func prefix(of peer: PeerAddress) -> AddressPrefix {
            AddressPrefix(containing: peer, length: peer.isIPv4 ? lengths.ipv4 : lengths.ipv6)
        }

        var name: String { "\(prefix) (\(DenialReport.addresses(addresses)))" }
    }

    struct Others: Equatable, Sendable {
        var denials: Denials
        /// 0: nothing is known of them.
        var sourcesAtLeast: Int64
    }

    struct NotShown: Equatable, Sendable {
        var count: Int64 = 0
        var sources = 0
    }

    /// What else is known of a source that was denied. The words are a script's to rely on.
    enum Label: String, Sendable {
        case isGranted = "is granted"
        case wasGranted = "was granted"
        /// Its entry in the allow-list had ended.
        case expired

        init?(of peer: PeerAddress, _ denials: Denials, grants: [Grant], at now: WallTime) {
            let matching = grants.filter { $0.address.contains(peer) }
            if matching.contains(where: { $0.isActive(at: now) }) {
                self = .isGranted
            } else if !matching.isEmpty {
                self = .wasGranted
            } else if denials.reasons.contains(where: { $0.word == "\(DenialReason.expired.word)" }) {
                self = .expired
            } else {
                return nil
            }
        }
    }

    /// Whom the allow-list has under an address.
    typealias Listing = (PeerAddress) -> Settings.AllowEntry?

    /// Connections: equals the sum of everything above it.
    var total: Int64 {
        (sources.map(\.denials) + networks.map(\.denials)).reduce(0) { $0 + $1.count } + (others?.denials.count ?? 0) + notShown.count
    }

    /// Takes in who was denied, most denials first: networks of many addresses as one, and of the rest as many as `top`.
    ///
    /// - Parameters:
    ///   - listing: a vendor who is turned away for coming too often is no stranger, and told apart.
    ///   - candidacies: whoever may be a source that stays away finds a place before the others, however seldom he came.
    mutating func arrange(_ all: [Source], top: Int, listing: Listing, candidacies: [PeerAddress: [Candidacy]] = [:]) {
        let all = all.map { source in
            var source = source
            source.candidacies = candidacies[source.address] ?? []
            if source.label != .isGranted { source.listedAs = listing(source.address).map { $0.label ?? $0.prefix.description } }
            return source
        }
        var members: [AddressPrefix: Int] = [:]
        for source in all where source.words == nil { members[Network.prefix(of: source.address), default: 0] += 1 }
        var joined: [AddressPrefix: Network] = [:]
        let candidates = Self.likeliest(all, top)
        var room = top - candidates.count
        for source in all {
            let prefix = Network.prefix(of: source.address)
            // Of whom more is known he is told apart.
            if source.words == nil, members[prefix, default: 0] >= Network.addressesMin {
                joined[prefix, default: Network(prefix: prefix, denials: .none(at: source.denials), addresses: 0)].take(source.denials)
            } else if candidates.contains(source.address) {
                sources.append(source)
            } else if room > 0 {
                sources.append(source)
                room -= 1
            } else {
                notShown.sources += 1
                notShown.count += source.denials.count
            }
        }
        let ordered = joined.values.sorted { ($1.denials.count, $0.prefix.description) < ($0.denials.count, $1.prefix.description) }
        networks = Array(ordered.prefix(top))
        for network in ordered.dropFirst(top) {
            notShown.sources += network.addresses
            notShown.count += network.denials.count
        }
    }

    private static func likeliest(_ all: [Source], _ top: Int) -> Set<PeerAddress> {
        let ranked = all.compactMap { source in source.candidacies.map(\.rank).min().map { (rank: $0, address: source.address) } }
        return Set(ranked.sorted { $0.rank < $1.rank }.prefix(top).map(\.address))
    }

    // MARK: For people

    /// One a source, then the total.
    var lines: [String] {
        let warning = self.warning.map { ["warning: \($0)"] } ?? []
        let dropped = packets.map { packets in
            let times = "first \(packets.first.text)  last \(packets.last.text)"
            return ["dropped by the kernel: \(Quantity.counted(packets.count, "packet")), several for each attempt to connect  \(times)"]
        }
        let silent = silences.map(\.line)
        guard total > 0 else { return warning + (dropped ?? ["nobody was denied since \(since.text)"]) + silent }
        var rows = sources.map { source in
            (name: source.address.description, count: source.denials.count, rest: Self.text(source.denials, source.words))
        }
        rows += networks.map { ($0.prefix.description, $0.denials.count, Self.text($0.denials, Self.addresses($0.addresses))) }
        rows.sort { $0.count > $1.count }
        if let others {
            let known = others.sourcesAtLeast > 0 ? "at least \(Self.addresses(others.sourcesAtLeast))" : nil
            rows.append(("others", others.denials.count, Self.text(others.denials, known)))
        }
        if notShown.count > 0 { rows.append(("not shown", notShown.count, Self.addresses(notShown.sources))) }
        rows.append(("total", total, "since \(since.text)"))
        let nameWidth = rows.map(\.name.utf8.count).max() ?? 0
        let countWidth = rows.map { "\($0.count)".utf8.count }.max() ?? 0
        return warning
            + rows.map { row in
                let count = "\(row.count)"
                return row.name + Self.space(nameWidth - row.name.utf8.count + 2) + Self.space(countWidth - count.utf8.count) + count + "  "
                    + row.rest
            } + (dropped ?? []) + silent
    }

    private static func text(_ denials: Denials, _ label: String?) -> String {
        let reasons =
            denials.reasons.count == 1
            ? denials.reasons[0].word : denials.reasons.map { "\($0.word) \($0.count)" }.joined(separator: ", ")
        return "\(reasons)  first \(denials.first.text)  last \(denials.last.text)" + (label.map { "  \($0)" } ?? "")
    }

    fileprivate static func addresses(_ count: some BinaryInteger) -> String { Quantity.counted(count, "address", plural: "addresses") }

    private static func space(_ width: Int) -> String { String(repeating: " ", count: width) }

    // MARK: For scripts

    var json: JSON {
        .object(
            of: ("since", .time(since)), ("total", .number(total)), ("sources", .array(sources.map(Self.json))),
            ("networks", networks.isEmpty ? nil : .array(networks.map(Self.json))), ("packets", packets.map { Self.json($0, also: []) }),
            ("others", others.map { Self.json($0.denials, also: [("sources_at_least", .number($0.sourcesAtLeast))]) }),
            ("not_shown", .object(of: ("count", .number(notShown.count)), ("sources", .number(notShown.sources)))),
            ("silent", silences.isEmpty ? nil : .array(silences.map(\.json))), ("warning", warning.map(JSON.string)))
    }

    private static func json(_ network: Network) -> JSON {
        json(
            network.denials, named: [("network", .string(network.prefix.description))], also: [("addresses", .number(network.addresses))])
    }

    private static func json(_ source: Source) -> JSON {
        json(
            source.denials, named: [("address", .string(source.address.description))],
            also: [
                ("label", source.label.map { .string($0.rawValue) }), ("listed_as", source.listedAs.map(JSON.string)),
                ("candidate_of", source.candidacies.isEmpty ? nil : .array(source.candidacies.map(\.json))),
            ])
    }

    private static func json(
        _ denials: Denials, named name: [(name: String, value: JSON?)] = [], also more: [(name: String, value: JSON?)]
    ) -> JSON {
        let reasons = JSON.object(of: denials.reasons.map { ($0.word, .number($0.count)) })
        let fields: [(name: String, value: JSON?)] = [
            ("count", .number(denials.count)), ("reasons", reasons), ("first_at", .time(denials.first)), ("last_at", .time(denials.last)),
        ]
        return .object(of: name + fields + more)
    }
}

extension DenialReport.Network {
    fileprivate mutating func take(_ other: DenialReport.Denials) {
        addresses += 1
        denials.count += other.count
        denials.first = min(denials.first, other.first)
        denials.last = max(denials.last, other.last)
        for reason in other.reasons {
            if let index = denials.reasons.firstIndex(where: { $0.word == reason.word }) {
                denials.reasons[index].count += reason.count
            } else {
                denials.reasons.append(reason)
            }
        }
        denials.reasons.sort { ($1.count, $0.word) < ($0.count, $1.word) }
    }
}

extension DenialReport.Denials {
    /// Nothing yet, of the time of these.
    fileprivate static func none(at other: DenialReport.Denials) -> DenialReport.Denials {
        DenialReport.Denials(count: 0, reasons: [], first: other.first, last: other.last)
    }
}
