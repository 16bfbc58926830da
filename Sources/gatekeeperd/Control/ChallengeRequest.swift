internal import Gatekeeper

/// A window that another ACME client asks for: a name, and what the authority is to be shown for it (TLS-ALPN-01, RFC 8737).
struct ChallengeRequest: Equatable, Sendable {
    let name: String
    /// The SHA-256 of the key authorization, 32 bytes.
    let digest: [UInt8]

    /// - Parameter digest: in hexadecimal, with or without colons, or in base64url.
    init(name: String, digest: String) throws(ValueMistake) {
        self.name = try Self.name(name)
        guard let bytes = Self.bytes(digest) else {
            throw ValueMistake("the digest is a SHA-256: 64 hexadecimal digits, with or without colons, or 43 characters of base64url")
        }
        self.digest = bytes
    }

    /// - Parameter keyAuthorization: `TOKEN.THUMBPRINT` (RFC 8555 § 8.1).
    init(name: String, keyAuthorization: String) throws(ValueMistake) {
        let parts = keyAuthorization.split(separator: ".", omittingEmptySubsequences: false)
        let isURLSafe = keyAuthorization.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber) || "-_.".contains(character)
        }
        guard parts.count == 2, !parts[0].isEmpty, parts[1].utf8.count == 43, isURLSafe, keyAuthorization.utf8.count <= 512 else {
            throw ValueMistake("the key authorization is TOKEN.THUMBPRINT, as the ACME client has it")
        }
        try self.init(name: name, digest: Fingerprint.sha256(of: Array(keyAuthorization.utf8)))
    }

    /// In hexadecimal.
    var digestText: String { digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// Of a window that is open.
    static func name(_ text: String) throws(ValueMistake) -> String {
        let names = try AcmeSettings.names(text)
        guard names.count == 1, !names[0].hasPrefix("*") else {
            throw ValueMistake("\(Quantity.quoted(text)) is not one name; a window is for one, and never for a wildcard")
        }
        return names[0]
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.filter { $0 != UInt8(ascii: ":") }
        if digits.count == 64 {
            let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard values.count == 64 else { return nil }
            return stride(from: 0, to: 64, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
        }
        let bytes = Base64.decodeForURL(text)
        return bytes?.count == 32 ? bytes : nil
    }
}
