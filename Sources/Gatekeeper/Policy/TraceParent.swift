/// `traceparent`, by which a request says which trace it belongs to (W3C Trace Context §3.2):
/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
enum TraceParent {
    /// The trace's identifier, 32 hexadecimal digits; nil where there is none, more than one, or what isn't one.
    static func traceID(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> ByteRange? {
        guard let field = fields.first(.traceParent), !fields.isRepeated(.traceParent) else { return nil }
        let value = bytes.bytes(field.value)
        guard isValid(value) else { return nil }
        return ByteRange(start: Int(field.value.start) &+ 3, count: 32)
    }

    private static func isValid(_ value: Span<UInt8>) -> Bool {
        let dash = UInt8(ascii: "-")
        guard value.count >= 55, value[2] == dash, value[35] == dash, value[52] == dash, isHexadecimal(value, 0..<2) else { return false }
        // Version 255 is none; a later one than ours may have more behind a dash.
        let isLater = value[0] != UInt8(ascii: "0") || value[1] != UInt8(ascii: "0")
        if value[0] == UInt8(ascii: "f"), value[1] == UInt8(ascii: "f") { return false }
        guard value.count == 55 || isLater && value[55] == dash else { return false }
        return isIdentifier(value, 3..<35) && isIdentifier(value, 36..<52) && isHexadecimal(value, 53..<55)
    }

    /// Not all zeros, which stands for none.
    private static func isIdentifier(_ value: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard isHexadecimal(value, range) else { return false }
        for index in range where value[index] != UInt8(ascii: "0") { return true }
        return false
    }

    /// In lower case, as the standard has it.
    private static func isHexadecimal(_ value: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range where !(ByteScan.isDigit(value[index]) || value[index] &- UInt8(ascii: "a") < 6) { return false }
        return true
    }
}
