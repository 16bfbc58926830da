import Foundation

/// Takes HTTP/1.1 messages apart, for both ends of the tests. Written apart from the daemon's parser and much simpler, so that neither
/// can hide the other's mistake.
final class MessageReader {
    typealias Source = () -> Received

    private var buffer: [UInt8] = []
    private var start = 0

    /// What was read and not yet asked for.
    func takeBuffered() -> [UInt8] {
        defer {
            buffer = []
            start = 0
        }
        return Array(buffer[start...])
    }

    func response(to method: String, from source: Source) throws -> RawMessage {
        var message = RawMessage(head: try head(from: source) ?? { throw Failure("the stream ended before a response") }())
        let status = message.status
        if method == "HEAD" || status < 200 || status == 204 || status == 304 { return message }
        var body: [UInt8] = []
        if message["transfer-encoding"]?.lowercased() == "chunked" {
            try chunked(&message, from: source) { body += $0 }
        } else if let length = message["content-length"] {
            guard let count = Int(length) else { throw Failure("Content-Length: \(length)") }
            try exactly(count, from: source) { body += $0 }
        } else {
            try toEnd(from: source) { body += $0 }
        }
        message.body = body
        message.bodyCount = body.count
        return message
    }

    /// The next head, or nil if the stream ends (or was reset) instead.
    func head(from source: Source) throws -> String? {
        while true {
            if let end = endOfHead() {
                defer { start = end }
                return String(decoding: buffer[start..<end], as: UTF8.self)
            }
            switch source() {
            case .bytes(let bytes): append(bytes)
            case .ended(.timedOut): throw Failure("no head in time; so far: \(String(decoding: buffer[start...], as: UTF8.self))")
            case .ended(let ending):
                if start == buffer.count { return nil }
                throw Failure("the stream ended (\(ending)) within a head: \(String(decoding: buffer[start...], as: UTF8.self))")
            }
        }
    }

    /// Hands on exactly `count` bytes, in the pieces that they came in.
    func exactly(_ count: Int, from source: Source, _ take: (ArraySlice<UInt8>) throws -> Void) throws {
        var missing = count
        while missing > 0 {
            if start == buffer.count { try fill(from: source, "within a body, \(missing) bytes before its end") }
            let piece = buffer[start..<min(buffer.count, start + missing)]
            try take(piece)
            missing -= piece.count
            start = piece.endIndex
        }
    }

    /// Hands on the data of a chunked body; counts its chunks and keeps its trailers in `message`.
    func chunked(_ message: inout RawMessage, from source: Source, _ take: (ArraySlice<UInt8>) throws -> Void) throws {
        while true {
            let header = try line(from: source)
            guard let size = Int(header.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces), radix: 16) else {
                throw Failure("chunk header “\(header)”")
            }
            if size == 0 { break }
            message.chunkCount += 1
            try exactly(size, from: source, take)
            guard try line(from: source).isEmpty else { throw Failure("a chunk of \(size) bytes doesn't end where it says") }
        }
        var lines: [String] = []
        while case let line = try line(from: source), !line.isEmpty { lines.append(line) }
        message.trailers = RawMessage.fields(in: lines)
    }

    private func toEnd(from source: Source, _ take: (ArraySlice<UInt8>) throws -> Void) throws {
        while true {
            try take(buffer[start...])
            start = buffer.count
            switch source() {
            case .bytes(let bytes): append(bytes)
            case .ended(.fin), .ended(.closeNotify): return
            case .ended(let ending): throw Failure("the stream ended (\(ending)) within a body without length")
            }
        }
    }

    private func line(from source: Source) throws -> String {
        while true {
            if let end = buffer[start...].firstIndex(of: 10) {
                defer { start = end + 1 }
                guard end > start, buffer[end - 1] == 13 else { throw Failure("a line that ends without CR") }
                return String(decoding: buffer[start..<(end - 1)], as: UTF8.self)
            }
            try fill(from: source, "within a line")
        }
    }

    private func fill(from source: Source, _ place: String) throws {
        switch source() {
        case .bytes(let bytes): append(bytes)
        case .ended(let ending): throw Failure("the stream ended (\(ending)) \(place)")
        }
    }

    private func append(_ bytes: [UInt8]) {
        if start == buffer.count {
            buffer = bytes
        } else {
            buffer.removeFirst(start)
            buffer += bytes
        }
        start = 0
    }

    /// Behind the first empty line, or nil.
    private func endOfHead() -> Int? {
        let bytes = buffer[start...]
        var from = bytes.startIndex
        while let newline = bytes[from...].firstIndex(of: 10) {
            if newline - start >= 3, bytes[(newline - 3)...newline].elementsEqual([13, 10, 13, 10]) { return newline + 1 }
            from = newline + 1
        }
        return nil
    }
}
