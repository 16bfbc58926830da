/// Logins that belong to a connection and not to a request: NTLM, and Negotiate where it comes down to NTLM or the server keeps it so (IIS, Apache
/// with `GssapiConnectionBound`). Whoever speaks next on such a connection is taken for who has logged in on it.
enum ConnectionIdentity {
    /// The request brings a part of such a login.
    static func isBrought(by fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> Bool {
        guard let field = fields.first(.authorization) else { return false }
        return begins(bytes.bytes(field.value), at: 0)
    }

    /// The response asks for such a login, or goes on with one (RFC 9110 §11.6.1): one of its challenges, wherever in the list.
    static func isAsked(by head: ResponseHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> Bool {
        guard head.status == 401, fields.contains(.wwwAuthenticate) else { return false }
        for entry in fields.entries where entry.known == .wwwAuthenticate {
            let value = bytes.bytes(entry.value)
            var start = 0
            while start < value.count {
                if begins(value, at: start) { return true }
                while start < value.count, value[start] != UInt8(ascii: ",") { start += 1 }
                while start < value.count, value[start] == UInt8(ascii: ",") || ByteScan.isBlank(value[start]) { start += 1 }
            }
        }
        return false
    }

    /// `NTLM`, `Negotiate`, `Nego2`, `Kerberos`: no other scheme begins like them.
    private static func begins(_ value: Span<UInt8>, at start: Int) -> Bool {
        guard value.count - start >= 4 else { return false }
        let word = ByteScan.folded(ByteScan.load(value, at: start, count: 4)) & 0xffff_ffff
        return word == ByteScan.word("ntlm") || word == ByteScan.word("nego") || word == ByteScan.word("kerb")
    }
}
