/// Requests that are let through: some methods on some paths.
///
/// ```
///   /api/tickets.json            this path
///   /REST/2.0/ticket/{id}        {…} is exactly one segment, whatever its name
///   /issues/{id}.json            likewise, of those that end so
///   /REST/2.0/**                 what lies under /REST/2.0/, at any depth, and that itself with its slash
/// ```
///
/// A trailing slash counts: `/api` and `/api/` are two paths.
public struct Route: Sendable, Equatable {
    /// The path as the route has it.
    public let pattern: String
    /// What messages call it where a part of it mustn't be shown; nil for what it is.
    public var shown: String?
    /// What brought it, beside the place where it is written (`preset osticket: shown, …`); nil for an admin's own.
    public var provenance: String?
    /// Labels of the allow-list: it is for the sources that an entry with one of them admitted. Nil for everybody.
    public var from: [String]?
    /// Which keys the query may have; nil for any query.
    public var query: QueryRule?
    /// Nil for every method. `GET` brings `HEAD` with it, which asks for less (RFC 9110 §9.3.2).
    let methods: [[UInt8]]?
    /// Letters of ASCII alone are folded; what is sent is what came.
    let isCaseSensitive: Bool
    let segments: [Segment]
    /// The pattern ends with `/**`.
    let coversRest: Bool

    enum Segment: Sendable, Equatable {
        /// In normal form, folded if case doesn't count.
        case literal([UInt8])
        case any
        /// Anything and then this, likewise in normal form.
        case ending([UInt8])
    }

    public struct SyntaxError: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter methods: nil or empty for every method.
    public init(methods: [String]?, path pattern: String, isCaseSensitive: Bool = true) throws(SyntaxError) {
        self.pattern = pattern
        self.isCaseSensitive = isCaseSensitive
        self.methods = try methods.map { (names) throws(SyntaxError) in try Self.expand(names) }
        guard pattern.hasPrefix("/") else { throw SyntaxError(description: "a path begins with /") }
        var parts = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        coversRest = parts.last == "**"
        if coversRest { parts.removeLast() }
        var segments: [Segment] = []
        for (index, part) in parts.enumerated() {
            segments.append(try Self.segment(part, isLast: index == parts.count - 1 && !coversRest, folds: !isCaseSensitive))
        }
        self.segments = segments
    }

    private static func expand(_ names: [String]) throws(SyntaxError) -> [[UInt8]] {
        var methods: [[UInt8]] = []
        for name in names {
            guard !name.isEmpty, name.utf8.allSatisfy(ByteClass.token.contains) else {
                throw SyntaxError(description: "\"\(name)\" is not a method")
            }
            guard name == name.uppercased() else {
                throw SyntaxError(description: "methods are written in capitals, as \(name.uppercased())")
            }
            methods.append(Array(name.utf8))
            if name == "GET" { methods.append(Array("HEAD".utf8)) }
        }
        return methods
    }

    private static func segment(_ text: String, isLast: Bool, folds: Bool) throws(SyntaxError) -> Segment {
        if text.hasPrefix("{"), let end = text.firstIndex(of: "}") {
            let (name, rest) = (text[..<end].dropFirst(), text[text.index(after: end)...])
            guard !name.isEmpty, !name.contains("{"), !rest.contains(where: { "{}".contains($0) }) else {
                throw SyntaxError(description: "{…} holds the name of one segment, as {id}")
            }
            return rest.isEmpty ? .any : .ending(try literal(String(rest), folds: folds))
        }
        // An empty one at the end is the slash that the pattern ends with.
        guard !text.isEmpty || isLast else { throw SyntaxError(description: "a path has no empty segments") }
        return .literal(try literal(text, folds: folds))
    }

    /// A segment, or the end of one, as it is matched.
    private static func literal(_ text: String, folds: Bool) throws(SyntaxError) -> [UInt8] {
        guard !text.contains(where: { "{}*?#".contains($0) }) else {
            throw SyntaxError(
                description: "\"\(text)\" is neither a segment nor {name} as a whole; ** is for the end, and the query has a key of its own"
            )
        }
        let bytes = Array("/\(text)".utf8)
        guard PathNormalForm.isUnambiguous(bytes.span), bytes.allSatisfy(ByteClass.path.contains) else {
            throw SyntaxError(description: "\"\(text)\" can be read in more than one way, so no request for it is let through")
        }
        var literal: [UInt8] = []
        var index = 1
        while index < bytes.count {
            guard let byte = PathNormalForm.decoded(bytes.span, at: &index) else { break }
            literal.append(folds ? fold(byte) : byte)
        }
        return literal
    }

    /// A letter of ASCII in lower case.
    static func fold(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

extension Route {
    /// Whether this route lets a path through, which is known to be unambiguous. Looks at each byte once, and stops at the first that differs.
    func matches(_ path: Span<UInt8>) -> Bool {
        var index = min(1, path.count)
        for (number, segment) in segments.enumerated() {
            if number > 0 {
                guard index < path.count else { return false }
                index += 1
            }
            switch segment {
            case .any:
                let start = index
                while index < path.count, path[index] != UInt8(ascii: "/") { index += 1 }
                guard index > start else { return false }
            case .literal(let bytes):
                for expected in bytes {
                    guard index < path.count, path[index] != UInt8(ascii: "/"), let byte = PathNormalForm.decoded(path, at: &index),
                        (isCaseSensitive ? byte : Self.fold(byte)) == expected
                    else { return false }
                }
                guard index == path.count || path[index] == UInt8(ascii: "/") else { return false }
            case .ending(let bytes):
                let start = index
                while index < path.count, path[index] != UInt8(ascii: "/") { index += 1 }
                guard endsSegment(path.extracting(start..<index), with: bytes) else { return false }
            }
        }
        guard coversRest else { return index == path.count }
        return segments.isEmpty || index < path.count
    }

    /// Whether a segment has something and then these bytes.
    func endsSegment(_ segment: Span<UInt8>, with bytes: [UInt8]) -> Bool {
        var length = 0
        var index = 0
        while index < segment.count {
            guard PathNormalForm.decoded(segment, at: &index) != nil else { return false }
            length += 1
        }
        guard length > bytes.count else { return false }
        var skipped = length - bytes.count
        var matched = 0
        index = 0
        while index < segment.count, let byte = PathNormalForm.decoded(segment, at: &index) {
            if skipped > 0 {
                skipped -= 1
                continue
            }
            guard (isCaseSensitive ? byte : Self.fold(byte)) == bytes[matched] else { return false }
            matched += 1
        }
        return true
    }

    /// Whether it is for a source that was admitted by an entry with this label, or by one that no `from` names (nil).
    public func isFor(_ label: String?) -> Bool {
        guard let from else { return true }
        return label.map(from.contains) ?? false
    }

    func allows(method: Span<UInt8>) -> Bool {
        guard let methods else { return true }
        for allowed in methods where allowed.count == method.count {
            var isSame = true
            for index in allowed.indices where allowed[index] != method[index] { isSame = false }
            if isSame { return true }
        }
        return false
    }
}

extension Route: CustomStringConvertible {
    /// The methods, if not every one is meant, the pattern as written, and what else it asks for.
    public var description: String {
        if let shown { return shown }
        let names = methods.map { $0.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",") + " " } ?? ""
        return names + pattern + Self.conditions(from: from, query: query?.description)
    }

    /// What a description ends with.
    public static func conditions(from: [String]?, query: String?) -> String {
        (from.map { " from \($0.joined(separator: ", "))" } ?? "") + (query.map { " with the query's keys \($0)" } ?? "")
    }
}
