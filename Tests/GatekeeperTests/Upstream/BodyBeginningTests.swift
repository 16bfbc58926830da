import Testing

@testable import Gatekeeper

@Suite("The first bytes of a response's body")
struct BodyBeginningTests {
    /// Given in pieces of this many bytes.
    private func take(_ text: String, _ framing: BodyFraming, bytesMax: Int, piece: Int) -> (text: String, isDone: Bool) {
        let bytes = Array(text.utf8)
        var beginning = BodyBeginning(framing, bytesMax: bytesMax)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            beginning.take(Array(bytes[start..<min(start + piece, bytes.count)]).span)
        }
        return (String(decoding: beginning.bytes, as: UTF8.self), beginning.isDone)
    }

    @Test("each framing is taken off, torn at every byte", arguments: 1...40)
    func framings(piece: Int) {
        #expect(take("hello, more", .length(5), bytesMax: 100, piece: piece) == ("hello", true))
        #expect(take("hello", .length(6), bytesMax: 100, piece: piece) == ("hello", false))
        #expect(take("hello", .untilClose, bytesMax: 100, piece: piece) == ("hello", false))
        let chunks = "5;a=b\r\nhello\r\n3\r\n, x\r\n0\r\nT: v\r\n\r\nHTTP"
        #expect(take(chunks, .chunked, bytesMax: 100, piece: piece) == ("hello, x", true))
        #expect(take("5\r\nhello\r\nnonsense", .chunked, bytesMax: 100, piece: piece) == ("hello", true))
    }

    @Test("no more is kept than is wanted", arguments: 1...40)
    func bound(piece: Int) {
        for framing in [BodyFraming.length(1000), .untilClose] {
            #expect(take("hello, more", framing, bytesMax: 7, piece: piece) == ("hello, ", true))
        }
        #expect(take("5\r\nhello\r\n6\r\n, more\r\n0\r\n\r\n", .chunked, bytesMax: 7, piece: piece) == ("hello, ", true))
    }

    @Test("what has no body, or is of no interest, is done before it begins")
    func nothing() {
        #expect(BodyBeginning(.none, bytesMax: 10).isDone)
        #expect(BodyBeginning(.length(0), bytesMax: 10).isDone)
        #expect(BodyBeginning(.chunked, bytesMax: 0).isDone)
        #expect(!BodyBeginning(.length(.max), bytesMax: 1).isDone)
    }
}
