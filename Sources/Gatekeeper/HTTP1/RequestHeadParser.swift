/// Parses the head of a request, whole or as it arrives.
///
/// Line by line: each byte is scanned once however the head is torn, and each line is judged as soon as its end is there, so a peer that
/// doesn't speak HTTP learns it with its first line. What is found is the same for every way of tearing (RFC 9112 §2 to §6).
///
/// One parser serves one head: `resume` until it says something other than `needsMore`.
package struct RequestHeadParser: HeadParser {
    private enum Stage {
        case beforeRequestLine(emptyLineSeen: Bool)
        case fields(RequestHead)
    }

    private var lines = LineScanner()
    private var stage = Stage.beforeRequestLine(emptyLineSeen: false)

    package init() {}

    /// Parses a head that may be complete; starts from the beginning at every call.
    package static func parse(
        _ bytes: Span<UInt8>, limits: Settings.Limits, into fields: inout FieldTable
    ) -> ParseResult<RequestHead> {
        fields.removeAll()
        var parser = RequestHeadParser()
        return parser.resume(bytes, limits: limits, into: &fields)
    }

    package mutating func resume(
        _ bytes: Span<UInt8>, limits: Settings.Limits, into fields: inout FieldTable
    ) -> ParseResult<RequestHead> {
        do throws(Refusal) {
            guard let head = try advance(bytes, limits: limits, into: &fields) else { return .needsMore }
            return .parsed(head)
        } catch {
            return .refused(error)
        }
    }

    private mutating func advance(
        _ bytes: Span<UInt8>, limits: Settings.Limits, into fields: inout FieldTable
    ) throws(Refusal) -> RequestHead? {
        var head: RequestHead
        switch stage {
        case .beforeRequestLine:
            guard let line = try requestLine(bytes, limits: limits) else { return nil }
            head = try RequestLine.parse(bytes, line, targetBytesMax: limits.targetBytesMax)
        case .fields(let partial):
            head = partial
        }
        let version = head.version
        let isWhole = try lines.takeFields(bytes, limits: limits, into: &fields) { known, fields throws(Refusal) in
            // Framing that can't become right by what follows isn't waited for.
            if Self.framing.contains(known) { _ = try BodyFraming.ofRequest(fields, bytes, version: version) }
        }
        guard isWhole else {
            stage = .fields(head)
            return nil
        }
        head.byteCount = lines.lineStart
        try conclude(&head, bytes, limits: limits, fields: &fields)
        return head
    }

    /// One empty line may come before the request line: old clients send one behind a body (RFC 9112 §2.2). A second one is refused.
    private mutating func requestLine(_ bytes: Span<UInt8>, limits: Settings.Limits) throws(Refusal) -> Range<Int>? {
        while true {
            // The longest target, any known method, the version and a few spaces.
            let lineEndMax = lines.lineStart &+ limits.targetBytesMax &+ 64
            let isShorter = lineEndMax < limits.headBytesMax
            let line = try lines.next(
                in: bytes, bytesMax: isShorter ? lineEndMax : limits.headBytesMax,
                tooLong: isShorter ? .requestLineTooLong : .headTooLarge, leadingBlank: .requestLineMalformed)
            guard let line else { return nil }
            guard line.isEmpty, case .beforeRequestLine(emptyLineSeen: false) = stage else { return line }
            stage = .beforeRequestLine(emptyLineSeen: true)
        }
    }

    /// What can be said only when all fields are there.
    private func conclude(
        _ head: inout RequestHead, _ bytes: Span<UInt8>, limits: Settings.Limits, fields: inout FieldTable
    ) throws(Refusal) {
        head.framing = try BodyFraming.ofRequest(fields, bytes, version: head.version)
        try resolveHost(&head, bytes, fields)
        guard fields.repeated.isDisjoint(with: Self.singletons) else { throw .fieldRepeated }

        let connection = try ConnectionOptions(fields, bytes)
        head.isPersistent = !connection.contains(.close) && (head.version == .http11 || connection.contains(.keepAlive))
        if connection.contains(.others) { try HopByHop.nominate(&fields, bytes, isRequest: true) }
        if fields.contains(.upgrade) { readUpgrade(&head, fields, isNominated: connection.contains(.upgrade)) }
        if fields.contains(.expect) { try readExpectation(&head, bytes, fields) }
        if case .length(let length) = head.framing, length > UInt64(clamping: limits.requestBodyBytesMax) { throw .bodyTooLarge }
    }

    private static var framing: KnownFieldSet { .of(.contentLength, .transferEncoding) }

    /// Fields of which applications take the first or the last when they come twice, and that decide what a body is or who sent it.
    private static var singletons: KnownFieldSet { .of(.contentType, .authorization) }

    /// One `Host`, well-formed, and the same as an absolute target's (RFC 9112 §3.2). HTTP/1.0 may leave it out.
    private func resolveHost(_ head: inout RequestHead, _ bytes: Span<UInt8>, _ fields: borrowing FieldTable) throws(Refusal) {
        guard let field = fields.first(.host) else {
            if head.version == .http11 { throw .hostMissing }
            return
        }
        guard !fields.isRepeated(.host) else { throw .hostRepeated }
        let value = Authority.withoutEmptyPort(field.value, in: bytes)
        let host = bytes.bytes(value)
        guard Authority.isValid(host) else { throw .hostMalformed }
        if head.targetForm == .absolute, !ByteScan.equalIgnoringCase(bytes.bytes(head.host), host) { throw .hostDisagrees }
        head.host = value
    }

    /// `Upgrade` without `upgrade` in `Connection`, or in HTTP/1.0, means nothing (RFC 9110 §7.8) and is dropped.
    ///
    /// Nor is it taken for a wish where it comes twice: it is an offer, and an offer that isn't understood may be passed over.
    private func readUpgrade(_ head: inout RequestHead, _ fields: borrowing FieldTable, isNominated: Bool) {
        guard let field = fields.first(.upgrade), isNominated, head.version == .http11 else { return }
        if !fields.isRepeated(.upgrade), !field.value.isEmpty { head.upgradesTo = field.value }
    }

    /// Only `100-continue` is an expectation (RFC 9110 §10.1.1). An HTTP/1.0 client can't mean it, and without a body there is nothing to
    /// wait for; the field is dropped then.
    private func readExpectation(_ head: inout RequestHead, _ bytes: Span<UInt8>, _ fields: borrowing FieldTable) throws(Refusal) {
        guard let field = fields.first(.expect) else { return }
        guard !fields.isRepeated(.expect), FoldedText(bytes, field.value).equals("100-cont", "inue") else { throw .expectation }
        head.expectsContinue = head.version == .http11 && head.framing != .none && head.framing != .length(0)
    }
}
