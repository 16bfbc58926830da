/// Who the client is and how it came: forgotten as the client tells it, and told again as we know it.
///
/// Whoever may set `X-Forwarded-For` chooses the address that an application logs, limits and trusts; so everything that claims to
/// know is dropped from requests, and one value of each is set: no list, because some read its first entry and some its last.
package enum ForwardedFields {
    /// Dropped from requests: addresses, schemes, hosts and identifiers; other targets and sites than the ones asked for; names with `_`,
    /// which CGI and WSGI can't tell from those with `-` (`X_Forwarded_For`).
    static var fields: KnownFieldSet {
        .of(.forwarded, .rewrite, .requestID, .underscored)
    }

    /// Writes the fields that say what we know.
    static func write(_ context: ForwardedContext, host: Span<UInt8>, into buffer: Buffer) {
        buffer.append("X-Forwarded-For: ")
        buffer.append(context.peer)
        buffer.append("\r\nX-Real-IP: ")
        buffer.append(context.peer)
        buffer.append("\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: ")
        buffer.append(host)
        buffer.append("\r\nX-Forwarded-Port: ")
        buffer.append(decimal: UInt64(context.port))
        buffer.append("\r\nX-Request-Id: ")
        buffer.append(context.requestID)
        buffer.append("\r\n")
    }
}
