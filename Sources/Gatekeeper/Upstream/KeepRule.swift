/// Whether an upstream connection may carry another request after this one: what our `Connection` says, and what becomes of it afterwards.
///
/// An upstream that answers without reading a body takes the body for the next request, and goes on to do so by itself (CL.0): Python's
/// `http.server`, and so Roundup, reads no body of a `GET`, nor of some `POST`s. Closing behind the answer is too late then. So the request
/// says that nothing follows it (RFC 9112 §9.6), unless this ticket system is known to read what it is sent.
///
/// | request | `Connection: close` | kept after a whole answer |
/// | --- | --- | --- |
/// | without a body | no | yes, but for HEAD: some upstreams send a body all the same |
/// | POST, PUT, PATCH with a body | unless `upstream.reuse_after_body` | with `reuse_after_body` alone |
/// | any other method with a body | always | never: what reads a POST's body may leave a DELETE's |
/// | on a connection that belongs to one client | never | yes, but for HEAD |
struct KeepRule {
    private let method: Method
    /// A body goes with the request, and the upstream may leave it unread.
    private let mayLeaveBody: Bool

    /// - Parameters:
    ///   - reusesAfterBody: the ticket system is known to read bodies (`upstream.reuse_after_body`).
    ///   - isExclusive: the connection belongs to one client's, for a login that the ticket system itself has asked for. Whoever only claims to
    ///     bring one must not get here: nobody else would be harmed, but routes would not see a request that hides in his body.
    init(_ head: RequestHead, reusesAfterBody: Bool, isExclusive: Bool = false) {
        method = head.method
        mayLeaveBody = head.hasBody && !isExclusive && !(reusesAfterBody && head.method.expectsBody)
    }

    /// What is written into the request.
    var announcesClose: Bool { mayLeaveBody }

    /// Whether the connection may serve another request, as far as the request has a say.
    var mayKeep: Bool { !mayLeaveBody && method != .head }
}
