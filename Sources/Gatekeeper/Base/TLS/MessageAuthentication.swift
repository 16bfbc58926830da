internal import CTLS

/// HMAC with SHA-256 (RFC 2104), by which whoever knows the key can tell that a message is ours.
package enum MessageAuthentication {
    /// 64 hexadecimal digits.
    package static func sha256(of bytes: [UInt8], key: [UInt8]) -> String { Fingerprint.hexadecimal(code(of: bytes, key: key)) }

    /// 32 bytes.
    package static func code(of bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var count = 0
        // SAFETY: the arrays are lent for the call, each with its own length; the code is 32 bytes.
        let outcome = unsafe EVP_Q_mac(
            nil, "HMAC", nil, "SHA256", nil, key, key.count, bytes, bytes.count, &code, code.count, &count)
        precondition(unsafe outcome != nil && count == 32, "OpenSSL has no HMAC with SHA-256")
        return code
    }
}
