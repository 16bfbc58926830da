/// The fields behind the last chunk (RFC 9112 §7.1.2), copied, because they come after everything else and are passed on then.
///
/// Bounded by `Limits.trailerBytesMax` and `fieldsMax`; without trailers nothing is allocated. What may be merged into a head by a
/// recipient and would mean something there is refused or dropped (RFC 9110 §6.5.1): framing, routing and authentication are refused,
/// since only an attacker sends them; what describes the content, and everything that is stripped from heads, is dropped.
struct TrailerSection {
    /// Every field that isn't refused; their ranges count in `bytes`. Those in `dropped` aren't passed on.
    private(set) var fields = FieldTable()
    private(set) var bytes: [UInt8] = []

    private var lines = LineScanner()

    /// Takes bytes until the empty line; how many of them were part of the section, nil while it goes on.
    mutating func append(_ more: Span<UInt8>, limits: Settings.Limits) throws(Refusal) -> Int? {
        let before = bytes.count
        // What goes beyond the limit is of no interest: reaching it without an end is enough to refuse.
        let taken = min(more.count, max(0, limits.trailerBytesMax &- before))
        bytes.reserveCapacity(before &+ taken)
        for index in 0..<taken { bytes.append(more[index]) }
        guard let end = try parse(limits) else { return nil }
        bytes.removeLast(bytes.count &- end)
        guard fields.present.isDisjoint(with: Self.refused) else { throw .trailerForbidden }
        return end &- before
    }

    /// Parses the lines that are complete; the length of the section once its empty line is there.
    private mutating func parse(_ limits: Settings.Limits) throws(Refusal) -> Int? {
        // The bytes are lent while the others change, so the others change outside.
        var lines = self.lines
        var fields = FieldTable()
        swap(&fields, &self.fields)
        defer {
            self.lines = lines
            swap(&fields, &self.fields)
        }
        let section = bytes.span
        while true {
            let leadingBlank: Refusal = lines.lineStart == 0 ? .whitespaceBeforeFirstField : .obsFold
            let line = try lines.next(
                in: section, bytesMax: limits.trailerBytesMax, tooLong: .trailerTooLarge, leadingBlank: leadingBlank)
            guard let line else { return nil }
            if line.isEmpty { return lines.lineStart }
            try FieldLine.parse(section, line, fieldsMax: limits.fieldsMax, into: &fields)
        }
    }

    /// Would frame, route or authenticate.
    private static var refused: KnownFieldSet {
        .of(
            .host, .contentLength, .transferEncoding, .connection, .keepAlive, .te, .trailer, .upgrade, .expect, .proxy,
            .authorization, .cookie, .setCookie, .wwwAuthenticate, .maxForwards)
    }

    /// Not passed on.
    static var dropped: KnownFieldSet {
        .of(.contentType, .contentEncoding, .contentRange, .cacheControl, .location, .date, .origin, .referer, .ifMatch)
            .union(ForwardedFields.fields)
    }
}
