/// What ends with this hop and is never passed on (RFC 9110 §7.6.1).
///
/// Two kinds: the fields that always describe one connection, and whatever `Connection` names besides. The second kind is a lever: a
/// proxy that obeys `Connection: Cookie` strips what others rely on, after they have seen it. So a request that names a field meant for the
/// origin is refused, a response keeps such a field, and the fields that we set ourselves (`X-Forwarded-For` and its kin) are set
/// afterwards and can't be named away. Any other name is obeyed.
package enum HopByHop {
    /// Dropped in both directions. `Trailer` isn't among them: it announces what is passed on with a chunked body.
    static var fields: KnownFieldSet {
        .of(.connection, .keepAlive, .te, .transferEncoding, .upgrade, .http2Settings, .proxy)
    }

    /// Fields that frame, route, authenticate or describe the message for its recipient.
    static var protected: KnownFieldSet {
        .of(
            .host, .contentLength, .authorization, .cookie, .setCookie, .wwwAuthenticate, .contentType, .contentEncoding,
            .contentRange, .cacheControl, .date, .location, .origin, .referer, .ifMatch, .expect)
    }

    /// Marks every field that `Connection` names. Only called when it names something other than the usual.
    static func nominate(_ fields: inout FieldTable, _ bytes: Span<UInt8>, isRequest: Bool) throws(Refusal) {
        for index in 0..<fields.count where fields.entries[index].known == .connection {
            let value = bytes.bytes(fields.entries[index].value)
            var list = TokenList()
            while case .token(let token) = list.next(in: value) {
                let name = value.bytes(token)
                if protected.contains(fields.names.field(FoldedText(value, token))) {
                    if isRequest { throw .connectionNominates }
                    continue
                }
                for other in 0..<fields.count where fields.entries[other].name.count == token.count {
                    if ByteScan.equalIgnoringCase(bytes.bytes(fields.entries[other].name), name) { fields.nominate(other) }
                }
            }
        }
    }
}
