/// The fields behind the last chunk (RFC 9112 §7.1.2), copied, because they come after everything else and are passed on then.
///
/// Bounded by `Limits.trailerBytesMax` and `fieldsMax`; without trailers nothing is allocated. What may be merged into a head by a
/// recipient and would mean something there isn't passed on (RFC 9110 §6.5.1): framing, routing, authentication, what describes the
/// content, and everything that is stripped from heads.
///
/// In a request the first three are refused, since nobody sends them by mistake, and so is a line that isn't a field. In a response such a
/// field or line is left out: whoever loses a whole download over it gains nothing.
package struct TrailerSection {
    /// Every field that isn't refused; their ranges count in `bytes`. Those in `dropped` aren't passed on.
    private(set) var fields = FieldTable()
    private(set) var bytes: [UInt8] = []

    private let isResponse: Bool
    private var lines = LineScanner()
    /// A line that continues the last one continues a field of the table.
    private var lastIsField = false

    init(isResponse: Bool) {
        self.isResponse = isResponse
    }

    /// Takes bytes until the empty line; how many of them were part of the section, nil while it goes on.
    mutating func append(_ more: Span<UInt8>, limits: Settings.Limits) throws(Refusal) -> Int? {
        let before = bytes.count
        // What goes beyond the limit is of no interest: reaching it without an end is enough to refuse.
        let taken = min(more.count, max(0, limits.trailerBytesMax &- before))
        bytes.reserveCapacity(before &+ taken)
        for index in 0..<taken { bytes.append(more[index]) }
        guard let end = try parse(limits) else { return nil }
        bytes.removeLast(bytes.count &- end)
        guard isResponse || fields.present.isDisjoint(with: Self.forbidden) else { throw .trailerForbidden }
        return end &- before
    }

    /// Parses the lines that are complete; the length of the section once its empty line is there.
    private mutating func parse(_ limits: Settings.Limits) throws(Refusal) -> Int? {
        // The bytes are lent while the others change, so the others change outside.
        var lines = self.lines
        var lastIsField = self.lastIsField
        var fields = FieldTable()
        swap(&fields, &self.fields)
        defer {
            self.lines = lines
            self.lastIsField = lastIsField
            swap(&fields, &self.fields)
        }
        let section = bytes.span
        while true {
            let leadingBlank: Refusal? = isResponse ? nil : lines.lineStart == 0 ? .whitespaceBeforeFirstField : .obsFold
            let line = try lines.next(
                in: section, bytesMax: limits.trailerBytesMax, tooLong: .trailerTooLarge, leadingBlank: leadingBlank)
            guard let line else { return nil }
            if line.isEmpty { return lines.lineStart }
            guard isResponse else {
                try FieldLine.parse(section, line, fieldsMax: limits.fieldsMax, into: &fields)
                continue
            }
            if ByteScan.isBlank(section[line.lowerBound]) {
                if lastIsField { fields.removeLast() }
                lastIsField = false
            } else {
                lastIsField = try Self.parseLeniently(section, line, limits, into: &fields)
            }
        }
    }

    /// False for a line that isn't a field.
    private static func parseLeniently(
        _ section: Span<UInt8>, _ line: Range<Int>, _ limits: Settings.Limits, into fields: inout FieldTable
    ) throws(Refusal) -> Bool {
        do throws(Refusal) {
            try FieldLine.parse(section, line, fieldsMax: limits.fieldsMax, into: &fields)
            return true
        } catch {
            if error == .fieldsTooMany { throw error }
            return false
        }
    }

    /// Would frame, route or authenticate.
    static var forbidden: KnownFieldSet {
        .of(
            .host, .contentLength, .transferEncoding, .connection, .keepAlive, .te, .trailer, .upgrade, .http2Settings, .expect, .proxy,
            .authorization, .cookie, .setCookie, .wwwAuthenticate, .maxForwards)
    }
}
