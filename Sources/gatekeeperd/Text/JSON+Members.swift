/// Making and taking apart objects.
extension JSON {
    /// An object of those members that have a value, in this order.
    static func object(of members: (name: String, value: JSON?)...) -> JSON { object(of: members) }

    static func object(of members: [(name: String, value: JSON?)]) -> JSON {
        .object(members.compactMap { member in member.value.map { Member(name: member.name, value: $0) } })
    }

    static func number(_ number: some FixedWidthInteger) -> JSON { .number("\(number)") }

    static func time(_ time: WallTime) -> JSON { .string(time.text) }

    static func strings(_ texts: [String]) -> JSON { .array(texts.map(JSON.string)) }

    /// The value of a member, if this is an object that has it.
    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// A whole number that fits.
    var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    var boolean: Bool? {
        guard case .boolean(let value) = self else { return nil }
        return value
    }

    var texts: [String]? {
        guard case .array(let elements) = self else { return nil }
        return elements.compactMap { element in
            guard case .string(let text) = element else { return nil }
            return text
        }
    }
}
