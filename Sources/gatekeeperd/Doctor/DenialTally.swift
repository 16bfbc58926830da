internal import Gatekeeper

/// Who was turned away most often of late.
struct DenialTally: Equatable, Sendable {
    var sources: [Source] = []
    /// Whose addresses were too many to be told apart.
    var networks: [Network] = []
    /// Theirs and everybody else's.
    var total = 0

    struct Source: Equatable, Sendable {
        var address: PeerAddress
        var count: Int
    }

    struct Network: Equatable, Sendable {
        var prefix: AddressPrefix
        var count: Int
    }

    init() {}

    /// From a `DenialReport`, or the answer to `denials`.
    init(_ report: JSON) {
        total = report["total"].connections
        sources = report["sources"].elements.compactMap { source in
            guard let text = source.string("address"), let address = try? PeerAddress(parsing: text) else { return nil }
            return Source(address: address, count: source["count"].connections)
        }
        networks = report["networks"].elements.compactMap { network in
            guard let text = network.string("network"), let prefix = try? AddressPrefix(parsing: text) else { return nil }
            return Network(prefix: prefix, count: network["count"].connections)
        }
    }
}
