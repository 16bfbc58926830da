/// Requests that are let through: some methods on some paths.
///
/// ```
///   /api/tickets.json            this path
///   /REST/2.0/ticket/{id}        {…} is exactly one segment, whatever its name
///   /REST/2.0/**                 what lies under /REST/2.0/, at any depth, and that itself with its slash
/// ```
///
/// A trailing slash counts: `/api` and `/api/` are two paths.
public struct Route: Sendable, Equatable {
    /// The path as the route has it.
    public let pattern: String
    /// What messages call it where path or methods mustn't be shown; nil for what they are.
    public var shown: String?
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
        if text.hasPrefix("{"), text.hasSuffix("}") {
            guard text.utf8.count > 2, !text.dropFirst().dropLast().contains(where: { "{}".contains($0) }) else {
                throw SyntaxError(description: "{…} holds the name of one segment, as {id}")
            }
            return .any
        }
        guard !text.contains(where: { "{}*?#".contains($0) }) else {
            throw SyntaxError(
                description: "\"\(text)\" is neither a segment nor {name} as a whole; ** is for the end, and the query isn't matched")
        }
        // An empty one at the end is the slash that the pattern ends with.
        guard !text.isEmpty || isLast else { throw SyntaxError(description: "a path has no empty segments") }
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
        return .literal(literal)
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
            }
        }
        guard coversRest else { return index == path.count }
        return segments.isEmpty || index < path.count
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
    /// The methods, if not every one is meant, and the pattern as written.
    public var description: String {
        if let shown { return shown }
        guard let methods else { return pattern }
        return methods.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",") + " " + pattern
    }
}
