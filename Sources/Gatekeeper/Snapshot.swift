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
    /// One for each worker.
    let tls: [TLSContext]
    let upstream: UpstreamGroup
    /// Sent upstream in place of the client's `Host`; empty to keep that.
    let fixedHost: String
    /// How long a request may wait for a connection.
    let queueMilliseconds: Int
    /// Nil when every method and path is let through.
    let routes: RouteTable?
    /// Whether a request may ask for a WebSocket.
    let webSocket: Bool
    /// The size up to which bodies without a length are collected before they are sent; nil to stream them.
    let collectsUpTo: Int?
    /// Where collected bodies go that are too large for memory.
    let spoolFolder: String
    let limits: Settings.Limits
    let timeouts: Settings.Timeouts
    let log: Settings.Log

    init(
        _ settings: Settings, generation: UInt64, sources: SourceCounters, upstream: UpstreamGroup, ticketKeys: TicketKeys,
        libraries: [TLSLibrary]
    ) throws(ServerError) {
        self.generation = generation
        do throws(TLSSetupError) {
            var contexts: [TLSContext] = []
            for library in libraries {
                contexts.append(try TLSContext(settings.tls, library: library, ticketKeys: ticketKeys))
            }
            tls = contexts
        } catch {
            throw ServerError(settings: error.description)
        }
        admission = Admission(AllowList(settings.allow), limits: settings.limits, counters: sources)
        onDeny = settings.onDeny
        self.upstream = upstream
        queueMilliseconds = settings.upstream.queueMilliseconds
        fixedHost = settings.upstream.host ?? ""
        routes = settings.routes.map { RouteTable($0) }
        webSocket = settings.webSocket
        collectsUpTo =
            switch settings.upstream.requestBuffering {
            case .off: nil
            case .auto: settings.limits.requestBodyBytesMax
            case .upTo(let bytes): min(bytes, settings.limits.requestBodyBytesMax)
            }
        spoolFolder = settings.spoolFolder
        limits = settings.limits
        timeouts = settings.timeouts
        log = settings.log
    }
}
