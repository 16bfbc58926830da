/// `X-Request-Id`: kept when the client sent a sane one, so that its logs and ours meet; else the caller makes one.
package enum RequestIdentifier {
    package static var bytesMax: Int { 64 }

    /// 1 to 64 letters, digits, `.`, `_`, `-`: nothing that means something in a log line, a header or a shell.
    package static func isSane(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0, bytes.count <= bytesMax else { return false }
        return ByteClass.identifier.end(in: bytes, from: 0, to: bytes.count) == bytes.count
    }

    /// The client's identifier, nil when there is none, more than one, or one that isn't sane.
    package static func fromClient(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> ByteRange? {
        guard let field = fields.first(.requestID), !fields.isRepeated(.requestID) else { return nil }
        return isSane(bytes.bytes(field.value)) ? field.value : nil
    }
}
