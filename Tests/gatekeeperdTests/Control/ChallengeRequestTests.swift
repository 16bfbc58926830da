import Testing

@testable import gatekeeperd

struct ChallengeRequestTests {
    /// Of RFC 8737's kind: a token, the thumbprint of RFC 7638 § 3.1, and the SHA-256 of both as openssl(1) has it.
    private static let authorization = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    private static let hexadecimal = "2f5a6daef0c29d6e82d6d16be3d03ec0e1bfa53cdbd6a7d71e1ae0c8e8bd0f66"

    @Test("a digest in each of its spellings is the same")
    func spellings() throws {
        let plain = try ChallengeRequest(name: "tickets.example", digest: Self.hexadecimal)
        let colons = stride(from: 0, to: 64, by: 2).map { start in
            String(Self.hexadecimal.dropFirst(start).prefix(2)).uppercased()
        }.joined(separator: ":")
        #expect(try ChallengeRequest(name: "tickets.example", digest: colons) == plain)
        #expect(try ChallengeRequest(name: "tickets.example", digest: "L1ptrvDCnW6C1tFr49A-wOG_pTzb1qfXHhrgyOi9D2Y") == plain)
        #expect(try ChallengeRequest(name: "tickets.example", digest: "L1ptrvDCnW6C1tFr49A+wOG/pTzb1qfXHhrgyOi9D2Y=") == plain)
        #expect(plain.digestText == Self.hexadecimal)
    }

    @Test("a key authorization is shown as its SHA-256")
    func keyAuthorization() throws {
        let request = try ChallengeRequest(name: "Tickets.Example", keyAuthorization: "token." + String(repeating: "x", count: 43))
        #expect(request.name == "tickets.example")
        // printf %s "token.xxx…" | sha256sum
        #expect(request.digestText == "ebe6e9ba6381db1e8f425207029160e983a9f24def030a12c114c0f76248c9db")
        _ = try ChallengeRequest(name: "a.example", keyAuthorization: Self.authorization)
    }

    @Test(
        "what is no digest or key authorization is refused",
        arguments: ["", "2f5a", String(repeating: "g", count: 64), String(repeating: "0", count: 63), String(repeating: "A", count: 42)])
    func refused(text: String) {
        #expect(throws: ValueMistake.self) { try ChallengeRequest(name: "a.example", digest: text) }
        #expect(throws: ValueMistake.self) { try ChallengeRequest(name: "a.example", keyAuthorization: text) }
        #expect(throws: ValueMistake.self) {
            try ChallengeRequest(name: "a.example", keyAuthorization: "to ken." + String(repeating: "x", count: 43))
        }
    }

    @Test(
        "a window is for one name",
        arguments: ["*.example.org", "a.example,b.example", "", "https://a.example", "a.example:443", "a_b.example"])
    func names(text: String) {
        #expect(throws: ValueMistake.self) { try ChallengeRequest.name(text) }
    }
}
