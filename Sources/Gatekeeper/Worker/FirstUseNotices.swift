internal import Synchronization

/// How workers tell the control thread that a source has come which it wants to hear of.
final class FirstUseNotices: Sendable {
    /// Readable when there is something to take.
    var number: Int32 { bell.number }

    private let bell: Bell
    private let sources: Mutex<Set<PeerAddress>> = Mutex([])
    /// Sources beyond are not told of; the list of those that are to be announced is much shorter.
    private static let sourcesMax = 4096

    init() throws(SystemError) {
        bell = try Bell()
    }

    func post(_ peer: PeerAddress) {
        let isNew = sources.withLock { $0.count < Self.sourcesMax && $0.insert(peer).inserted }
        if isNew { bell.ring() }
    }

    func take() -> Set<PeerAddress> {
        bell.silence()
        return sources.withLock { sources in
            let taken = sources
            sources = []
            return taken
        }
    }
}
