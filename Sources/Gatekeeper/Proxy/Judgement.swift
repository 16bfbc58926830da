/// What the door's own rules say about a request that is well-formed.
struct Judgement {
    private(set) var refusal: PolicyRefusal?
    /// What routes would have refused if they were enforced.
    private(set) var shadow: PolicyRefusal?
    /// The place in the settings of the route that let it pass; nil without one.
    private(set) var route: Int?
    /// The WebSocket that is asked for.
    private(set) var handshake: WebSocketHandshake?

    /// - Parameter routes: of whoever asks.
    init(_ head: RequestHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, by snapshot: Snapshot, routes: RouteTable?) {
        if LoopMarker.isIn(fields, bytes, marker: snapshot.upstream.loopMarker.utf8.span) {
            refusal = .loop
            return
        }
        if let names = snapshot.strictNames, !names.covers(host: bytes.bytes(head.host)) {
            refusal = .unknownHost
            return
        }
        if let routes {
            switch routes.find(head, fields, bytes) {
            case .route(let index): route = index
            case .objection(let objection): if routes.isShadow { shadow = objection } else { refusal = objection }
            }
        }
        guard refusal == nil else { return }
        guard snapshot.webSocket, head.wantsUpgrade else { return }
        do throws(PolicyRefusal) {
            handshake = try WebSocketHandshake(head, fields, bytes)
        } catch {
            refusal = error
        }
    }
}
