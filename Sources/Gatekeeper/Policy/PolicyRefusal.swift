/// Why a well-formed request isn't passed on: the door's own rules, where a `Refusal` is HTTP's.
///
/// The same three facts go with a case: the status of the answer, the word for the log, the sentence for the client.
package enum PolicyRefusal: UInt8, Error, CaseIterable, Sendable {
    /// Not what RFC 6455 §4.2.1 asks of a client's opening handshake.
    case webSocketHandshake
    /// No route is for this method and path.
    case route
    /// A route is for this method and path, and for other sources than this one.
    case routeOfOthers
    /// The query has a key that the route for this method and path doesn't let through.
    case queryKey
    /// The query's keys can be read in more than one way, and the route looks at them (`QueryNormalForm`).
    case queryAmbiguous
    /// The path can be read in more than one way, and routes are in force (`PathNormalForm`).
    case pathAmbiguous
    /// A field names another method than the one that routes were asked about.
    case methodOverride
    /// A body in a GET, HEAD, OPTIONS or TRACE, where routes are in force: an upstream that leaves it unread could take it for a request that
    /// no route has seen.
    case bodyUnexpected
    /// The source has asked more often than `limits.requests_per_source` lets it (RFC 6585 §4).
    case requestsPerSource
    /// A body without a length for an upstream that speaks HTTP/1.0 and can't be sent chunks (RFC 9112 §6.1).
    case lengthRequired

    /// It has come from ourselves: `upstream.url` leads back to this service, maybe by way of another (RFC 5842 §7.2).
    case loop

    /// No certificate of ours is for this host, and `sni_strict` is on (RFC 9110 §15.5.20).
    case unknownHost

    package var status: UInt16 { facts.status }

    /// In snake case.
    package var reason: StaticString { facts.reason }

    package var detail: StaticString { facts.detail }

    private typealias Facts = (status: UInt16, reason: StaticString, detail: StaticString)

    private var facts: Facts {
        switch self {
        case .webSocketHandshake:
            (400, "websocket_handshake", "A WebSocket handshake is a GET with one Sec-WebSocket-Key and Sec-WebSocket-Version 13.")
        case .route: (403, "route", "This method and path aren't served here.")
        // The same answer: who asks needn't learn what others may.
        case .routeOfOthers: (403, "route_of_others", "This method and path aren't served here.")
        case .queryKey: (403, "query_key", "The query has a key that isn't served here.")
        case .queryAmbiguous: (400, "query_ambiguous", "The query can be read in more than one way.")
        case .pathAmbiguous: (400, "path_ambiguous", "The path can be read in more than one way.")
        case .methodOverride: (403, "method_override", "A method can't be overridden by a field here.")
        case .bodyUnexpected: (400, "body_unexpected", "A request of this method has no body here.")
        case .requestsPerSource: (429, "requests_per_source", "More requests came from this address than it may make in this time.")
        case .unknownHost: (421, "unknown_host", "This host isn't served here.")
        case .loop: (508, "loop", "The request has come back to where it was forwarded from.")
        case .lengthRequired: (411, "length_required", "The body must be sent with its length in Content-Length.")
        }
    }
}
