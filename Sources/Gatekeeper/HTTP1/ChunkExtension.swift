/// The extensions of one chunk, byte by byte: `*( ";" [blanks] token [ "=" ( token | quoted-string ) ] )` (RFC 9112 §7.1.1).
///
/// Blanks are accepted behind `;` only, where clients write them. A line end inside quotes, a bare CR or LF and an extension without a
/// name are refused: each is skipped by one parser and ends the line for another.
struct ChunkExtension {
    private enum State {
        case nameStart, name, valueStart, value, quoted, quotedPair, afterQuoted
    }

    private var state = State.nameStart

    /// The chunk header may end here.
    var mayEnd: Bool {
        switch state {
        case .name, .value, .afterQuoted: true
        case .nameStart, .valueStart, .quoted, .quotedPair: false
        }
    }

    mutating func take(_ byte: UInt8) throws(Refusal) {
        if byte == ByteScan.lf { throw .bareLF }
        if byte == ByteScan.cr { throw .chunkExtension }
        state = try next(byte)
    }

    private func next(_ byte: UInt8) throws(Refusal) -> State {
        switch state {
        case .nameStart:
            if ByteScan.isBlank(byte) { return .nameStart }
            if ByteClass.token.contains(byte) { return .name }
        case .name:
            if ByteClass.token.contains(byte) { return .name }
            if byte == UInt8(ascii: "=") { return .valueStart }
            if byte == UInt8(ascii: ";") { return .nameStart }
        case .valueStart:
            if ByteClass.token.contains(byte) { return .value }
            if byte == UInt8(ascii: "\"") { return .quoted }
        case .value:
            if ByteClass.token.contains(byte) { return .value }
            if byte == UInt8(ascii: ";") { return .nameStart }
        case .quoted:
            if byte == UInt8(ascii: "\"") { return .afterQuoted }
            if byte == UInt8(ascii: "\\") { return .quotedPair }
            if isText(byte) { return .quoted }
        case .quotedPair:
            if isText(byte) { return .quoted }
        case .afterQuoted:
            if byte == UInt8(ascii: ";") { return .nameStart }
        }
        throw .chunkExtension
    }

    private func isText(_ byte: UInt8) -> Bool {
        byte == ByteScan.tab || byte >= 0x20 && byte != 0x7f
    }
}
