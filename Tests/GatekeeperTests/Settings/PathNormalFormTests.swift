import Testing

@testable import Gatekeeper

/// Spellings that have let requests past doors before, and those that ticket systems use.
struct PathNormalFormTests {
    private func isUnambiguous(_ path: String) -> Bool {
        let bytes = Array(path.utf8)
        return PathNormalForm.isUnambiguous(bytes.span)
    }

    @Test(
        "what two parties could read differently isn't unambiguous",
        arguments: [
            // Dot segments, plain and in every coat.
            "/.", "/..", "/../", "/a/./b", "/a/../b", "/a/..", "/a/.", "/%2e", "/%2E%2e/", "/a/.%2e/b", "/a/%2e./b", "/.../x", "/a/....",
            // Empty segments.
            "//", "//a", "/a//b", "/a//", "///",
            // Parameters.
            "/;", "/a;b", "/a;jsessionid=1", "/..;/admin", "/a/..;x=y/b", "/a;/../b", "/a%3bb", "/..%3B/", "/a/;/b",
            // Separators in disguise.
            "/a%2fb", "/a%2Fb", "/..%2fadmin", "/%2f", "/a\\b", "/a%5cb", "/..%5Cb", "/%5c..",
            // Ends of strings and lines.
            "/a%00", "/a%00.json", "/%0a", "/a%0d%0aX-A:%20b", "/a%1fb", "/a%7f",
            // Decoded twice.
            "/%252e%252e/", "/a%252fb", "/%25%32%66".replacing("%32%66", with: "2f"), "/a%2500", "/%255c",
            // Not escapes.
            "/%", "/a%", "/a%2", "/a%zz", "/%u002e", "/%2", "/a%g0",
            // Not UTF-8: overlong dots and slashes, surrogates, beyond Unicode, cut short.
            "/%c0%ae%c0%ae/", "/%c0%af", "/%e0%80%af", "/%f0%80%80%af", "/%ed%a0%80", "/%f4%90%80%80", "/%f5%80%80%80", "/%ff", "/%80",
            "/%c3",
            "/%c3/x", "/%e2%82", "/%c3x",
            // Not a path.
            "a", "*", "?a",
        ])
    func ambiguous(path: String) {
        #expect(!isUnambiguous(path))
    }

    @Test(
        "what everybody reads in one way is",
        arguments: [
            "", "/", "/a", "/a/", "/a/b", "/REST/2.0/ticket/1/comment", "/api/tickets.json", "/.well-known/x", "/..a", "/a..", "/a.b..c",
            "/...a",
            "/issues/1.json", "/%61pi", "/%7Euser", "/a%20b", "/a+b", "/a,b", "/a=b", "/a:b", "/a@b", "/100%25", "/%25x", "/%25%20",
            "/attachments/Gr%C3%BC%C3%9Fe.txt", "/%E2%82%AC", "/%F0%9F%94%A5", "/a|b", "/a[1]", "/uploads/a%5Bb%5D", "/a%26b", "/a%3Db",
            "/a%23b", "/a%3Fb",
        ])
    func plain(path: String) {
        #expect(isUnambiguous(path))
    }

    /// A slow reading by the book: split, decode, look at each segment.
    private func judged(_ path: [UInt8]) -> Bool {
        guard !path.isEmpty else { return true }
        guard path[0] == UInt8(ascii: "/") else { return false }
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (place, segment) in segments.enumerated() {
            var text: [UInt8] = []
            var rest = segment
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    text.append(byte)
                    continue
                }
                guard let high = rest.popFirst(), let low = rest.popFirst(), Character(UnicodeScalar(high)).isHexDigit,
                    Character(UnicodeScalar(low)).isHexDigit, let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
                else { return false }
                if value == UInt8(ascii: "%"), rest.prefix(2).count == 2,
                    rest.prefix(2).allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
                {
                    return false
                }
                if value == UInt8(ascii: "/") { return false }
                text.append(value)
            }
            if text.isEmpty, place < segments.count - 1 { return false }
            if !text.isEmpty, text.allSatisfy({ $0 == UInt8(ascii: ".") }) { return false }
            if text.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "\\") }) { return false }
            if String(validating: text, as: UTF8.self) == nil { return false }
        }
        return true
    }

    @Test("random paths from the dangerous letters are judged as by the book")
    func byTheBook() {
        var generator = SeededGenerator(seed: 9112)
        let pieces = ["/", "/", ".", "..", "%2e", "%2F", "%5c", "%25", "%", "2", "e", "f", "a", ";", "%c3", "%bc", "%00", "%41", "\\", "é"]
        for _ in 0..<20_000 {
            let path = "/" + (0..<Int.random(in: 0...8, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }.joined()
            #expect(isUnambiguous(path) == judged(Array(path.utf8)), "\(path)")
        }
    }
}
