internal import Gatekeeper

/// A JSON text as a value (RFC 8259): for the control socket and the demo's ticket API.
enum JSON: Equatable, Sendable {
    case object([Member])
    case array([JSON])
    case string(String)
    /// As it was written: nothing here calculates.
    case number(String)
    case boolean(Bool)
    case null

    struct Member: Equatable, Sendable {
        var name: String
        var value: JSON
    }

    /// The member's string, if this is an object that has one.
    func string(_ name: String) -> String? {
        guard case .object(let members) = self, case .string(let text)? = members.first(where: { $0.name == name })?.value else {
            return nil
        }
        return text
    }

    /// On one line, without spaces.
    var text: String {
        switch self {
        case .object(let members): "{" + members.map { "\(Self.quote($0.name)):\($0.value.text)" }.joined(separator: ",") + "}"
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .string(let text): Self.quote(text)
        case .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        }
    }

    private static func quote(_ text: String) -> String {
        "\"\(JSONText.escaped(text))\""
    }
}
