/// Who the client is and how it came: forgotten as the client tells it, and told again as we know it.
///
/// Whoever may set `X-Forwarded-For` chooses the address that an application logs, limits and trusts; so everything that claims to
/// know is dropped from requests, and one value of each is set: no list, because some read its first entry and some its last.
package enum ForwardedFields {
    /// Dropped from requests: addresses, schemes, hosts and identifiers; other targets and sites than the ones asked for; names that CGI and
    /// its kin can't tell from others (`X_Forwarded_For`, `X.HTTP.Method.Override`).
    static var fields: KnownFieldSet {
        .of(.forwarded, .rewrite, .requestID, .underscored, .disguised)
    }

    /// Likewise, for a ticket system that wants names with `_` (`upstream.field_names`).
    static func fields(passingUnderscores: Bool) -> KnownFieldSet {
        passingUnderscores ? fields.subtracting(.of(.underscored)) : fields
    }

    /// What of that its sender may miss: all but an identifier that is kept.
    static func missed(passingUnderscores: Bool, keepingRequestID: Bool) -> KnownFieldSet {
        let fields = fields(passingUnderscores: passingUnderscores)
        return keepingRequestID ? fields.subtracting(.of(.requestID)) : fields
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
        // The client's word for where it went, as the field above: behind a balancer or a mapped port ours is another.
        buffer.append(decimal: Authority.port(of: host) ?? 443)
        buffer.append("\r\nX-Request-Id: ")
        buffer.append(context.requestID)
        buffer.append("\r\n")
        LoopMarker.write(context.loopMarker, into: buffer)
    }
}
