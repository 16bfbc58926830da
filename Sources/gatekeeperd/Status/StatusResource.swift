internal import Gatekeeper

/// What can be asked for at the status page's address.
enum StatusResource: String, CaseIterable {
    case page = "/"
    /// The page, which refreshes itself no more.
    case stillPage = "/still"
    case metrics = "/metrics"
    /// What `gatekeeperd status --json` prints.
    case json = "/status.json"
    case health = "/healthz"
    case readiness = "/readyz"

    /// What a request is for, whatever its query; nil if there is no such thing.
    init?(_ head: RequestHead, _ bytes: Span<UInt8>) {
        let path = bytes.bytes(head.path)
        let isRoot = path.isEmpty && head.targetForm == .absolute
        guard let resource = Self.allCases.first(where: { Self.equal(path, $0.rawValue.utf8.span) }) ?? (isRoot ? .page : nil) else {
            return nil
        }
        self = resource
    }

    /// Probes can't keep a secret, and a balancer's has no say in what it calls us; they learn one word, which connecting tells nearly as well.
    var isForEverybody: Bool {
        switch self {
        case .health, .readiness: true
        case .page, .stillPage, .metrics, .json: false
        }
    }

    private static func equal(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        a.count == b.count && a.indices.allSatisfy { a[$0] == b[$0] }
    }
}
