/// What a text file must not hold before it is worth parsing.
enum ByteCheck {
    /// The first byte that isn't UTF-8 or is a control character, with its place.
    static func firstMistake(in bytes: [UInt8]) -> YAMLMistake? {
        var offsetMax = bytes.count
        var message = ""
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            offsetMax = error.byteOffsets.lowerBound
            message = "the file is not UTF-8"
        }
        if let control = bytes.prefix(offsetMax).firstIndex(where: isRefusedControl) {
            let name = bytes[control] == 0 ? "a NUL byte" : "a control character"
            return YAMLMistake(position: position(of: control, in: bytes), message: "the file holds \(name)")
        }
        return offsetMax < bytes.count ? YAMLMistake(position: position(of: offsetMax, in: bytes), message: message) : nil
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
