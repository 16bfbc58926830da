internal import Gatekeeper

/// How the door comes to its decision, step by step, up to the step that decides.
struct Explanation: Equatable, Sendable {
    private(set) var steps: [Step] = []
    private(set) var verdict = Verdict.admitted
    /// It passes because routes are in shadow.
    private(set) var isShadowed = false

    struct Step: Equatable, Sendable {
        /// The log's word for it, and the folder that decides.
        var stage: Stage
        var text: String
        /// Where what decided is written: a file with line and column, a flag, a grant.
        var origin: String?
        /// Since when a list that changes has the entry that decided.
        var listedAt: WallTime?
    }

    enum Verdict: Equatable, Sendable {
        case admitted
        /// Before a byte is read; the log's reason.
        case denied(String)
        /// With a status, or without one by an alert of TLS; the log's reason.
        case refused(status: UInt16?, String)
    }

    /// - Parameters:
    ///   - routeOrigins: where the settings' routes are written.
    ///   - listedAt: since when entries of lists that change are there, by label.
    init(
        _ question: Question, by explainer: Explainer, routes: Settings.Routes?, routeOrigins: [Origin], defaultHost: String,
        lockdown: Lockdown? = nil, listedAt: [String: [AddressPrefix: WallTime]] = [:], at now: WallTime
    ) {
        let entry = admit(question.peer, by: explainer, lockdown, listedAt, at: now)
        guard verdict == .admitted, let request = question.request else { return }
        if explainer.isStrict { shakeHands(request.serverName(defaultHost: defaultHost), by: explainer) }
        guard verdict == .admitted else { return }
        read(request, explainer.request(request.head(defaultHost: defaultHost), by: entry), routes: routes, routeOrigins)
    }

    // MARK: The steps

    /// The entry that admits it.
    private mutating func admit(
        _ peer: PeerAddress, by explainer: Explainer, _ lockdown: Lockdown?, _ listedAt: [String: [AddressPrefix: WallTime]],
        at now: WallTime
    ) -> AllowList.EntryIndex? {
        let balanced = explainer.listeners(balancedBy: peer)
        if !balanced.isEmpty {
            let listeners = balanced.map(\.description).sorted().joined(separator: ", ")
            steps.append(Step(stage: .accept, text: "\(peer) is a load balancer on \(listeners): the source that it names is judged there"))
        }
        let entries = explainer.allowList.entries
        switch explainer.admission(of: peer, nowUnixSeconds: now.milliseconds / 1000) {
        case .admitted(let index):
            let end = entries[index].endsAtUnixSeconds.map { ", until \(WallTime(milliseconds: $0 * 1000).text)" } ?? ""
            let list = ListReport.isOrigin(entries[index].origin) ? entries[index].label : nil
            let listedAt = list.flatMap { listedAt[$0]?[entries[index].prefix] }
            let since = listedAt.map { ", listed since \($0.text)" } ?? ""
            steps.append(
                Step(
                    stage: .admission, text: "\(peer) is admitted by \(Self.name(entries[index]))\(since)\(end)",
                    origin: entries[index].origin, listedAt: listedAt))
            return index
        case .denied(let reason):
            verdict = .denied("\(reason.word)")
            steps.append(Self.denial(of: peer, reason, by: explainer.allowList, lockdown, at: now))
            return nil
        }
    }

    private static func denial(
        of peer: PeerAddress, _ reason: DenialReason, by list: AllowList, _ lockdown: Lockdown?, at now: WallTime
    ) -> Step {
        if reason == .expired, let index = list.endedEntry(for: peer) {
            let end = list.entries[index].endsAtUnixSeconds.map { WallTime(milliseconds: $0 * 1000).text } ?? ""
            return Step(
                stage: .admission, text: "\(peer) was admitted by \(name(list.entries[index])), which ended \(end)",
                origin: list.entries[index].origin)
        }
        if reason == .lockdown, let lockdown, let index = list.listedEntry(for: peer, nowUnixSeconds: now.milliseconds / 1000) {
            return Step(
                stage: .admission,
                text: "\(peer) is listed as \(name(list.entries[index])), and shut out by a lockdown: \(lockdown.text(at: now))",
                origin: list.entries[index].origin)
        }
        guard reason == .notListed else { return Step(stage: .admission, text: "\(peer) is denied: \(reason.word)") }
        guard let index = list.nearestEntry(to: peer) else {
            return Step(stage: .admission, text: "\(peer) is on no entry of the allow-list, nor near one")
        }
        return Step(
            stage: .admission, text: "\(peer) is on no entry of the allow-list; the nearest is \(name(list.entries[index]))",
            origin: list.entries[index].origin)
    }

    private static func name(_ entry: Settings.AllowEntry) -> String {
        entry.label.map { "\(entry.prefix) (\($0))" } ?? "\(entry.prefix)"
    }

    private mutating func shakeHands(_ serverName: String?, by explainer: Explainer) {
        let asked = serverName.map { Quantity.quoted($0) } ?? "no name"
        if explainer.admits(serverName: serverName) {
            steps.append(Step(stage: .downstream, text: "a certificate is for \(asked)"))
        } else {
            steps.append(
                Step(stage: .downstream, text: "the handshake asks for \(asked), and sni_strict refuses what no certificate is for"))
            verdict = .refused(status: nil, "unrecognized_name")
        }
    }

    private mutating func read(_ request: Question.Request, _ answer: Explainer.Answer, routes: Settings.Routes?, _ origins: [Origin]) {
        let line = "\(request.method) \(request.target)"
        switch answer {
        case .incomplete:
            // Not from a head that ends with an empty line, whatever is in it.
            verdict = .refused(status: nil, "incomplete")
        case .refused(let refusal):
            steps.append(Step(stage: .http1, text: "\(refusal.detail)"))
            verdict = .refused(status: refusal.status, "\(refusal.reason)")
        case .judged(let judged):
            steps.append(
                Step(stage: .http1, text: "\(line) is well-formed, in \(judged.form.word) form, with a head of \(judged.byteCount) bytes"))
            judge(judged, line, routes: routes, origins)
        }
    }

    private mutating func judge(_ request: Explainer.Request, _ line: String, routes: Settings.Routes?, _ origins: [Origin]) {
        if let index = request.route, let route = routes?.routes[index] {
            steps.append(Step(stage: .policy, text: "the route \(route) lets it pass", origin: Self.origin(of: route, origins[index])))
        } else if let shadow = request.shadow {
            isShadowed = true
            steps.append(
                Step(
                    stage: .policy,
                    text:
                        "would be refused (shadow): passes because routes_mode is shadow; "
                        + "otherwise \(shadow.status) \(shadow.reason): \(shadow.detail)"
                ))
        } else if routes == nil, request.refusal == nil {
            steps.append(Step(stage: .policy, text: "there are no routes, so every method and path passes"))
        }
        if request.isWebSocket { steps.append(Step(stage: .policy, text: "it may become a WebSocket, since websocket is on")) }
        guard let refusal = request.refusal else { return }
        steps.append(objection(refusal, to: line, near: request.nearRoute, routes: routes, origins))
        verdict = .refused(status: refusal.status, "\(refusal.reason)")
    }

    private func objection(
        _ refusal: PolicyRefusal, to line: String, near: Int?, routes: Settings.Routes?, _ origins: [Origin]
    ) -> Step {
        guard let near, let route = routes?.routes[near] else {
            return Step(stage: .policy, text: refusal == .route ? "\(line) is on none of the routes" : "\(refusal.detail)")
        }
        let words =
            switch refusal {
            case .routeOfOthers: "\(line) is on the route \(route), which is for other sources"
            case .queryAmbiguous: "the route \(route) looks at the query, which can be read in more than one way"
            default: "the route \(route) doesn't let a key of the query through"
            }
        return Step(stage: .policy, text: words, origin: Self.origin(of: route, origins[near]))
    }

    /// Where it is written, and what brought it.
    private static func origin(of route: Route, _ origin: Origin) -> String {
        route.provenance.map { "\(origin) (\($0))" } ?? "\(origin)"
    }
}
