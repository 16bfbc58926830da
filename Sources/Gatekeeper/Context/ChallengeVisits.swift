internal import Synchronization

/// Who is being looked at, or shown a challenge, over all workers: what bounds the one thing that a stranger may begin here.
///
/// ```
///   64 places, of which a network (/24, /48) has 4 a name ── taken? ─▶ the oldest without a whole hello gives way
///                                                                      ─▶ else the oldest whose hello is older than a second
///                                                                      ─▶ else, of all 64, the oldest of the network that has most
///                                                                      ─▶ else who comes is turned away
///   2 handshakes a second and name of a network ── used up? ─▶ it waits in its place
/// ```
///
/// Names and protocol are public, so anybody may hold places; nobody can hold them against an authority, which says a whole hello at once.
/// An authority sends several validators for a name at once, from one network or from several, which is what waiting is for. One that gives way is closed in its worker's next turn.
final class ChallengeVisits: Sendable {
    typealias Place = UInt64

    static let placesMax = 64
    /// For each name that is pending, as the rate is.
    static let placesPerNetworkMax = 4
    /// However many names there are, one network leaves room for others.
    private static let placesOfANetworkMax = placesMax / 4
    static let handshakesPerNetwork = 2
    private static let firmMilliseconds = 1_000
    /// Networks whose rate is remembered; beyond, whoever has used least gets it back.
    private static let networksMax = 256

    private struct Visitor {
        let place: Place
        let network: PeerAddress
        /// When its hello was whole.
        var said: Instant?
        let giveWay: @Sendable (Place) -> Void
    }

    private struct State {
        /// The oldest first.
        var visitors: [Visitor] = []
        var lastPlace: Place = 0
        var rates = RateTable(sourcesMax: networksMax)
        var counts = ChallengeCounts()
    }

    private let state = Mutex(State())

    /// Takes a place, or tells (nil) that there is none.
    ///
    /// - Parameters:
    ///   - names: how many are pending.
    ///   - giveWay: ends the visit later, if another needs its place; called on that one's thread.
    func enter(from peer: PeerAddress, names: Int = 1, now: Instant, giveWay: @escaping @Sendable (Place) -> Void) -> Place? {
        let network = Self.network(of: peer)
        var leaving: Visitor?
        let place: Place? = state.withLock { state in
            let share = min(Self.placesPerNetworkMax * names, Self.placesOfANetworkMax)
            let isNetworkFull = state.visitors.count { $0.network == network } >= share
            if isNetworkFull || state.visitors.count >= Self.placesMax {
                guard
                    let index = Self.weakest(of: state.visitors, in: isNetworkFull ? network : nil, now: now)
                        ?? (isNetworkFull ? nil : Self.greediest(of: state.visitors))
                else { return nil }
                leaving = state.visitors.remove(at: index)
            }
            state.lastPlace += 1
            state.visitors.append(Visitor(place: state.lastPlace, network: network, giveWay: giveWay))
            return state.lastPlace
        }
        if let leaving { leaving.giveWay(leaving.place) }
        return place
    }

    /// The oldest of the network that has most, if that is more than one.
    private static func greediest(of visitors: [Visitor]) -> Int? {
        var counts: [PeerAddress: Int] = [:]
        for visitor in visitors { counts[visitor.network, default: 0] += 1 }
        guard let most = counts.values.max(), most > 1 else { return nil }
        return visitors.firstIndex { counts[$0.network] == most }
    }

    private static func weakest(of visitors: [Visitor], in network: PeerAddress?, now: Instant) -> Int? {
        let indices = visitors.indices.filter { network == nil || visitors[$0].network == network }
        return indices.first { visitors[$0].said == nil }
            ?? indices.first { index in visitors[index].said.map { now > $0.advanced(byMilliseconds: firmMilliseconds) } ?? false }
    }

    enum Turn: Equatable {
        case now
        /// Its network has begun too many of late.
        case later
        /// It had to give way.
        case never
    }

    /// Its hello, or its request, is whole and right: asked again, with a pause between, until it is its turn.
    func turn(of place: Place, names: Int = 1, now: Instant) -> Turn {
        state.withLock { state in
            guard let index = state.visitors.firstIndex(where: { $0.place == place }) else { return .never }
            if state.visitors[index].said == nil { state.visitors[index].said = now }
            let rate = Rate(count: Self.handshakesPerNetwork * names, perMilliseconds: 1_000)
            return state.rates.take(state.visitors[index].network, by: rate, now: now) == nil ? .now : .later
        }
    }

    func leave(_ place: Place) {
        state.withLock { state in state.visitors.removeAll { $0.place == place } }
    }

    func count(_ outcome: ChallengeOutcome) {
        state.withLock { $0.counts.visitors[outcome, default: 0] += 1 }
    }

    func countStrangerSession() {
        state.withLock { $0.counts.strangerSessions += 1 }
    }

    var counts: ChallengeCounts { state.withLock { $0.counts } }

    private static func network(of peer: PeerAddress) -> PeerAddress { peer.masked(to: peer.isIPv4 ? 120 : 48) }
}
