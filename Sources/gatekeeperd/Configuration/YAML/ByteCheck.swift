/// What a text file must not hold before it is worth parsing.
enum ByteCheck {
    /// Bytes of a byte order mark at the beginning, which editors of Windows write before UTF-8; it is no part of the text.
    static func markCount(in bytes: [UInt8]) -> Int { bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0 }

    /// The first byte that isn't UTF-8 or is a control character, with its position.
    static func firstMistake(in bytes: [UInt8]) -> YAMLMistake? {
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) || isWide(bytes) {
            return YAMLMistake(
                position: .start, message: "the file is UTF-16, not UTF-8; save it as UTF-8 (Notepad's \"Unicode\" is UTF-16)")
        }
        var offsetMax = bytes.count
        var message = ""
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            offsetMax = error.byteOffsets.lowerBound
            message = "the file is not UTF-8; save it as UTF-8"
        }
        if let control = bytes.prefix(offsetMax).firstIndex(where: isRefusedControl) {
            let name = bytes[control] == 0 ? "a NUL byte" : "a control character"
            return YAMLMistake(position: position(of: control, in: bytes), message: "the file holds \(name)")
        }
        return offsetMax < bytes.count ? YAMLMistake(position: position(of: offsetMax, in: bytes), message: message) : nil
    }

    /// UTF-16 without a mark: every second byte of ASCII text is zero.
    private static func isWide(_ bytes: [UInt8]) -> Bool {
        let beginning = bytes.prefix(16)
        guard beginning.count >= 8, beginning.count.isMultiple(of: 2) else { return false }
        let zeros = beginning.indices.filter { beginning[$0] == 0 }
        return zeros.count == beginning.count / 2 && Set(zeros.map { $0 % 2 }).count == 1
    }

    static func position(of offset: Int, in bytes: [UInt8]) -> SourcePosition {
        var position = SourcePosition.start
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                position.line += 1
                position.column = 1
            } else if byte & 0xc0 != 0x80 {
                position.column += 1
            }
        }
        return position
    }

    private static func isRefusedControl(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d) || byte == 0x7f
    }
}
