/// What a server with these settings decides about an address and a request: asked of the code that decides, and of no server.
package struct Explainer {
    private let snapshot: Snapshot

    /// Loads what a server would load. Throws what would keep that from starting.
    package init(_ settings: Settings) throws(ServerError) {
        // No decision depends on who answers in the end; so nobody is looked for, by name or otherwise.
        var settings = settings
        settings.upstream.servers = [Settings.Upstream.Server(endpoint: .unix("/"), name: "nobody")]
        snapshot = try DryRun(settings).snapshot()
    }

    package var allowList: AllowList { snapshot.admission.allowList }

    /// On a server that has no other connection.
    package func admission(of peer: PeerAddress, nowUnixSeconds: Int64) -> AdmissionDecision {
        let decision = snapshot.admission.decide(peer, nowUnixSeconds: nowUnixSeconds)
        if case .admitted(let entry) = decision {
            snapshot.admission.release(peer, listedBy: allowList.entries[entry].prefix)
        }
        return decision
    }

    /// The listeners at which the address is a load balancer, whose word on the source is judged in its place.
    package func listeners(balancedBy peer: PeerAddress) -> [SocketAddress] {
        snapshot.listenerPolicies.filter { $0.value.expectsHeader(from: peer) }.map(\.key)
    }

    /// Only names of ours may be asked for.
    package var isStrict: Bool { snapshot.strictNames != nil }

    /// Whether a handshake that asks for this name, or for none, may go on.
    package func admits(serverName: String?) -> Bool {
        guard let names = snapshot.strictNames else { return true }
        return serverName.flatMap { names.set(for: $0) } != nil
    }

    package enum Answer: Equatable, Sendable {
        /// More would have to come before anything could be said.
        case incomplete
        case refused(Refusal)
        case judged(Request)
    }

    /// A well-formed request and what the door's own rules say of it.
    package struct Request: Equatable, Sendable {
        package var form: TargetForm
        package var byteCount: Int
        package var refusal: PolicyRefusal?
        /// What routes would have refused if they were enforced.
        package var shadow: PolicyRefusal?
        /// The place in the settings of the route that lets it pass.
        package var route: Int?
        /// Likewise of the first that is for its method and path, where it is refused for its source or its query.
        package var nearRoute: Int?
        package var isWebSocket: Bool
    }

    /// - Parameters:
    ///   - head: everything through the empty line.
    ///   - entry: what admitted whoever asks; nil for somebody whom no route's `from` names.
    package func request(_ head: [UInt8], by entry: AllowList.EntryIndex? = nil) -> Answer {
        var fields = FieldTable()
        switch RequestHeadParser.parse(head.span, limits: snapshot.limits, into: &fields) {
        case .needsMore: return .incomplete
        case .refused(let refusal): return .refused(refusal)
        case .parsed(let parsed):
            let routes = entry.map(snapshot.routes(of:)) ?? snapshot.routes?.common
            let judgement = Judgement(parsed, fields, head.span, by: snapshot, routes: routes)
            return .judged(
                Request(
                    form: parsed.targetForm, byteCount: parsed.byteCount, refusal: judgement.refusal, shadow: judgement.shadow,
                    route: judgement.route, nearRoute: nearRoute(judgement.refusal ?? judgement.shadow, parsed, head.span),
                    isWebSocket: judgement.handshake != nil))
        }
    }

    private func nearRoute(_ refusal: PolicyRefusal?, _ head: RequestHead, _ bytes: Span<UInt8>) -> Int? {
        guard let refusal, [.routeOfOthers, .queryKey, .queryAmbiguous].contains(refusal), let all = snapshot.routes?.all.routes else {
            return nil
        }
        let method = bytes.bytes(head.methodRange)
        let path = bytes.bytes(head.path)
        for index in all.indices where all[index].query != nil || refusal == .routeOfOthers {
            if all[index].allows(method: method), all[index].matches(path) { return index }
        }
        return nil
    }
}
