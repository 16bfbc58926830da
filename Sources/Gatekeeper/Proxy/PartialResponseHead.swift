/// A response head that comes in pieces: a parser and a table of its own, which go on where they stopped.
final class PartialResponseHead {
    private var parser = ResponseHeadParser()
    private(set) var fields = FieldTable()

    func resume(_ bytes: Span<UInt8>, method: Method) -> ParseResult<ResponseHead> {
        parser.resume(bytes, forRequest: method, limits: ResponseHeadParser.limits, into: &fields)
    }
}
