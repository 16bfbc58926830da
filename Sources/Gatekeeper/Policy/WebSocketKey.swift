internal import CTLS

/// The proof that an upstream has read a WebSocket handshake: from the client's key it makes a value that nothing else makes
/// (RFC 6455 §1.3).
@safe enum WebSocketKey {
    /// 16 bytes in base64.
    private static let keyBytes = 24
    private static let guid: StaticString = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    static func isValid(_ key: Span<UInt8>) -> Bool {
        guard key.count == keyBytes, key[22] == UInt8(ascii: "="), key[23] == UInt8(ascii: "=") else { return false }
        for index in 0..<22 where Base64.value(of: key[index]) == nil { return false }
        return true
    }

    /// Whether `accept` is base64(SHA-1(key + GUID)).
    static func answers(_ accept: Span<UInt8>, _ key: Span<UInt8>) -> Bool {
        let joined = Buffer(capacity: keyBytes + guid.utf8CodeUnitCount)
        joined.append(key)
        joined.append(guid)
        var digest: InlineArray<20, UInt8> = .init(repeating: 0)
        // 20 bytes make 28 characters, and OpenSSL ends them with a NUL.
        var text: InlineArray<29, UInt8> = .init(repeating: 0)
        var digestSpan = digest.mutableSpan
        // SAFETY: the room is as large as what is written, and nothing keeps a pointer.
        unsafe digestSpan.withUnsafeMutableBufferPointer { room in
            let bytes = unsafe joined.readablePointer
            _ = unsafe SHA1(bytes.baseAddress, bytes.count, room.baseAddress)
        }
        var textSpan = text.mutableSpan
        unsafe textSpan.withUnsafeMutableBufferPointer { room in
            unsafe digest.span.withUnsafeBufferPointer { bytes in
                _ = unsafe EVP_EncodeBlock(room.baseAddress, bytes.baseAddress, Int32(bytes.count))
            }
        }
        guard accept.count == 28 else { return false }
        for index in 0..<28 where accept[index] != text[index] { return false }
        return true
    }
}
