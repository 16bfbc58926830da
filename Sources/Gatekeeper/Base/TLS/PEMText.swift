/// A PEM file as text (RFC 7468): its blocks in their order, before OpenSSL sees any of them.
///
/// Read here and not by OpenSSL, which would ask the terminal for a passphrase, and has four words for everything that can be wrong.
/// Text between the blocks is passed over, as everybody does.
struct PEMText {
    struct Block {
        /// What stands behind BEGIN: `CERTIFICATE`. A peculiar one may be anything.
        var label: String
        /// Of its BEGIN line, from 1.
        var line: Int
        var der: [UInt8]
        /// By a header in the block, as OpenSSL's old keys are; nothing is decoded then.
        var isEncrypted = false
    }

    private(set) var blocks: [Block] = []

    init(_ bytes: ArraySlice<UInt8>) throws(PEMMistake) {
        var open: Open?
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = Self.withoutEnd(line)
            switch try Self.mark(line, number) {
            case .begin(let label):
                if let open { throw .unended(line: open.block.line) }
                open = Open(Block(label: label, line: number, der: []))
            case .end(let label):
                guard let begun = open, begun.block.label == label else { throw .strayEnd(line: number) }
                blocks.append(try begun.finished())
                open = nil
            case .other:
                try open?.take(line, number)
            }
        }
        if let open { throw .unended(line: open.block.line) }
    }

    // MARK: Lines

    private enum Mark {
        case begin(String)
        case end(String)
        case other
    }

    private static let begin = "-----BEGIN "
    private static let end = "-----END "
    private static let hyphens = "-----"

    private static func mark(_ line: some Collection<UInt8>, _ number: Int) throws(PEMMistake) -> Mark {
        guard let first = line.first, line.contains(UInt8(ascii: "-")) || first >= 0x80 else { return .other }
        let text = String(decoding: line, as: UTF8.self)
        if let label = label(in: text, behind: begin) { return .begin(label) }
        if let label = label(in: text, behind: end) { return .end(label) }
        let (begins, ends) = (text.contains(begin), text.contains(end))
        guard begins || ends else {
            if isMisspelt(text) { throw .misspelt(line: number) }
            return .other
        }
        if line.contains(UInt8(ascii: "\r")) { throw .carriageReturns }
        if text.contains("\\n") { throw .writtenOutBreaks }
        let inner = text.drop { $0 == " " || $0 == "\t" }
        if label(in: String(inner), behind: begins ? begin : end) != nil { throw .indented(line: number) }
        if begins, ends, text.contains(hyphens + begin) { throw .glued(line: number) }
        if text.hasPrefix(begins ? begin : end), !text.dropFirst(begin.utf8.count).contains(hyphens) { throw .misspelt(line: number) }
        throw .crowded(line: number)
    }

    private static func label(in text: String, behind mark: String) -> String? {
        guard text.hasPrefix(mark), text.hasSuffix(hyphens) else { return nil }
        let label = text.dropFirst(mark.utf8.count).dropLast(hyphens.utf8.count)
        return label.isEmpty || label.contains("-") ? nil : String(label)
    }

    /// Nearly a BEGIN or END line: other dashes, or another number of them.
    private static func isMisspelt(_ text: String) -> Bool {
        let dashes = "-\u{2013}\u{2014}"
        let inner = text.drop(while: dashes.contains)
        guard inner.count < text.count, inner.hasPrefix("BEGIN ") || inner.hasPrefix("END ") else { return false }
        return ["CERTIFICATE", "PRIVATE KEY", "X509 CRL", "PKCS7"].contains(where: inner.contains)
    }

    /// Without the blanks and the carriage return at its end.
    private static func withoutEnd<Line: BidirectionalCollection>(_ line: Line) -> Line.SubSequence where Line.Element == UInt8 {
        var rest = line[...]
        while let last = rest.last, isBlank(last) { rest = rest.dropLast() }
        return rest
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }

    // MARK: A block

    /// A block that has begun and not ended.
    private struct Open {
        var block: Block
        private var bits: UInt32 = 0
        private var digitCount = 0
        private var paddingCount = 0

        init(_ block: Block) {
            self.block = block
        }

        mutating func take(_ line: some Collection<UInt8>, _ number: Int) throws(PEMMistake) {
            // A header: `Proc-Type: 4,ENCRYPTED` (RFC 1421 §4.6.1.1).
            if digitCount == 0, line.contains(UInt8(ascii: ":")) {
                if String(decoding: line, as: UTF8.self).contains("ENCRYPTED") { block.isEncrypted = true }
                return
            }
            for byte in line where !PEMText.isBlank(byte) {
                guard byte != UInt8(ascii: "=") else {
                    paddingCount += 1
                    continue
                }
                guard paddingCount == 0, let digit = Base64.value(of: byte) else { throw .notBase64(line: number) }
                bits = bits << 6 | UInt32(digit)
                digitCount += 1
                guard !block.isEncrypted, digitCount % 4 == 0 else { continue }
                block.der.append(UInt8(truncatingIfNeeded: bits >> 16))
                block.der.append(UInt8(truncatingIfNeeded: bits >> 8))
                block.der.append(UInt8(truncatingIfNeeded: bits))
            }
        }

        func finished() throws(PEMMistake) -> Block {
            var block = block
            if block.isEncrypted { return block }
            guard digitCount > 0, digitCount % 4 != 1, (digitCount + paddingCount) % 4 == 0, paddingCount < 3 else {
                throw .cut(line: block.line)
            }
            switch digitCount % 4 {
            case 2: block.der.append(UInt8(truncatingIfNeeded: bits >> 4))
            case 3:
                block.der.append(UInt8(truncatingIfNeeded: bits >> 10))
                block.der.append(UInt8(truncatingIfNeeded: bits >> 2))
            default: break
            }
            return block
        }
    }
}
