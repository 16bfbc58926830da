internal import CTLS

/// SHA-256 of bytes that are all there: for the control plane, which tells states of files apart by it.
package enum Fingerprint {
    /// 64 hexadecimal digits.
    package static func sha256(of bytes: [UInt8]) -> String { hexadecimal(digest(of: bytes)) }

    /// 32 bytes.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        // SAFETY: both arrays are lent for the call; SHA-256 writes 32 bytes.
        let outcome = unsafe EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha256(), nil)
        precondition(outcome == 1 && count == 32, "OpenSSL has no SHA-256")
        return digest
    }

    /// Two digits for each byte, as fingerprints are written.
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
