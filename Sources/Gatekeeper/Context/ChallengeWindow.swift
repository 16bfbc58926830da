/// What is shown to authorities that make sure of our names, while they do; most of the time there is none.
///
/// Immutable as the snapshot that holds it. Made off the workers' threads: each of them has a context of its own for each name.
final class ChallengeWindow: Sendable {
    /// What is shown for one name by a handshake.
    struct Handshake: Sendable {
        let name: String
        let endsAt: Instant
        /// One for each worker.
        let contexts: [TLSContext]
    }

    struct Page: Sendable {
        let name: String
        let endsAt: Instant
        let keyAuthorization: String
        fileprivate let path: [UInt8]
        fileprivate let hosts: [[UInt8]]
    }

    /// The names that a hello may ask for, in lower case; an address is asked for by its reverse name (RFC 8738 §6).
    let serverNames: [[UInt8]]
    private let handshakes: [Handshake]
    private let pages: [Page]
    let visits: ChallengeVisits
    /// When the last handshake isn't shown any more, and when nothing is.
    let handshakesEnd: Instant
    let end: Instant

    /// Of two handshakes for one name the later counts: a hello doesn't say which it is for.
    init(_ challenges: [PendingChallenge], visits: ChallengeVisits, libraries: [TLSLibrary]) throws(TLSSetupError) {
        var handshakes: [String: Handshake] = [:]
        var pages: [Page] = []
        for challenge in challenges {
            let address = try? PeerAddress(parsing: challenge.name)
            switch challenge.proof {
            case .handshake(let digest):
                var contexts: [TLSContext] = []
                for library in libraries {
                    let certificate = try ChallengeCertificate(name: challenge.name, digest: digest, library: library)
                    contexts.append(try TLSContext(showing: certificate, library: library))
                }
                let serverName = address?.reverseName ?? challenge.name
                handshakes[serverName] = Handshake(name: challenge.name, endsAt: challenge.endsAt, contexts: contexts)
            case .page(let token, let keyAuthorization):
                let host = address.map { $0.isIPv4 ? "\($0)" : "[\($0)]" } ?? challenge.name
                pages.append(
                    Page(
                        name: challenge.name, endsAt: challenge.endsAt, keyAuthorization: keyAuthorization,
                        path: Array("/.well-known/acme-challenge/\(token)".utf8), hosts: [Array(host.utf8), Array("\(host):80".utf8)]))
            }
        }
        let sorted = handshakes.sorted { $0.key < $1.key }
        serverNames = sorted.map { Array($0.key.utf8) }
        self.handshakes = sorted.map(\.value)
        self.pages = pages
        self.visits = visits
        let start = Instant(nanoseconds: 0)
        handshakesEnd = self.handshakes.map(\.endsAt).max() ?? start
        end = max(handshakesEnd, pages.map(\.endsAt).max() ?? start)
    }

    /// By which the bounds are.
    var nameCount: Int { max(1, handshakes.count + Set(pages.map(\.name)).count) }

    var hasPages: Bool { !pages.isEmpty }

    /// Whether a hello may be for one of them.
    func isOpen(at now: Instant) -> Bool { now < handshakesEnd }

    /// Whether it is looked who it is that was turned away for `reason`.
    func isOpen(to reason: DenialReason, at now: Instant) -> Bool {
        isOpen(at: now) && (reason == .notListed || reason == .expired || reason == .lockdown)
    }

    /// What is shown to one who asks for the server name of this index.
    func handshake(_ index: Int, at now: Instant) -> Handshake? {
        now < handshakes[index].endsAt ? handshakes[index] : nil
    }

    /// What is shown now for the name of one that was asked for before.
    func handshake(like other: Handshake, at now: Instant) -> Handshake? {
        handshakes.first { $0.name == other.name && now < $0.endsAt }
    }

    /// - Parameters:
    ///   - path: the target of a request as it came.
    ///   - host: its `Host`.
    func page(_ path: Span<UInt8>, host: Span<UInt8>, at now: Instant) -> Page? {
        for page in pages where now < page.endsAt && Self.isSame(path, page.path) {
            for wanted in page.hosts where ByteScan.equalIgnoringCase(host, wanted.span) { return page }
        }
        return nil
    }

    private static func isSame(_ a: Span<UInt8>, _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        for index in a.indices where a[index] != b[index] { return false }
        return true
    }
}
