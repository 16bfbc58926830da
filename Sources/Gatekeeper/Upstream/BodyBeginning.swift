/// The first bytes of a response's body, taken out of their framing.
struct BodyBeginning {
    private(set) var bytes: [UInt8] = []
    /// Nothing more is wanted, or nothing more will come.
    private(set) var isDone: Bool
    /// All of it is there.
    private(set) var isWhole: Bool
    private var isCut = false
    private let bytesMax: Int
    private var framing: BodyFraming
    private var scanner = ChunkedScanner(isResponse: true)

    init(_ framing: BodyFraming, bytesMax: Int) {
        self.framing = framing
        self.bytesMax = bytesMax
        isWhole = framing == .none || framing == .length(0)
        isDone = bytesMax == 0 || isWhole
    }

    /// Takes what came next on the connection, all of it. What isn't in form ends the body.
    mutating func take(_ span: Span<UInt8>) {
        switch framing {
        case .none: isDone = true
        case .untilClose: keep(span)
        case .length(let left):
            let count = Int(min(left, UInt64(span.count)))
            keep(span.extracting(0..<count))
            framing = .length(left - UInt64(count))
            if left == UInt64(count) { end() }
        case .chunked: takeChunks(span)
        }
    }

    /// The connection has ended, which is the end of a body that has no other.
    mutating func endConnection() {
        if case .untilClose = framing { end() }
    }

    private mutating func end() {
        isDone = true
        isWhole = !isCut
    }

    private mutating func takeChunks(_ span: Span<UInt8>) {
        var start = 0
        while !isDone, start < span.count {
            let rest = span.extracting(droppingFirst: start)
            switch scanner.scan(rest, limits: ResponseHeadParser.limits) {
            case .needsMore(let consumed): start += consumed
            case .data(let range, let consumed):
                keep(rest.bytes(range))
                start += consumed
            case .end: end()
            case .refused: isDone = true
            }
        }
    }

    private mutating func keep(_ span: Span<UInt8>) {
        let room = bytesMax - bytes.count
        for index in 0..<min(span.count, room) { bytes.append(span[index]) }
        if span.count > room { isCut = true }
        if bytes.count == bytesMax { isDone = true }
    }
}
