/// The fields that some code of ours looks at; everything else is `other` and passes.
///
/// Fields that are treated alike share a case: whatever claims to know the client's address is `forwarded`, whatever is meant for a
/// proxy is `proxy`. `KnownFieldNames` says which names are which.
package enum KnownField: UInt8, Sendable, CaseIterable {
    case other
    case host, contentLength, transferEncoding
    case connection, keepAlive, te, trailer, upgrade
    /// `HTTP2-Settings`: what goes with an offer of HTTP/2 in clear text (RFC 7540 §3.2.1).
    case http2Settings
    case expect
    /// `Proxy-*`, and `Proxy` itself, which CGI turns into the variable `HTTP_PROXY`.
    case proxy
    /// `Forwarded`, `X-Forwarded-*`, `X-Real-IP` and their kin: who the client is, from the client's own mouth.
    case forwarded
    /// `X-Original-*`, `X-Rewrite-URL`, `X-Frappe-Site-Name`: another target or site than the request line and `Host` name.
    case rewrite
    case requestID
    /// `X-HTTP-Method-Override` and its kin: another method than the request line's, for applications that look there.
    case methodOverride
    /// `X-Gatekeeper-Hop`: a door that the request has come through (`LoopMarker`).
    case hop
    /// A name with `_` besides letters, digits and `-`: CGI and WSGI read it as if it had `-` there. With `-` there we know no such field.
    case underscored
    /// A name with any other byte outside `[A-Za-z0-9-]`, which lighttpd, PHP and others read as `-` too (`X.Forwarded.For`), or one with `_`
    /// that they read as a field we know (`X_Forwarded_For`).
    case disguised
    case authorization, cookie, setCookie, wwwAuthenticate
    case contentType, contentEncoding, contentRange
    case cacheControl, date, location, contentLocation, refresh, maxForwards
    case origin, referer, ifMatch
    case userAgent, traceParent
    /// `Sec-WebSocket-*`
    case webSocket
}
