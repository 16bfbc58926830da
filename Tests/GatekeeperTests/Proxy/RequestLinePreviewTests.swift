import Testing

@testable import Gatekeeper

struct RequestLinePreviewTests {
    private func preview(_ bytes: [UInt8]) -> (method: String, path: String) {
        let preview = RequestLinePreview(bytes.span)
        return (
            String(decoding: bytes[preview.method.range], as: UTF8.self), String(decoding: bytes[preview.path.range], as: UTF8.self)
        )
    }

    @Test(
        "finds method and path where they seem to stand",
        arguments: [
            ("GET /tickets HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/tickets"),
            ("get /tickets HTTP/1.1\r\n", "get", "/tickets"),
            ("GET /tickets", "GET", "/tickets"),
            ("GET /a b HTTP/1.1\r\n", "GET", "/a"),
            ("OPTIONS * HTTP/1.1\r\n", "OPTIONS", ""),
        ])
    func found(line: String, method: String, path: String) {
        #expect(preview(Array(line.utf8)) == (method, path))
    }

    @Test(
        "a query never gets into the log, wherever it begins",
        arguments: [
            ("GET /tickets?key=secret HTTP/1.1\r\n", "/tickets"),
            ("GET /?key=secret", "/"),
            ("GET ?key=secret HTTP/1.1\r\n", ""),
            ("GET /a??key=secret HTTP/1.1\r\n", "/a"),
            ("GET /a?key=secret\tx HTTP/1.1\r\n", "/a"),
        ])
    func query(line: String, path: String) {
        #expect(preview(Array(line.utf8)) == ("GET", path))
    }

    @Test(
        "a target that isn't a path isn't shown: it may hold a password",
        arguments: [
            "GET http://user:password@a/b HTTP/1.1\r\n", "CONNECT user:password@a:443 HTTP/1.1\r\n", "GET a/b HTTP/1.1\r\n",
        ])
    func absolute(line: String) {
        #expect(preview(Array(line.utf8)).path == "")
    }

    @Test(
        "a line that is none, or only a piece of one, gives what is there",
        arguments: [
            ("", "", ""), ("GET", "GET", ""), ("GET ", "GET", ""), (" /x", "", "/x"), ("  ", "", ""), ("GET  /x", "GET", ""),
            ("\r\nGET / HTTP/1.1", "", ""), ("GET\r\n/x y", "GET", ""), ("GET\t/x HTTP/1.1", "GET", ""), ("\0", "", ""),
            ("GET /x\u{1}y HTTP/1.1", "GET", "/x"), ("GET /\nX: ?y z", "GET", "/"),
        ])
    func pieces(line: String, method: String, path: String) {
        #expect(preview(Array(line.utf8)) == (method, path))
    }

    @Test("whatever bytes a peer sends, what is shown lies inside the first line, holds no query and no control character")
    func hostile() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let likely = Array("GET /a?k HTTP/1.1\r\n \t\0\u{16}\u{3}".utf8) + [0x80, 0xff]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<24, using: &random)).map { _ in
                Bool.random(using: &random) ? likely.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
            }
            let preview = RequestLinePreview(bytes.span)
            #expect(preview.method.range.upperBound <= bytes.count && preview.path.range.upperBound <= bytes.count, "seed \(seed)")
            let (method, path) = (bytes[preview.method.range], bytes[preview.path.range])
            #expect(!method.contains { $0 <= 0x20 }, "seed \(seed): \(bytes)")
            #expect(path.isEmpty || path.first == UInt8(ascii: "/"), "seed \(seed): \(bytes)")
            #expect(!path.contains { $0 <= 0x20 || $0 == UInt8(ascii: "?") }, "seed \(seed): \(bytes)")
        }
    }
}
