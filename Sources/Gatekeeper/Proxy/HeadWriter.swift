/// Writes the heads that leave us, from what was parsed and never from where the peer's bytes ended.
///
/// Start line, `Host`, framing and everything about the connection are ours; end-to-end fields follow in their order. Neighbouring fields
/// whose lines are already in canonical form are copied as one run: each was judged line by line, so copying them together is what writing
/// them one by one gives. The others are written as `name: value`.
///
/// Nothing here fails: a head that doesn't fit leaves the buffer `overflowed`.
package enum HeadWriter {
    /// A request head for the upstream.
    ///
    /// `upgrade` passes the wish for a WebSocket on; without it the offer ends here, with all that goes with it. `announcesClose` says that no
    /// other request follows on this connection. With `lengthFollows` the body is still being collected: the head stays open for `endRequest`.
    package static func writeRequest(
        _ head: RequestHead, _ fields: borrowing FieldTable, source: Span<UInt8>, context: borrowing ForwardedContext,
        upgrade: Bool = false, announcesClose: Bool = false, lengthFollows: Bool = false, passesUnderscores: Bool = false,
        into buffer: Buffer
    ) {
        writeRequestLine(head, source, into: buffer)
        let sent = head.host.isEmpty ? context.defaultHost : source.bytes(head.host)
        buffer.append("Host: ")
        buffer.append(context.fixedHost.isEmpty ? sent : context.fixedHost)
        buffer.append("\r\n")

        let framing = lengthFollows ? .none : head.framing
        var dropped = HopByHop.fields.union(ForwardedFields.fields(passingUnderscores: passesUnderscores)).union(.of(.host, .contentLength))
        if head.wantsUpgrade, !upgrade { dropped.insert(KnownFieldSet(.webSocket)) }
        if !head.expectsContinue || lengthFollows { dropped.insert(KnownFieldSet(.expect)) }
        if framing != .chunked { dropped.insert(KnownFieldSet(.trailer)) }
        copy(fields, dropping: dropped, source, into: buffer)

        ForwardedFields.write(context, host: sent, into: buffer)
        if upgrade, let protocols = head.upgradesTo { writeUpgrade(source.bytes(protocols), into: buffer) }
        if announcesClose { buffer.append("Connection: close\r\n") }
        guard !lengthFollows else { return }
        write(framing == .none && head.method.expectsBody ? .length(0) : framing, into: buffer)
        buffer.append("\r\n")
    }

    /// What a head that was left open still lacks.
    package static func endRequest(_ framing: BodyFraming, into buffer: Buffer) {
        write(framing, into: buffer)
        buffer.append("\r\n")
    }

    /// A response head for the client. The version is always HTTP/1.1: it says what we speak, not what the message needs (RFC 9112 §2.3).
    ///
    /// `framing` is how the body will be sent; `none` keeps the upstream's `Content-Length` where it describes what isn't sent (`HEAD`,
    /// 304). An HTTP/1.0 client (`requestVersion`) learns that its connection is kept, everybody learns that it isn't (`keepAlive`), and
    /// chunks are never announced to it. Links to ourselves are the client's (`LocationRewrite`). `date` is added where a final response has
    /// none (RFC 9110 §6.6.1); empty adds none.
    package static func writeResponse(
        _ head: ResponseHead, _ fields: borrowing FieldTable, source: Span<UInt8>, requestVersion: HTTPVersion, framing: BodyFraming,
        keepAlive: Bool, ownAuthority: Span<UInt8> = Span(), toldAuthority: Span<UInt8> = Span(), upstreamPort: UInt16 = 0,
        date: Span<UInt8> = Span(), into buffer: Buffer
    ) {
        buffer.append("HTTP/1.1 ")
        buffer.append(decimal: UInt64(head.status))
        buffer.append(ByteScan.space)
        buffer.append(source.bytes(head.reason))
        buffer.append("\r\n")

        let framing = requestVersion == .http10 && framing == .chunked ? .untilClose : framing
        var dropped = HopByHop.fields
        let describesUnsent = framing == .none && head.status >= 200 && head.status != 204
        if !describesUnsent { dropped.insert(KnownFieldSet(.contentLength)) }
        if framing != .chunked { dropped.insert(KnownFieldSet(.trailer)) }
        let links = LocationRewrite(own: ownAuthority, told: toldAuthority, port: upstreamPort)
        writeLink("Location: ", .location, fields, source, links, &dropped, into: buffer)
        writeLink("Content-Location: ", .contentLocation, fields, source, links, &dropped, into: buffer)
        writeLink("Refresh: ", .refresh, fields, source, links, &dropped, into: buffer)
        copy(fields, dropping: dropped, source, into: buffer)

        if head.status >= 200 {
            if !date.isEmpty, !fields.contains(.date) { writeDate(date, into: buffer) }
            write(framing, into: buffer)
            if !keepAlive {
                buffer.append("Connection: close\r\n")
            } else if requestVersion == .http10 {
                buffer.append("Connection: keep-alive\r\n")
            }
        } else if head.status == 101, let protocols = head.upgradesTo {
            writeUpgrade(source.bytes(protocols), into: buffer)
        }
        buffer.append("\r\n")
    }

    /// The last chunk and the trailer fields that may be passed on.
    package static func writeLastChunk(
        _ body: borrowing ChunkedScanner, dropping dropped: KnownFieldSet = TrailerSection.dropped(), into buffer: Buffer
    ) {
        buffer.append("0\r\n")
        copy(body.trailers.fields, dropping: dropped, body.trailers.bytes.span, into: buffer)
        buffer.append("\r\n")
    }

    // MARK: Pieces

    /// Method and target in origin form (RFC 9112 §3.2.1); an absolute target's authority is in `Host`. A missing path is `/`, or `*`
    /// where `OPTIONS` asks about the server as a whole (§3.2.4).
    private static func writeRequestLine(_ head: RequestHead, _ source: Span<UInt8>, into buffer: Buffer) {
        buffer.append(source.bytes(head.methodRange))
        buffer.append(ByteScan.space)
        switch head.targetForm {
        case .origin, .authority, .asterisk:
            buffer.append(source.bytes(head.target))
        case .absolute:
            let target = head.originForm
            if target.isEmpty, head.method == .options {
                buffer.append("*")
            } else {
                if head.path.isEmpty { buffer.append("/") }
                buffer.append(source.bytes(target))
            }
        }
        buffer.append(" HTTP/1.1\r\n")
    }

    /// Copies what isn't dropped, in order.
    private static func copy(
        _ fields: borrowing FieldTable, dropping dropped: KnownFieldSet, _ source: Span<UInt8>, into buffer: Buffer
    ) {
        var runStart = 0
        var runEnd = 0
        for index in 0..<fields.count {
            let field = fields.entries[index]
            if dropped.contains(field.known) || field.isNominated { continue }
            let start = Int(field.name.start)
            if field.isCanonical, start == runEnd {
                runEnd = field.lineEnd
                continue
            }
            if runEnd > runStart { buffer.append(source.extracting(runStart..<runEnd)) }
            if field.isCanonical {
                runStart = start
                runEnd = field.lineEnd
            } else {
                runStart = 0
                runEnd = 0
                buffer.append(source.bytes(field.name))
                buffer.append(": ")
                buffer.append(source.bytes(field.value))
                buffer.append("\r\n")
            }
        }
        if runEnd > runStart { buffer.append(source.extracting(runStart..<runEnd)) }
    }

    /// A link that is the client's in place of the one that came, which is dropped then.
    private static func writeLink(
        _ name: StaticString, _ kind: KnownField, _ fields: borrowing FieldTable, _ source: Span<UInt8>, _ links: borrowing LocationRewrite,
        _ dropped: inout KnownFieldSet, into buffer: Buffer
    ) {
        guard let link = links.rewritten(kind, of: fields, source) else { return }
        dropped.insert(KnownFieldSet(kind))
        buffer.append(name)
        buffer.append(source.bytes(link.before))
        buffer.append("https://")
        buffer.append(links.own)
        buffer.append(source.bytes(link.after))
        buffer.append("\r\n")
    }

    private static func write(_ framing: BodyFraming, into buffer: Buffer) {
        switch framing {
        case .none, .untilClose:
            break
        case .length(let length):
            buffer.append("Content-Length: ")
            buffer.append(decimal: length)
            buffer.append("\r\n")
        case .chunked:
            buffer.append("Transfer-Encoding: chunked\r\n")
        }
    }

    static func writeDate(_ date: Span<UInt8>, into buffer: Buffer) {
        buffer.append("Date: ")
        buffer.append(date)
        buffer.append("\r\n")
    }

    private static func writeUpgrade(_ protocols: Span<UInt8>, into buffer: Buffer) {
        buffer.append("Connection: Upgrade\r\nUpgrade: ")
        buffer.append(protocols)
        buffer.append("\r\n")
    }
}
