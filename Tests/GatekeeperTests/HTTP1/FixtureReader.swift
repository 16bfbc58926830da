import HTTPFixtures

@testable import Gatekeeper

/// Reads the messages of one connection from bytes that arrive as the test pleases, the way a connection does: head, body, next head.
final class FixtureReader {
    /// One line for each message, with every property it has.
    private(set) var outcomes: [String] = []
    /// The head that goes to the other side for the first message.
    private(set) var written: [UInt8]?

    private enum State {
        case head
        case length(UInt64)
        case chunks(ChunkedScanner)
        case untilClose
        case stopped
    }

    private let bytes: [UInt8]
    /// Nil for requests.
    private let method: Method?
    private let limits = FixtureReader.limits
    private var state = State.head
    private var requestParser = RequestHeadParser()
    private var responseParser: ResponseHeadParser
    private var fields = FieldTable()
    /// Where the current message and its unread part begin.
    private var messageStart = 0
    private var position = 0
    private var message = ""
    private var body: [UInt8] = []

    static let limits: Settings.Limits = {
        var limits = Settings.Limits()
        limits.headBytesMax = 4096
        limits.targetBytesMax = 1024
        limits.fieldsMax = 20
        limits.chunkHeaderBytesMax = 64
        limits.trailerBytesMax = 256
        limits.requestBodyBytesMax = 65_536
        return limits
    }()

    init(_ fixture: Fixture) {
        bytes = fixture.bytes
        if fixture.kind.first == "response" {
            let name = fixture.kind.dropFirst().first ?? "GET"
            method = Method.allCases.first { "\($0)".uppercased() == name }!
        } else {
            method = nil
        }
        responseParser = ResponseHeadParser(forRequest: method ?? .get)
    }

    /// The outcome when the bytes arrive up to each of these offsets in turn, and then the connection ends.
    static func outcome(of fixture: Fixture, arriving offsets: [Int]) -> (outcomes: [String], written: [UInt8]?) {
        let reader = FixtureReader(fixture)
        for offset in offsets { reader.read(upTo: offset) }
        reader.end()
        return (reader.outcomes, reader.written)
    }

    private func read(upTo end: Int) {
        let bytes = self.bytes
        while true {
            switch state {
            case .head:
                guard position < end, readHead(upTo: end) else { return }
            case .length(let left):
                let taken = min(left, UInt64(end - position))
                take(Int(taken))
                guard taken == left else { return state = .length(left - taken) }
                complete(trailers: [])
            case .chunks(var scanner):
                let step = scanner.scan(bytes.span.extracting(position..<end), limits: limits)
                state = .chunks(scanner)
                switch step {
                case .needsMore(let consumed):
                    position += consumed
                    return
                case .data(let range, let consumed):
                    body += bytes[position + Int(range.start)..<position + range.range.upperBound]
                    position += consumed
                case .end(let consumed):
                    position += consumed
                    complete(trailers: passedOn(scanner))
                case .refused(let refusal):
                    return refuse(refusal)
                }
            case .untilClose:
                return take(end - position)
            case .stopped:
                return
            }
        }
    }

    private func end() {
        switch state {
        case .untilClose: complete(trailers: [])
        case .head where position == bytes.count: break
        case .stopped: break
        case .head, .length, .chunks: outcomes.append("incomplete")
        }
    }

    private func take(_ count: Int) {
        body += bytes[position..<position + count]
        position += count
    }

    private func refuse(_ refusal: Refusal) {
        outcomes.append("refuse \(refusal.status) \(refusal.reason)")
        state = .stopped
    }

    private func complete(trailers: [String]) {
        outcomes.append(message + " body=\(Self.quoted(body)) trailers=\(trailers.joined(separator: ","))")
        messageStart = position
        requestParser = RequestHeadParser()
        responseParser = ResponseHeadParser(forRequest: method ?? .get)
        fields.removeAll()
        body = []
        state = .head
    }

    // MARK: Heads

    /// False when the head isn't complete.
    private func readHead(upTo end: Int) -> Bool {
        let bytes = self.bytes
        let source = bytes.span.extracting(messageStart..<end)
        let framing: BodyFraming
        if method != nil {
            switch responseParser.resume(source, limits: limits, into: &fields) {
            case .needsMore: return false
            case .refused(let refusal):
                refuse(refusal)
                return true
            case .parsed(let head):
                message = describe(head, source)
                if written == nil { written = write(head, source) }
                framing = head.framing
                position = messageStart + head.byteCount
            }
        } else {
            switch requestParser.resume(source, limits: limits, into: &fields) {
            case .needsMore: return false
            case .refused(let refusal):
                refuse(refusal)
                return true
            case .parsed(let head):
                message = describe(head, source)
                if written == nil { written = write(head, source) }
                framing = head.framing
                position = messageStart + head.byteCount
            }
        }
        switch framing {
        case .none: complete(trailers: [])
        case .length(let length): state = .length(length)
        case .chunked:
            let bodyBytesMax = method == nil ? UInt64(limits.requestBodyBytesMax) : .max
            state = .chunks(ChunkedScanner(bodyBytesMax: bodyBytesMax, isResponse: method != nil))
        case .untilClose: state = .untilClose
        }
        return true
    }

    private func describe(_ head: RequestHead, _ source: Span<UInt8>) -> String {
        let method = Self.quoted(source, head.methodRange)
        return "accept method=\(method) target=\(Self.quoted(source, head.target)) form=\(head.targetForm)"
            + " path=\(Self.quoted(source, head.path)) query=\(Self.quoted(source, head.query)) host=\(Self.quoted(source, head.host))"
            + " version=\(head.version == .http11 ? "1.1" : "1.0") framing=\(Self.name(head.framing))"
            + " persistent=\(head.isPersistent ? "yes" : "no") expects=\(head.expectsContinue ? "yes" : "no")"
            + " upgrade=\(head.upgradesTo.map { Self.quoted(source, $0) } ?? "none") fields=\(fields.count)"
    }

    private func describe(_ head: ResponseHead, _ source: Span<UInt8>) -> String {
        "accept status=\(head.status) reason=\(Self.quoted(source, head.reason)) version=\(head.version == .http11 ? "1.1" : "1.0")"
            + " framing=\(Self.name(head.framing)) persistent=\(head.isPersistent ? "yes" : "no")"
            + " upgrade=\(head.upgradesTo.map { Self.quoted(source, $0) } ?? "none") fields=\(fields.count)"
    }

    private func write(_ head: RequestHead, _ source: Span<UInt8>) -> [UInt8] {
        let buffer = Buffer(capacity: 8192)
        let peer = Array("203.0.113.7".utf8)
        let identifier = Array("id-1".utf8)
        let host = Array("default.example".utf8)
        HeadWriter.writeRequest(
            head, fields, source: source,
            context: ForwardedContext(peer: peer.span, requestID: identifier.span, defaultHost: host.span), into: buffer)
        return Self.array(buffer.readable)
    }

    private func write(_ head: ResponseHead, _ source: Span<UInt8>) -> [UInt8] {
        let buffer = Buffer(capacity: 8192)
        let authority = Array("a.example".utf8)
        HeadWriter.writeResponse(
            head, fields, source: source, requestVersion: .http11, framing: head.framing, keepAlive: head.isPersistent,
            ownAuthority: authority.span, into: buffer)
        return Self.array(buffer.readable)
    }

    /// The names of the trailers that go on, taken from what is written.
    private func passedOn(_ scanner: ChunkedScanner) -> [String] {
        let buffer = Buffer(capacity: 8192)
        HeadWriter.writeLastChunk(scanner, into: buffer)
        let lines = String(decoding: Self.array(buffer.readable), as: UTF8.self).components(by: "\r\n")
        return lines.dropFirst().filter { !$0.isEmpty }.map { String($0.prefix { $0 != ":" }) }
    }

    // MARK: Text

    private static func name(_ framing: BodyFraming) -> String {
        switch framing {
        case .none: "none"
        case .length(let length): "length:\(length)"
        case .chunked: "chunked"
        case .untilClose: "until_close"
        }
    }

    private static func quoted(_ source: Span<UInt8>, _ range: ByteRange) -> String {
        quoted(array(source.bytes(range)))
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).components(by: " ").joined(separator: "%20")
    }

    static func array(_ span: Span<UInt8>) -> [UInt8] {
        span.indices.map { span[$0] }
    }
}

extension String {
    /// The pieces between occurrences of `separator`, compared by code unit (CRLF is one `Character`).
    func components(by separator: String) -> [String] {
        var pieces: [[UInt8]] = [[]]
        let separator = Array(separator.utf8)
        for byte in utf8 {
            pieces[pieces.count - 1].append(byte)
            if pieces[pieces.count - 1].suffix(separator.count).elementsEqual(separator) {
                pieces[pieces.count - 1].removeLast(separator.count)
                pieces.append([])
            }
        }
        return pieces.map { String(decoding: $0, as: UTF8.self) }
    }
}
