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

    /// Whether all of it is there, when the connection has ended behind it.
    private func isWhole(_ text: String, _ framing: BodyFraming, bytesMax: Int) -> Bool {
        var beginning = BodyBeginning(framing, bytesMax: bytesMax)
        beginning.take(Array(text.utf8).span)
        beginning.endConnection()
        return beginning.isWhole
    }

    @Test("what was cut, by whoever, isn't whole")
    func whole() {
        let chunks = "5\r\nhello\r\n0\r\n\r\n"
        for (text, framing) in [("hello", BodyFraming.length(5)), ("hello, more", .length(5)), (chunks, .chunked), ("hello", .untilClose)] {
            #expect(isWhole(text, framing, bytesMax: 6))
            #expect(!isWhole(text, framing, bytesMax: 4))
        }
        #expect(isWhole("hello", .length(5), bytesMax: 5))
        #expect(!isWhole("hell", .length(5), bytesMax: 9) && !isWhole(String(chunks.dropLast(2)), .chunked, bytesMax: 9))
        #expect(!isWhole("5\r\nhello\r\nnonsense", .chunked, bytesMax: 9))
        #expect(BodyBeginning(.none, bytesMax: 10).isWhole && BodyBeginning(.length(0), bytesMax: 10).isWhole)
    }

    @Test("what has no body, or is of no interest, is done before it begins")
    func nothing() {
        #expect(BodyBeginning(.none, bytesMax: 10).isDone)
        #expect(BodyBeginning(.length(0), bytesMax: 10).isDone)
        #expect(BodyBeginning(.chunked, bytesMax: 0).isDone)
        #expect(!BodyBeginning(.length(.max), bytesMax: 1).isDone)
    }
}
