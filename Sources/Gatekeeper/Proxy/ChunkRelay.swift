/// A chunked body on its way through: their chunks in, ours out.
///
/// Data is copied once; sizes, extensions and line ends are never passed on but written anew, so that nobody behind us parses what a
/// peer framed. Serves both directions.
struct ChunkRelay {
    private var scanner: ChunkedScanner
    /// To somebody who knows chunks; else data alone, ended by closing.
    private(set) var writesChunks: Bool
    private let passesUnderscores: Bool

    enum Outcome: Equatable {
        /// `input` is used up, or `output` is full.
        case more
        case complete
        case refused(Refusal)
    }

    init(bodyBytesMax: UInt64 = .max, isResponse: Bool = false, writesChunks: Bool, passesUnderscores: Bool = false) {
        scanner = ChunkedScanner(bodyBytesMax: bodyBytesMax, isResponse: isResponse)
        self.writesChunks = writesChunks
        self.passesUnderscores = passesUnderscores
    }

    /// Trailer fields that aren't passed on; without chunks there is no room for any.
    private var dropped: KnownFieldSet {
        writesChunks ? TrailerSection.dropped(passingUnderscores: passesUnderscores) : KnownFieldSet(rawValue: .max)
    }

    /// Adds the trailer fields that weren't passed on. Once the body is complete.
    func tell(_ told: inout DroppedFields) {
        let bytes = scanner.trailerBytes
        told.add(scanner.trailerFields, bytes.span, dropped: dropped)
    }

    /// What has been moved so far was data alone; what follows goes in chunks.
    mutating func beginChunks() {
        writesChunks = true
    }

    /// Moves what is there and what fits.
    mutating func move(from input: Buffer, to output: Buffer, limits: Settings.Limits) -> Outcome {
        // Room for a size line and, should this be the end, for the last chunk with its trailer section, each field written with a blank.
        let reserve = limits.trailerBytesMax + limits.fieldsMax + 64
        while !input.isEmpty, output.room > reserve {
            let part = input.readable.extracting(first: min(input.count, output.room - reserve))
            switch scanner.scan(part, limits: limits) {
            case .needsMore(let consumed):
                input.consume(consumed)
            case .data(let range, let consumed):
                if writesChunks { output.appendChunk(part.bytes(range)) } else { output.append(part.bytes(range)) }
                input.consume(consumed)
            case .end(let consumed):
                if writesChunks { HeadWriter.writeLastChunk(scanner, dropping: dropped, into: output) }
                input.consume(consumed)
                return .complete
            case .refused(let refusal):
                return .refused(refusal)
            }
        }
        return .more
    }
}

extension Buffer {
    /// The line before a chunk's data (RFC 9112 §7.1), which isn't here yet.
    func beginChunk(_ count: Int) {
        append(hexadecimal: UInt64(count))
        append("\r\n")
    }

    /// One chunk (RFC 9112 §7.1): size, data, line ends. Never empty, which would be the last one.
    func appendChunk(_ data: Span<UInt8>) {
        guard data.count > 0 else { return }
        append(hexadecimal: UInt64(data.count))
        append("\r\n")
        append(data)
        append("\r\n")
    }
}
