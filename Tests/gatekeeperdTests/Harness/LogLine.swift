import Foundation

/// One line that the daemon wrote: the text as it was, and its fields.
struct LogLine: Sendable, CustomStringConvertible {
    let text: String
    /// Nil if the line isn't one JSON object.
    let fields: [String: JSONValue]?

    init(_ text: String) {
        self.text = text
        fields = try? JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))
    }

    var description: String { text }
    var event: String? { self["event"] }
    var reason: String? { self["reason"] }
    var peer: String? { self["peer"] }

    /// The field, if it is a string.
    subscript(name: String) -> String? {
        if case .string(let value)? = fields?[name] { value } else { nil }
    }

    /// The field, if it is a number.
    func number(_ name: String) -> Int? {
        if case .number(let value)? = fields?[name] { Int(value) } else { nil }
    }
}
