/// The fields that some code of ours looks at; everything else is `other` and passes.
///
/// Fields that are treated alike share a case: whatever claims to know the client's address is `forwarded`, whatever is meant for a
/// proxy is `proxy`. `KnownFieldNames` says which names are which.
package enum KnownField: UInt8, Sendable, CaseIterable {
    case other
    case host, contentLength, transferEncoding
    case connection, keepAlive, te, trailer, upgrade
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
    /// A name with `_` in it: CGI and WSGI read it as if it had `-`.
    case underscored
    case authorization, cookie, setCookie, wwwAuthenticate
    case contentType, contentEncoding, contentRange
    case cacheControl, date, location, contentLocation, refresh, maxForwards
    case origin, referer, ifMatch
    /// `Sec-WebSocket-*`
    case webSocket
}
