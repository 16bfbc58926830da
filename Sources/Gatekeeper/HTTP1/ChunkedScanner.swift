/// Reads a chunked body (RFC 9112 §7.1) and says which bytes are data; chunk headers end here and others are written behind us.
///
/// ```
///        ┌──────────────────────────────────────────────┐
///        ▼                                              │ CRLF
///   1A ; name = "value" CRLF ──▶ data ×26 ──────────────┘
///   0                   CRLF ──▶ trailer section ──▶ end
/// ```
///
/// A state for every point at which a buffer may end, so nothing is ever scanned twice and no byte waits to be shown again. Data is skipped
/// over, not read: the cost is that of the chunk headers. Sizes are hexadecimal digits and nothing else; extensions are checked, bounded
/// and dropped, because parsers that skip them by different rules are the way from one request to two. In a response blanks may follow the
/// size, as old servers pad it: nothing but the end of the line can come behind them.
package struct ChunkedScanner {
    private enum State {
        case sizeStart, size
        /// Behind a blank behind the size.
        case padding
        /// Inside an extension; what may come next depends on `Extension`.
        case extensions(ChunkExtension)
        /// Behind the CR of a chunk header.
        case headerLF
        case data
        case dataCR, dataLF
        /// Behind the last chunk's header: CR ends the body, anything else begins a trailer section.
        case trailerStart, endLF
        case trailers
        case ended
        case refused(Refusal)
    }

    /// The fields of the trailer section; their ranges count in `trailerBytes`. `HeadWriter.writeLastChunk` passes on those that may be.
    package var trailerFields: FieldTable { trailers.fields }
    /// The trailer section as it came, through its empty line; empty without one.
    package var trailerBytes: [UInt8] { trailers.bytes }
    /// Bytes of data announced so far.
    package private(set) var bodyBytes: UInt64 = 0

    private let bodyBytesMax: UInt64
    private let isResponse: Bool
    private var state = State.sizeStart
    /// Of the current chunk: the size while its digits come, then the bytes that are still to come.
    private var remaining: UInt64 = 0
    private var digitCount = 0
    private var headerBytes = 0
    private(set) var trailers: TrailerSection

    /// A chunk that makes the body longer than `bodyBytesMax` is refused by its header, before its data.
    package init(bodyBytesMax: UInt64 = .max, isResponse: Bool = false) {
        self.bodyBytesMax = bodyBytesMax
        self.isResponse = isResponse
        trailers = TrailerSection(isResponse: isResponse)
    }

    /// The first thing of interest in `bytes`. Call again with what wasn't consumed until it is `needsMore`, `end` or `refused`.
    package mutating func scan(_ bytes: Span<UInt8>, limits: Settings.Limits) -> ChunkStep {
        do throws(Refusal) {
            return try advance(bytes, limits: limits)
        } catch {
            state = .refused(error)
            return .refused(error)
        }
    }

    private mutating func advance(_ bytes: Span<UInt8>, limits: Settings.Limits) throws(Refusal) -> ChunkStep {
        var index = 0
        while index < bytes.count {
            switch state {
            case .data:
                return takeData(from: index, of: bytes.count)
            case .trailers:
                guard let used = try trailers.append(bytes.extracting(droppingFirst: index), limits: limits) else {
                    return .needsMore(consumed: bytes.count)
                }
                state = .ended
                return .end(consumed: index &+ used)
            case .trailerStart where bytes[index] != ByteScan.cr:
                state = .trailers
            case .ended:
                return .end(consumed: index)
            case .refused(let refusal):
                throw refusal
            default:
                state = try next(bytes[index], limits: limits)
                index &+= 1
                if case .ended = state { return .end(consumed: index) }
            }
        }
        return .needsMore(consumed: bytes.count)
    }

    private mutating func takeData(from index: Int, of count: Int) -> ChunkStep {
        let taken = Int(min(remaining, UInt64(count &- index)))
        remaining &-= UInt64(taken)
        if remaining == 0 { state = .dataCR }
        return .data(ByteRange(start: index, count: taken), consumed: index &+ taken)
    }

    /// One byte outside of data and trailer section.
    @inline(always)
    private mutating func next(_ byte: UInt8, limits: Settings.Limits) throws(Refusal) -> State {
        switch state {
        case .sizeStart, .size:
            return try nextInSize(byte, limits: limits)
        case .padding:
            try countHeaderByte(limits)
            return try behindSize(byte)
        case .extensions(var chunkExtension):
            try countHeaderByte(limits)
            guard byte != ByteScan.cr || !chunkExtension.mayEnd else { return .headerLF }
            try chunkExtension.take(byte)
            return .extensions(chunkExtension)
        case .headerLF:
            guard byte == ByteScan.lf else { throw .bareCR }
            return try beginChunk()
        case .dataCR:
            guard byte == ByteScan.cr else { throw .chunkEnd }
            return .dataLF
        case .dataLF:
            guard byte == ByteScan.lf else { throw .chunkEnd }
            return .sizeStart
        case .trailerStart:
            return .endLF
        case .endLF:
            guard byte == ByteScan.lf else { throw .bareCR }
            return .ended
        case .data, .trailers, .ended, .refused:
            return state
        }
    }

    /// Digits, then `;` or CR at once: a blank between is where `5 ;x` and `5` part.
    @inline(always)
    private mutating func nextInSize(_ byte: UInt8, limits: Settings.Limits) throws(Refusal) -> State {
        if case .sizeStart = state {
            remaining = 0
            digitCount = 0
            headerBytes = 0
        }
        try countHeaderByte(limits)
        if let digit = ByteScan.hexDigit(byte) {
            digitCount &+= 1
            guard digitCount <= 16 else { throw .chunkSizeOverflow }
            remaining = remaining << 4 | UInt64(digit)
            return .size
        }
        guard digitCount > 0 else { throw .chunkSize }
        // Beyond 2⁶³ somebody's signed number is negative.
        guard remaining <= UInt64(Int64.max) else { throw .chunkSizeOverflow }
        return try behindSize(byte)
    }

    private func behindSize(_ byte: UInt8) throws(Refusal) -> State {
        switch byte {
        case ByteScan.cr: return .headerLF
        case UInt8(ascii: ";"): return .extensions(ChunkExtension())
        case ByteScan.space, ByteScan.tab: if isResponse { return .padding } else { throw .chunkSize }
        case ByteScan.lf: throw .bareLF
        default: throw .chunkSize
        }
    }

    private mutating func countHeaderByte(_ limits: Settings.Limits) throws(Refusal) {
        headerBytes &+= 1
        guard headerBytes <= limits.chunkHeaderBytesMax else { throw .chunkHeaderTooLong }
    }

    private mutating func beginChunk() throws(Refusal) -> State {
        guard remaining > 0 else { return .trailerStart }
        let (sum, overflow) = bodyBytes.addingReportingOverflow(remaining)
        guard !overflow, sum <= bodyBytesMax else { throw .bodyTooLarge }
        bodyBytes = sum
        return .data
    }
}
