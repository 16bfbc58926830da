/// Walks a comma-separated list of tokens (RFC 9110 §5.6.1), such as `Connection` holds. Empty elements are skipped, as recipients must.
struct TokenList {
    enum Step {
        /// An element, by its offset in the value.
        case token(ByteRange)
        case end
        /// An element that isn't a token.
        case malformed
    }

    private var position = 0

    mutating func next(in value: Span<UInt8>) -> Step {
        let comma = UInt8(ascii: ",")
        while position < value.count, ByteScan.isBlank(value[position]) || value[position] == comma { position &+= 1 }
        guard position < value.count else { return .end }
        let start = position
        position = ByteClass.token.end(in: value, from: start, to: value.count)
        let end = position
        while position < value.count, ByteScan.isBlank(value[position]) { position &+= 1 }
        guard end > start, position == value.count || value[position] == comma else { return .malformed }
        return .token(ByteRange(start..<end))
    }
}
