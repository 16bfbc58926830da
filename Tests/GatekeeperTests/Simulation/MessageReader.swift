/// Reads HTTP/1.1 messages as strictly as RFC 9112 writes them, without a line of the core's: what the peers of a simulation understand.
struct MessageReader {
    struct Head {
        var start: String
        /// Names in lower case.
        var fields: [(name: String, value: String)]

        func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        var words: [String] { start.split(separator: " ", omittingEmptySubsequences: false).map(String.init) }
        /// Of a response.
        var status: Int { words.count > 1 ? Int(words[1]) ?? 0 : 0 }
    }

    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    enum Event {
        case head(Head)
        case body([UInt8])
        /// The message is complete.
        case end
        case malformed(String)
    }

    private enum State {
        case head
        case length(Int)
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case untilClose
        case broken
    }

    private var queue: [UInt8] = []
    private var start = 0
    private var state = State.head

    /// Nothing of a message has come.
    var isBetweenMessages: Bool { if case .head = state { unread == 0 } else { false } }
    /// A message lasts until its connection ends.
    var isUntilClose: Bool { if case .untilClose = state { true } else { false } }
    var unread: Int { queue.count - start }

    mutating func append(_ bytes: [UInt8]) { queue += bytes }

    /// Forgets what hasn't been read.
    mutating func discard() {
        queue = []
        start = 0
    }

    /// What comes next; nil when more is needed.
    ///
    /// - Parameter framing: of the message that has this head.
    mutating func next(_ framing: (Head) -> Framing?) -> Event? {
        switch state {
        case .broken: return nil
        case .head: return takeHead(framing)
        case .length(0):
            state = .head
            return .end
        case .length(let left):
            let bytes = take(left)
            guard !bytes.isEmpty else { return nil }
            state = .length(left - bytes.count)
            return .body(bytes)
        case .untilClose:
            let bytes = take(unread)
            return bytes.isEmpty ? nil : .body(bytes)
        case .chunkSize:
            guard let line = takeLine() else { return nil }
            guard let size = Int(line, radix: 16), size >= 0, !line.isEmpty, line.allSatisfy(\.isHexDigit) else {
                return fail("chunk of \(line)")
            }
            state = size == 0 ? .trailers : .chunk(size)
            return next(framing)
        case .chunk(let left):
            let bytes = take(left)
            guard !bytes.isEmpty else { return nil }
            state = left == bytes.count ? .chunkEnd : .chunk(left - bytes.count)
            return .body(bytes)
        case .chunkEnd:
            guard let line = takeLine() else { return nil }
            guard line.isEmpty else { return fail("behind a chunk \(line)") }
            state = .chunkSize
            return next(framing)
        case .trailers:
            guard let line = takeLine() else { return nil }
            guard line.isEmpty else { return next(framing) }
            state = .head
            return .end
        }
    }

    private mutating func takeHead(_ framing: (Head) -> Framing?) -> Event? {
        guard let end = findHeadEnd() else { return nil }
        let text = String(decoding: queue[start..<end], as: UTF8.self)
        start = end + 4
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        guard !lines.isEmpty else { return fail("no start line") }
        let first = lines.removeFirst()
        var fields: [(name: String, value: String)] = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { return fail("field \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields.append((line[..<colon].lowercased(), String(value)))
        }
        let head = Head(start: first, fields: fields)
        switch framing(head) {
        case nil: return fail("head \(first)")
        case .none?: state = .length(0)
        case .length(let count): state = .length(count)
        case .chunked: state = .chunkSize
        case .untilClose: state = .untilClose
        }
        return .head(head)
    }

    private mutating func fail(_ text: String) -> Event {
        state = .broken
        return .malformed(text)
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        let bytes = Array(queue[start..<start + min(count, unread)])
        start += bytes.count
        if start == queue.count { discard() }
        return bytes
    }

    private mutating func takeLine() -> String? {
        var index = start
        while index + 1 < queue.count {
            if queue[index] == 13, queue[index + 1] == 10 {
                let line = String(decoding: queue[start..<index], as: UTF8.self)
                start = index + 2
                return line
            }
            index += 1
        }
        return nil
    }

    private func findHeadEnd() -> Int? {
        var index = start
        while index + 3 < queue.count {
            if queue[index] == 13, queue[index + 1] == 10, queue[index + 2] == 13, queue[index + 3] == 10 { return index }
            index += 1
        }
        return nil
    }

    // MARK: Framing

    static func request(_ head: Head) -> Framing? {
        guard head.words.count == 3, head.words[2] == "HTTP/1.1" else { return nil }
        return declared(head) ?? Framing.none
    }

    static func response(_ head: Head, to method: String) -> Framing? {
        guard head.start.hasPrefix("HTTP/1."), (100...599).contains(head.status) else { return nil }
        if head.status < 200 || head.status == 204 || head.status == 304 || method == "HEAD" { return Framing.none }
        return declared(head) ?? .untilClose
    }

    private static func declared(_ head: Head) -> Framing? {
        if let coding = head.value("transfer-encoding") { return coding == "chunked" ? .chunked : nil }
        return head.value("content-length").flatMap { Int($0) }.map { .length($0) }
    }
}
