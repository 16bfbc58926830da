/// Parses one kind of head, whole or as it arrives.
package protocol HeadParser {
    associatedtype Head

    /// Goes on where the last call stopped: `bytes` are those of the last call and more, at the same offsets, and `fields` is the same table,
    /// emptied before the first call.
    mutating func resume(_ bytes: Span<UInt8>, limits: Settings.Limits, into fields: inout FieldTable) -> ParseResult<Head>
}

/// Reads one head after the other, each as soon as it is whole.
///
/// Most come whole, and are parsed into a table that all connections of a worker share, at no cost. One that comes in pieces gets a parser and
/// a table of its own, which go on where they stopped: a peer that sends a byte at a time makes us look at each byte once.
struct HeadReader<Parser: HeadParser> {
    private var partial: Partial?

    /// - Parameters:
    ///   - parser: for a head that begins; used up by it.
    ///   - fields: what has been parsed is here, also of one that came in pieces.
    mutating func read(
        _ bytes: Span<UInt8>, by parser: @autoclosure () -> Parser, limits: Settings.Limits, into fields: inout FieldTable
    ) -> ParseResult<Parser.Head> {
        guard let partial else {
            fields.removeAll()
            var whole = parser()
            let result = whole.resume(bytes, limits: limits, into: &fields)
            guard case .needsMore = result else { return result }
            let partial = Partial(parser())
            self.partial = partial
            return partial.resume(bytes, limits: limits)
        }
        let result = partial.resume(bytes, limits: limits)
        if case .needsMore = result { return result }
        fields = partial.fields
        self.partial = nil
        return result
    }

    /// Forgets a head that has begun.
    mutating func reset() {
        partial = nil
    }

    private final class Partial {
        private var parser: Parser
        private(set) var fields = FieldTable()

        init(_ parser: Parser) {
            self.parser = parser
        }

        func resume(_ bytes: Span<UInt8>, limits: Settings.Limits) -> ParseResult<Parser.Head> {
            parser.resume(bytes, limits: limits, into: &fields)
        }
    }
}

extension LineScanner {
    /// Takes the field lines that are there, up to the empty line that ends a head.
    ///
    /// - Parameter check: judges a field that has just come, where what follows can't mend it.
    /// - Returns: false while the empty line has yet to come.
    mutating func takeFields(
        _ bytes: Span<UInt8>, limits: Settings.Limits, into fields: inout FieldTable,
        check: (KnownField, borrowing FieldTable) throws(Refusal) -> Void
    ) throws(Refusal) -> Bool {
        while true {
            let leadingBlank: Refusal = fields.count == 0 ? .whitespaceBeforeFirstField : .obsFold
            guard let line = try next(in: bytes, bytesMax: limits.headBytesMax, tooLong: .headTooLarge, leadingBlank: leadingBlank)
            else { return false }
            if line.isEmpty { return true }
            let known = try FieldLine.parse(bytes, line, fieldsMax: limits.fieldsMax, into: &fields)
            try check(known, fields)
        }
    }
}
