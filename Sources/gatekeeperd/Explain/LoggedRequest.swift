internal import Gatekeeper

/// A request as a line of an access log tells it: our own lines, as JSON and as text, and the combined format of nginx and Apache.
struct LoggedRequest: Equatable, Sendable {
    var peer: String
    var method: String
    /// With its query, where the log has that.
    var target: String

    enum Line: Equatable {
        case request(LoggedRequest)
        /// Of something else that our log tells.
        case other
        case unreadable
    }

    static func read(_ line: [UInt8]) -> Line {
        guard let first = line.first(where: { $0 > 0x20 }) else { return .other }
        if first == UInt8(ascii: "{") { return json(line) }
        guard let text = String(validating: line, as: UTF8.self) else { return .unreadable }
        return text.contains(" - ") || text.contains("] \"") ? combined(text) : own(text)
    }

    private static func json(_ line: [UInt8]) -> Line {
        guard let json = JSONReader.read(line), let event = json.string("event") else { return .unreadable }
        guard event == "request" || event == "refused" else { return .other }
        guard let peer = json.string("peer"), let method = json.string("method"), let target = json.string("path") else {
            return .unreadable
        }
        return request(peer, method, target)
    }

    /// `2026-11-25T17:00:00.123Z request 203.0.113.9 at 0.0.0.0:443: POST /api/tickets.json 201 stage=proxy …`
    private static func own(_ text: String) -> Line {
        // With a severity in front, as journald takes it.
        let body = text.first == "<" ? text.drop { $0 != ">" }.dropFirst() : text[...]
        let words = body.split(separator: " ", maxSplits: 3)
        guard words.count == 4, words[0].hasSuffix("Z"), words[0].contains("T") else { return .unreadable }
        guard words[1] == "request" || words[1] == "refused" else { return .other }
        guard let mark = words[3].firstRange(of: ": ") else { return .unreadable }
        let facts = words[3][mark.upperBound...].split(separator: " ", maxSplits: 1)
        guard facts.count == 2, let target = target(facts[1]) else { return .unreadable }
        return request(String(words[2]), String(facts[0]), target)
    }

    /// A word, or what stands in quotes as in JSON; nil where these don't end.
    private static func target(_ text: Substring) -> String? {
        guard text.first == "\"" else { return String(text.prefix { $0 != " " }) }
        var isEscaped = false
        for index in text.utf8.indices.dropFirst() {
            let byte = text.utf8[index]
            if !isEscaped, byte == UInt8(ascii: "\"") {
                guard case .string(let quoted)? = JSONReader.read(Array(text.utf8[...index])) else { return nil }
                return quoted
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return nil
    }

    /// `203.0.113.9 - - [25/Nov/2026:17:00:00 +0000] "POST /api/tickets.json HTTP/1.1" 201 …`
    private static func combined(_ text: String) -> Line {
        let peer = text.prefix { $0 != " " }
        guard let open = text.firstRange(of: "] \"") else { return .unreadable }
        let rest = text[open.upperBound...]
        guard let close = rest.firstRange(of: "\" ") else { return .unreadable }
        let words = rest[..<close.lowerBound].split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/") else { return .unreadable }
        return request(String(peer), String(words[0]), String(words[1]))
    }

    /// Of a target that the log has cut nobody knows the rest.
    private static func request(_ peer: String, _ method: String, _ target: String) -> Line {
        guard !method.isEmpty, !target.hasSuffix("…") else { return .unreadable }
        return .request(LoggedRequest(peer: peer, method: method, target: target.isEmpty ? "/" : target))
    }
}
