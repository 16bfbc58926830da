/// Finds requests in the bytes of a connection, for the demo's ticket API: HTTP/1.1 with `Content-Length` or chunked bodies.
///
/// Bytes in, outcomes out; the caller owns the socket. What arrives has passed the gate, but the rule holds here too: refuse what
/// isn't understood, bound everything.
struct TicketRequestReader {
    static let headBytesMax = 32 << 10
    static let bodyBytesMax = 8 << 20

    enum Outcome: Equatable {
        /// Feed more bytes.
        case needsMore
        /// The peer waits for a word before it sends the body (RFC 9110 §10.1.1); said once a request.
        case expectsContinue
        case request(TicketRequest)
        /// Answer this and close.
        case refused(status: Int, detail: String)
    }

    private var bytes: [UInt8] = []
    private var head: Head?
    private var hasPromisedContinue = false

    private struct Head {
        var request: TicketRequest
        var framing: Framing
        var expectsContinue = false
    }

    private enum Framing {
        case length(Int)
        case chunked
    }

    mutating func feed(_ more: [UInt8]) {
        bytes += more
    }

    mutating func next() -> Outcome {
        if head == nil {
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
                return bytes.count > Self.headBytesMax ? .refused(status: 431, detail: "The head is too long.") : .needsMore
            }
            do throws(Refusal) {
                head = try Self.parse(Array(bytes[..<end.lowerBound]))
            } catch {
                return .refused(status: error.status, detail: error.detail)
            }
            bytes.removeSubrange(..<end.upperBound)
        }
        guard let head else { return .needsMore }
        do throws(Refusal) {
            guard let body = try takeBody(head.framing) else {
                guard head.expectsContinue, !hasPromisedContinue, bytes.isEmpty else { return .needsMore }
                hasPromisedContinue = true
                return .expectsContinue
            }
            var request = head.request
            request.body = body
            self.head = nil
            hasPromisedContinue = false
            return .request(request)
        } catch {
            return .refused(status: error.status, detail: error.detail)
        }
    }

    private struct Refusal: Error {
        var status: Int
        var detail: String
    }

    // MARK: The head

    private static func parse(_ bytes: [UInt8]) throws(Refusal) -> Head {
        guard bytes.count <= headBytesMax else { throw Refusal(status: 431, detail: "The head is too long.") }
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0", words[1].hasPrefix("/") else {
            throw Refusal(status: 400, detail: "The request line is malformed.")
        }
        var head = Head(request: TicketRequest(method: String(words[0]), target: String(words[1])), framing: .length(0))
        head.request.isKeepAlive = words[2] == "HTTP/1.1"
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw Refusal(status: 400, detail: "A field is malformed.")
            }
            let value = line[line.index(after: colon)...].trimming { $0 == " " || $0 == "\t" }
            try apply(line[..<colon].lowercased(), String(value), to: &head)
        }
        return head
    }

    private static func apply(_ name: String, _ value: String, to head: inout Head) throws(Refusal) {
        switch name {
        case "content-length":
            guard case .length(0) = head.framing, let count = Int(value), count >= 0, "\(count)" == value else {
                throw Refusal(status: 400, detail: "Content-Length is malformed.")
            }
            guard count <= bodyBytesMax else { throw tooLarge }
            head.framing = .length(count)
        case "transfer-encoding":
            guard case .length(0) = head.framing, value.lowercased() == "chunked" else {
                throw Refusal(status: 501, detail: "The only transfer coding known here is chunked.")
            }
            head.framing = .chunked
        case "expect": head.expectsContinue = value.lowercased() == "100-continue"
        case "connection":
            if value.lowercased() == "close" { head.request.isKeepAlive = false }
        case "content-type": head.request.contentType = value
        case "x-forwarded-for": head.request.source = value
        default: break
        }
    }

    // MARK: The body

    /// The whole body, nil until all of it is there.
    private mutating func takeBody(_ framing: Framing) throws(Refusal) -> [UInt8]? {
        switch framing {
        case .length(let count):
            guard bytes.count >= count else { return nil }
            defer { bytes.removeSubrange(..<count) }
            return Array(bytes[..<count])
        case .chunked:
            guard let (body, end) = try dechunk() else { return nil }
            bytes.removeSubrange(..<end)
            return body
        }
    }

    /// From the beginning each time: bodies here are small, and the whole of one is held anyway.
    private func dechunk() throws(Refusal) -> (body: [UInt8], end: Int)? {
        var body: [UInt8] = []
        var position = 0
        while let (line, next) = line(at: position) {
            let digits = line.prefix { $0 != ";" }
            guard digits.allSatisfy(\.isHexDigit), let size = Int(digits, radix: 16) else {
                throw Refusal(status: 400, detail: "A chunk is malformed.")
            }
            guard size <= Self.bodyBytesMax - body.count else { throw Self.tooLarge }
            if size == 0 { return trailerEnd(from: next).map { (body, $0) } }
            guard bytes.count - next >= size + 2 else { return nil }
            body += bytes[next..<next + size]
            guard bytes[next + size] == 0x0d, bytes[next + size + 1] == 0x0a else {
                throw Refusal(status: 400, detail: "A chunk is malformed.")
            }
            position = next + size + 2
        }
        guard bytes.count - position <= Self.headBytesMax else { throw Refusal(status: 400, detail: "A chunk is malformed.") }
        return nil
    }

    private func trailerEnd(from start: Int) -> Int? {
        var position = start
        while let (line, next) = line(at: position) {
            if line.isEmpty { return next }
            position = next
        }
        return nil
    }

    /// The line that begins at `start`, and where the next one begins.
    private func line(at start: Int) -> (text: String, next: Int)? {
        guard let end = bytes[start...].firstIndex(of: 0x0a), end > start, bytes[end - 1] == 0x0d else { return nil }
        return (String(decoding: bytes[start..<end - 1], as: UTF8.self), end + 1)
    }

    private static let tooLarge = Refusal(status: 413, detail: "The body is larger than \(Quantity.describe(bytes: bodyBytesMax)).")
}

extension Substring {
    /// Without the characters at both ends that satisfy `isOuter`.
    fileprivate func trimming(_ isOuter: (Character) -> Bool) -> Substring {
        guard let last = lastIndex(where: { !isOuter($0) }) else { return "" }
        return self[...last].drop(while: isOuter)
    }
}
