import Testing

@testable import Gatekeeper

@Suite struct ChunkedScannerTests {
    private let limits = Settings.Limits()

    @Test("a buffer of many chunks gives its data in order, and what follows the body is left alone")
    func manyChunks() {
        var encoded: [UInt8] = []
        var expected: [UInt8] = []
        var size = 1
        while encoded.count < 60_000 {
            let data = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
            encoded += Array("\(String(size, radix: 16));n=\(size)\r\n".utf8) + data + [13, 10]
            expected += data
            size = size * 7 % 1021 + 1
        }
        encoded += Array("0\r\n\r\nGET /next".utf8)
        var scanner = ChunkedScanner()
        var data: [UInt8] = []
        var position = 0
        scan: while true {
            switch scanner.scan(encoded.span.extracting(position..<encoded.count), limits: limits) {
            case .data(let range, let consumed):
                data += encoded[position..<encoded.count][position + Int(range.start)..<position + range.range.upperBound]
                position += consumed
            case .end(let consumed):
                position += consumed
                break scan
            case .needsMore, .refused:
                Issue.record()
                return
            }
        }
        #expect(data == expected)
        #expect(encoded[position...].elementsEqual("GET /next".utf8))
        #expect(scanner.bodyBytes == UInt64(expected.count))
        #expect(scanner.trailerBytes.isEmpty)
    }

    @Test("every call consumes everything or says where it stopped")
    func consumption() {
        var scanner = ChunkedScanner()
        #expect(scanner.scan(Array("".utf8).span, limits: limits) == .needsMore(consumed: 0))
        #expect(scanner.scan(Array("5".utf8).span, limits: limits) == .needsMore(consumed: 1))
        #expect(scanner.scan(Array("\r\nhel".utf8).span, limits: limits) == .data(ByteRange(start: 2, count: 3), consumed: 5))
        #expect(scanner.scan(Array("lo\r\n0\r".utf8).span, limits: limits) == .data(ByteRange(start: 0, count: 2), consumed: 2))
        #expect(scanner.scan(Array("\r\n0\r".utf8).span, limits: limits) == .needsMore(consumed: 4))
        #expect(scanner.scan(Array("\n\r\nX".utf8).span, limits: limits) == .end(consumed: 3))
        #expect(scanner.scan(Array("X".utf8).span, limits: limits) == .end(consumed: 0))
    }

    @Test("a refusal stays")
    func refusal() {
        var scanner = ChunkedScanner()
        #expect(scanner.scan(Array("x".utf8).span, limits: limits) == .refused(.chunkSize))
        #expect(scanner.scan(Array("0\r\n\r\n".utf8).span, limits: limits) == .refused(.chunkSize))
    }

    @Test("a body may be exactly as large as allowed")
    func bodyLimit() {
        var scanner = ChunkedScanner(bodyBytesMax: 5)
        let first = scanner.scan(Array("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".utf8).span, limits: limits)
        #expect(first == .data(ByteRange(start: 3, count: 3), consumed: 6))
        let second = scanner.scan(Array("\r\n2\r\nde\r\n0\r\n\r\n".utf8).span, limits: limits)
        #expect(second == .data(ByteRange(start: 5, count: 2), consumed: 7))
        #expect(scanner.scan(Array("\r\n0\r\n\r\n".utf8).span, limits: limits) == .end(consumed: 7))
        var smaller = ChunkedScanner(bodyBytesMax: 4)
        #expect(smaller.scan(Array("5\r\n".utf8).span, limits: limits) == .refused(.bodyTooLarge))
    }

    @Test("trailers that arrive byte by byte are kept and written behind the last chunk")
    func trailers() {
        let encoded = Array("0\r\nX-A: 1\r\nContent-Type: x\r\nX-B:2\r\n\r\nrest".utf8)
        var scanner = ChunkedScanner()
        var end: Int?
        for index in encoded.indices where end == nil {
            let step = scanner.scan(encoded.span.extracting(index..<index + 1), limits: limits)
            if case .end(let consumed) = step { end = index + consumed }
        }
        #expect(end == encoded.count - 4)
        #expect(scanner.trailerFields.count == 3)
        let buffer = Buffer(capacity: 256)
        HeadWriter.writeLastChunk(scanner, into: buffer)
        #expect(FixtureReader.array(buffer.readable) == Array("0\r\nX-A: 1\r\nX-B: 2\r\n\r\n".utf8))
    }

    @Test("without trailers the last chunk is five bytes")
    func lastChunk() {
        let buffer = Buffer(capacity: 16)
        HeadWriter.writeLastChunk(ChunkedScanner(), into: buffer)
        #expect(FixtureReader.array(buffer.readable) == Array("0\r\n\r\n".utf8))
    }
}
