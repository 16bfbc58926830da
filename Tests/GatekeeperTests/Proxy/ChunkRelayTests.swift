import Testing

@testable import Gatekeeper

struct ChunkRelayTests {
    /// Few bytes for trailers, so that an output of little room is enough (`ChunkRelay` keeps that much free).
    private static let limits: Settings.Limits = {
        var limits = Settings.Limits()
        limits.trailerBytesMax = 96
        limits.fieldsMax = 4
        return limits
    }()

    /// A body as some peer might send it.
    private struct Body {
        var data: [UInt8] = []
        var encoded: [UInt8] = []
        var trailers: [String] = []

        init(using random: inout SeededGenerator) {
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                let size = Int.random(in: 1...[1, 20, 300].randomElement(using: &random)!, using: &random)
                let chunk = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
                let digits = String(size, radix: 16, uppercase: .random(using: &random))
                let zeros = String(repeating: "0", count: Int.random(in: 0...3, using: &random))
                let extensions = ["", ";a", ";a=b", "; name=\"quoted \\\" ;\"", ";a;b=c"].randomElement(using: &random)!
                encoded += Array("\(zeros)\(digits)\(extensions)\r\n".utf8) + chunk + [13, 10]
                data += chunk
            }
            encoded += Array("\(["0", "000"].randomElement(using: &random)!)\(["", ";last"].randomElement(using: &random)!)\r\n".utf8)
            for number in 0..<Int.random(in: 0...3, using: &random) {
                let blank = ["", " ", "  "].randomElement(using: &random)!
                encoded += Array("X-Sum-\(number):\(blank)\(number)\r\n".utf8)
                trailers.append("X-Sum-\(number): \(number)")
            }
            encoded += [13, 10]
        }
    }

    /// Relays `input` in pieces of at most `pieceBytes`, through an output of `outputBytes`.
    private struct Run {
        var output: [UInt8] = []
        var outcome = ChunkRelay.Outcome.more
        /// What the relay left behind the end of the body.
        var left: [UInt8] = []

        init(
            _ input: [UInt8], writesChunks: Bool = true, bodyBytesMax: UInt64 = .max, outputBytes: Int = 400,
            pieceBytes: () -> Int
        ) {
            var relay = ChunkRelay(bodyBytesMax: bodyBytesMax, writesChunks: writesChunks)
            let source = Buffer(capacity: 2 * input.count + 16)
            let target = Buffer(capacity: outputBytes)
            var rest = input[...]
            while outcome == .more, !rest.isEmpty || !source.isEmpty {
                let piece = Array(rest.prefix(pieceBytes()))
                rest = rest.dropFirst(piece.count)
                source.append(piece.span)
                repeat {
                    let before = (source.count, target.count)
                    outcome = relay.move(from: source, to: target, limits: ChunkRelayTests.limits)
                    let isStuck = outcome == .more && !source.isEmpty && target.isEmpty && before.0 == source.count
                    #expect(!isStuck, "no progress with \(outputBytes) bytes of room")
                    #expect(!target.overflowed)
                    let span = target.readable
                    output += span.indices.map { span[$0] }
                    target.clear()
                    if isStuck { return }
                } while outcome == .more && !source.isEmpty
                source.compact()
            }
            let span = source.readable
            left = span.indices.map { span[$0] } + rest
        }
    }

    @Test("whatever chunks come in, what goes out is the same data under a strict reader, and what follows isn't touched")
    func random() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let next = Array("GET /next".utf8)
        for round in 0..<300 {
            let body = Body(using: &random)
            let outputBytes = Int.random(in: 166...700, using: &random)
            let run = Run(body.encoded + next, outputBytes: outputBytes) { Int.random(in: 1...200, using: &random) }
            #expect(run.outcome == .complete, "seed \(seed), round \(round)")
            #expect(run.left == next, "seed \(seed), round \(round)")
            let read = try #require(StrictChunks(run.output), "seed \(seed), round \(round)")
            #expect(read.data == body.data, "seed \(seed), round \(round)")
            #expect(read.trailers == body.trailers, "seed \(seed), round \(round)")
        }
    }

    @Test("torn at every byte, and a byte at a time, the data is the same")
    func torn() throws {
        let input = Array("5;a=\"b\"\r\nhello\r\n1\r\n \r\n00005\r\nworld\r\n0\r\nX-Sum: 7\r\nX-More:8\r\n\r\n".utf8)
        for first in 0...input.count {
            var pieces = [first, input.count - first].filter { $0 > 0 }
            let run = Run(input) { pieces.removeFirst() }
            let read = try #require(StrictChunks(run.output), "torn at \(first)")
            #expect(read.data == Array("hello world".utf8), "torn at \(first)")
            #expect(read.trailers == ["X-Sum: 7", "X-More: 8"], "torn at \(first)")
            #expect(run.outcome == .complete)
        }
        let dripped = Run(input) { 1 }
        #expect(StrictChunks(dripped.output)?.data == Array("hello world".utf8))
    }

    @Test("an output with room for one byte of data at a time is enough")
    func tinyRoom() throws {
        let data = (0..<500).map { UInt8(truncatingIfNeeded: $0) }
        let input = Array("1f4\r\n".utf8) + data + Array("\r\n0\r\n\r\n".utf8)
        let kept = Self.limits.trailerBytesMax + Self.limits.fieldsMax + 64
        let run = Run(input, outputBytes: kept + 1) { input.count }
        #expect(run.outcome == .complete)
        #expect(StrictChunks(run.output)?.data == data)
    }

    @Test("the fullest trailer section finds its room or isn't begun, however little is left")
    func largestTrailers() throws {
        // Fields without a blank, each of which grows by one.
        let section = [19, 19, 20, 20].map { "a:\(String(repeating: "1", count: $0))\r\n" }.joined() + "\r\n"
        try #require(section.utf8.count == Self.limits.trailerBytesMax)
        for room in 0...300 {
            for body in ["0\r\n", "3\r\nabc\r\n0\r\n"] {
                var relay = ChunkRelay(writesChunks: true)
                let (source, target) = (Buffer(capacity: 200), Buffer(capacity: room))
                source.append(body + section)
                let outcome = relay.move(from: source, to: target, limits: Self.limits)
                #expect(!target.overflowed, "\(room) bytes of room")
                guard outcome == .complete else { continue }
                let span = target.readable
                let read = StrictChunks(span.indices.map { span[$0] })
                #expect(read?.trailers.count == 4, "\(room) bytes of room")
            }
        }
    }

    @Test("to somebody who doesn't know chunks the data goes alone")
    func plain() {
        let input = Array("5\r\nhello\r\n6;x\r\n world\r\n0\r\nX-Sum: 7\r\n\r\n".utf8)
        for pieceBytes in [1, 7, 1000] {
            let run = Run(input, writesChunks: false) { pieceBytes }
            #expect(run.outcome == .complete)
            #expect(run.output == Array("hello world".utf8))
        }
    }

    @Test("an empty body is a last chunk and nothing else")
    func empty() {
        #expect(Run(Array("0\r\n\r\n".utf8)) { 1 }.output == Array("0\r\n\r\n".utf8))
        #expect(Run(Array("0\r\n\r\n".utf8), writesChunks: false) { 1 }.output == [])
    }

    @Test("extensions and fields that describe the message end here")
    func dropped() {
        let run = Run(Array("1;secret=x\r\na\r\n0;more\r\nX-Real-IP: 1.2.3.4\r\nX-Sum: 1\r\n\r\n".utf8)) { 1000 }
        #expect(run.output == Array("1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n".utf8))
    }

    @Test(
        "what two recipients could read differently stops the relay, and goes nowhere",
        arguments: [
            ("5\nhello\r\n0\r\n\r\n", Refusal.bareLF),
            ("5 \r\nhello\r\n0\r\n\r\n", .chunkSize),
            ("0x5\r\nhello\r\n0\r\n\r\n", .chunkSize),
            ("5\r\nhelloX\r\n0\r\n\r\n", .chunkEnd),
            ("fffffffffffffffff\r\n", .chunkSizeOverflow),
            ("0\r\nContent-Length: 5\r\n\r\n", .trailerForbidden),
        ])
    func refused(text: String, refusal: Refusal) {
        let whole = Run(Array(text.utf8)) { 1000 }
        let dripped = Run(Array(text.utf8)) { 1 }
        #expect(whole.outcome == .refused(refusal))
        #expect(dripped.outcome == .refused(refusal))
        #expect(StrictChunks(whole.output) == nil, "what went out isn't a complete body")
        #expect(StrictChunks(dripped.output) == nil)
    }

    @Test("a body that grows beyond its limit is stopped by the header of the chunk that would")
    func tooLarge() {
        let run = Run(Array("5\r\nhello\r\n1\r\nx\r\n0\r\n\r\n".utf8), bodyBytesMax: 5) { 1000 }
        #expect(run.outcome == .refused(.bodyTooLarge))
        #expect(run.output == Array("5\r\nhello\r\n".utf8))
        #expect(Run(Array("5\r\nhello\r\n0\r\n\r\n".utf8), bodyBytesMax: 5) { 1000 }.outcome == .complete)
    }
}
