/// Where something stands in a JSON text: names behind one another and `[*]` for every element, as `$.prefixes[*].ip_prefix`. The part of
/// JSONPath (RFC 9535) that lists of addresses need.
struct JSONPath: Equatable, Sendable {
    private let steps: [Step]

    private enum Step: Equatable, Sendable {
        case member(String)
        case elements
    }

    private static let bytesMax = 200

    init(_ text: String) throws(ValueMistake) {
        let form = "a path is names with dots between them and [*] for every element, as addresses or $.prefixes[*].ip_prefix"
        guard text.utf8.count <= Self.bytesMax else { throw ValueMistake(form) }
        var rest = text[...]
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        var steps: [Step] = []
        var isFirst = true
        while !rest.isEmpty {
            if rest.hasPrefix("[*]") {
                steps.append(.elements)
                rest = rest.dropFirst(3)
            } else {
                if rest.hasPrefix(".") { rest = rest.dropFirst() } else if !isFirst || text.hasPrefix("$") { throw ValueMistake(form) }
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
                guard !name.isEmpty else { throw ValueMistake(form) }
                steps.append(.member(String(name)))
                rest = rest.dropFirst(name.count)
            }
            isFirst = false
        }
        self.steps = steps
    }

    /// What stands there, in order; where it is a list at last, its elements. Elements that have no such member are passed over.
    func values(in json: JSON) -> [JSON] {
        var found = [json]
        for step in steps {
            found = found.flatMap { value -> [JSON] in
                switch step {
                case .member(let name): return value[name].map { [$0] } ?? []
                case .elements:
                    guard case .array(let elements) = value else { return [] }
                    return elements
                }
            }
        }
        return found.flatMap { value -> [JSON] in if case .array(let elements) = value { elements } else { [value] } }
    }
}
