/// The upstream connection that belongs to one connection of a client, because somebody may have logged in on it.
///
/// Nobody else's request ever goes over it, and no other connection carries this client's requests while it lasts.
final class UpstreamBinding {
    private var upstream: UpstreamConnection?

    /// Whom it leads to; nil when there is none now.
    var target: UpstreamTarget? { upstream?.pool?.target }

    /// Its last answer ended in this very turn of the loop: what has come behind that one isn't known yet.
    var hasJustRested: Bool { upstream.map { $0.idleSince == $0.pool?.loop.now } ?? false }

    /// For the next request; nil when it has ended meanwhile.
    func take() -> (UpstreamConnection, UpstreamPool)? {
        guard let kept = upstream else { return nil }
        upstream = nil
        guard let pool = kept.pool, pool.take(bound: kept) else { return nil }
        return (kept, pool)
    }

    /// Until the next request.
    func keep(_ connection: UpstreamConnection, in pool: UpstreamPool) {
        connection.isBound = true
        upstream = connection
        pool.rest(bound: connection)
    }

    /// The client's connection is over.
    func end() {
        guard let kept = upstream else { return }
        upstream = nil
        kept.pool?.release(bound: kept)
    }
}
