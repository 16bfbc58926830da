internal import Synchronization

/// One configuration, ready to serve: everything that a connection consults, built once and never changed.
///
/// Applying a configuration builds another snapshot and hands it to every worker. A connection keeps the one it has for its current
/// exchange and takes the newest with the next, except that an address which the newest doesn't list loses its connections at once.
final class Snapshot: Sendable {
    /// Counts up with every configuration applied, from 1.
    let generation: UInt64
    let admission: Admission
    let onDeny: Settings.OnDeny
    /// Whom the kernel lets through to each listener, by its address as the settings write it; empty while that is everybody.
    let filters: [SocketAddress: SocketFilter]
    /// By the address of the listener, as the settings write it.
    let listenerPolicies: [SocketAddress: ListenerPolicy]
    /// What is shown to authorities now; nil, as it mostly is, nothing.
    let window: ChallengeWindow?
    /// The generation that began today's handshake requirements. A connection from before it has been asked for something else, and ends with
    /// its current answer.
    let requirementsSince: UInt64
    private let requirements: HandshakeRequirements
    /// The names that may be asked for; nil for any.
    let strictNames: ServerNames?
    /// Our own names, where they are asked for of a ticket system by TLS; nil where the configuration says by which name each is.
    let upstreamNames: ServerNames?
    let upstream: UpstreamGroup
    /// Sent upstream in place of the client's `Host`; empty to keep that.
    let fixedHost: String
    /// How long a request may wait for a connection.
    let queueMilliseconds: Int
    /// Nil when every method and path is let through.
    let routes: SourceRoutes?
    /// Whether a request may ask for a WebSocket.
    let webSocket: Bool
    /// Whether fields with `_` in their names are passed on.
    let passesUnderscores: Bool
    /// The ticket system is known to read the bodies that it is sent.
    let reusesAfterBody: Bool
    /// Which bodies without a length are collected before they are sent; nil to stream them all.
    let collecting: CollectingRule?
    /// Where collected bodies go that are too large for memory; the same for every snapshot.
    let spool: Spool
    let spoolSettings: Settings.Upstream.Spool
    let limits: Settings.Limits
    private let rates: SourceRates
    private let handshakes: SourceRates
    let timeouts: Settings.Timeouts
    private let answers: AnswerRuns
    /// Of each entry of the list.
    let answerCells: ContiguousArray<AnswerRuns.CellIndex>
    let log: Settings.Log

    /// - Parameters:
    ///   - other: the one before; nil for the first.
    ///   - filters: as `ListenerFilters` makes them.
    ///   - rates: of requests.
    init(
        _ settings: Settings, after other: Snapshot?, filters: [SocketAddress: SocketFilter] = [:], sources: SourceCounters,
        rates: SourceRates, handshakes: SourceRates, answers: AnswerRuns = AnswerRuns(), upstream: UpstreamGroup, ticketKeys: TicketKeys,
        libraries: [TLSLibrary]
    ) throws(ServerError) {
        generation = (other?.generation ?? 0) + 1
        // Before the files are read: one that changes in between is another with the next configuration.
        requirements = HandshakeRequirements(settings)
        requirementsSince = if let other, other.requirements == requirements { other.requirementsSince } else { generation }
        do throws(TLSSetupError) {
            listenerPolicies = try Self.makeListenerPolicies(settings, ticketKeys: ticketKeys, libraries: libraries)
        } catch {
            throw ServerError(settings: error.description)
        }
        strictNames = settings.tls.refusesUnknownNames ? listenerPolicies.values.first?.tls.first?.names : nil
        let hasNameless = settings.upstream.servers.contains { if case .address? = $0.tls?.peer { true } else { false } }
        upstreamNames = hasNameless ? listenerPolicies.values.first?.tls.first?.shownNames : nil
        admission = Admission(AllowList(settings.allow), limits: settings.limits, counters: sources)
        onDeny = settings.onDeny
        self.filters = filters
        window = other?.window
        self.upstream = upstream
        queueMilliseconds = settings.upstream.queueMilliseconds
        fixedHost = settings.upstream.host ?? ""
        routes = settings.routes.map { SourceRoutes($0) }
        webSocket = settings.webSocket
        passesUnderscores = settings.upstream.passesUnderscores
        reusesAfterBody = settings.upstream.reusesAfterBody
        collecting = CollectingRule(settings.upstream.requestBuffering, bodyBytesMax: settings.limits.requestBodyBytesMax)
        spool = other?.spool ?? Spool()
        spoolSettings = settings.upstream.spool
        limits = settings.limits
        self.rates = rates
        self.handshakes = handshakes
        self.answers = answers
        answerCells = answers.cellIndices(for: admission.allowList.entries)
        timeouts = settings.timeouts
        log = settings.log
    }

    /// What comes after `other`: the same for other addresses, if there are such, and with other filters.
    convenience init(_ other: Snapshot, admitting allow: [Settings.AllowEntry]? = nil, filters: [SocketAddress: SocketFilter]) {
        self.init(other, admitting: allow, filters: filters, window: other.window)
    }

    init(
        _ other: Snapshot, admitting allow: [Settings.AllowEntry]? = nil, filters: [SocketAddress: SocketFilter], window: ChallengeWindow?
    ) {
        generation = other.generation + 1
        admission = allow.map { other.admission.admitting(AllowList($0)) } ?? other.admission
        onDeny = other.onDeny
        self.filters = filters
        self.window = window
        listenerPolicies = other.listenerPolicies
        requirements = other.requirements
        requirementsSince = other.requirementsSince
        strictNames = other.strictNames
        upstreamNames = other.upstreamNames
        upstream = other.upstream
        fixedHost = other.fixedHost
        queueMilliseconds = other.queueMilliseconds
        routes = other.routes
        webSocket = other.webSocket
        passesUnderscores = other.passesUnderscores
        reusesAfterBody = other.reusesAfterBody
        collecting = other.collecting
        spool = other.spool
        spoolSettings = other.spoolSettings
        limits = other.limits
        rates = other.rates
        handshakes = other.handshakes
        answers = other.answers
        answerCells = answers.cellIndices(for: admission.allowList.entries)
        timeouts = other.timeouts
        log = other.log
    }

    /// The `Host` of questions of our own to a ticket system; empty for its own name.
    var askedHost: String { fixedHost.isEmpty ? upstreamNames?.first ?? "" : fixedHost }

    /// The routes of those whom an entry of the list lets in; nil when every method and path is.
    func routes(of entry: AllowList.EntryIndex) -> RouteTable? {
        routes.map { $0.table(for: admission.allowList.entries[entry]) }
    }

    /// Decides about a connection as `Admission.decide` does, then whether its source has begun too many of late.
    func decide(_ peer: PeerAddress, nowUnixSeconds: Int64, now: Instant) -> AdmissionDecision {
        let decision = admission.decide(peer, nowUnixSeconds: nowUnixSeconds)
        guard case .admitted(let entry) = decision, let rate = limits.handshakesPerSource else { return decision }
        let prefix = admission.allowList.entries[entry].prefix
        guard handshakes.charge(peer, listedBy: prefix, rate: rate, now: now) != nil else { return decision }
        admission.release(peer, listedBy: prefix)
        return .denied(.handshakesPerSource)
    }

    /// Charges a request of an admitted peer to its rate.
    ///
    /// - Returns: nil, or in how many seconds it may ask again; nothing is charged then.
    func chargeRequest(of peer: PeerAddress, listedBy entry: AllowList.EntryIndex, now: Instant) -> UInt64? {
        guard let rate = limits.requestsPerSource else { return nil }
        return rates.charge(peer, listedBy: admission.allowList.entries[entry].prefix, rate: rate, now: now)
    }

    /// What one listener asks of those who come by it.
    struct ListenerPolicy: Sendable {
        /// Who must say by the PROXY protocol whose connection it is.
        let balancers: PrefixTable?
        /// One for each worker.
        let tls: [TLSContext]

        func expectsHeader(from peer: PeerAddress) -> Bool {
            guard let balancers else { return false }
            return balancers.index(containing: peer) != nil
        }
    }

    private static func makeListenerPolicies(
        _ settings: Settings, ticketKeys: TicketKeys, libraries: [TLSLibrary]
    ) throws(TLSSetupError) -> [SocketAddress: ListenerPolicy] {
        var contexts: [ClientAuthorities?: [TLSContext]] = [:]
        var listenerPolicies: [SocketAddress: ListenerPolicy] = [:]
        var rules: [SocketAddress: Settings.Listener] = [:]
        for listener in settings.listeners {
            // Free ports of one address can't be told apart, and must not be mixed up.
            if let other = rules.updateValue(listener, forKey: listener.address), other != listener {
                throw TLSSetupError("two listeners on \(listener.address) ask for different things")
            }
            let clients = ClientAuthorities(settings.tls, of: listener)
            var perWorker = contexts[clients] ?? []
            if perWorker.isEmpty {
                for library in libraries {
                    perWorker.append(
                        try TLSContext(settings.tls, clients: clients, library: library, ticketKeys: ticketKeys))
                }
                contexts[clients] = perWorker
            }
            let balancers = listener.proxyProtocolFrom
            listenerPolicies[listener.address] = ListenerPolicy(balancers: balancers.isEmpty ? nil : PrefixTable(balancers), tls: perWorker)
        }
        return listenerPolicies
    }
}
