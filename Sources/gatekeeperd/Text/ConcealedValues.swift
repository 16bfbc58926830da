internal import Synchronization

/// What the environment gave to a configuration by `${NAME}`: remembered, so that nothing that this process writes shows it.
///
/// Messages about a configuration show such a value as the file has it (`Located.written`). This is the second lock: a path or a name that a
/// message of a library or of the kernel carries, however it came there. There are as many as the environment has variables.
enum ConcealedValues {
    /// Shorter ones would be found in words that have nothing to do with them. What is decided by them alone is shown as it is written.
    static let bytesMin = 8

    private static let known = Mutex<[(value: String, written: String)]>([])

    /// Has every text from now on show `written` in the place of `value`. Short values are passed over.
    static func conceal(_ value: String, as written: String) {
        guard value.utf8.count >= bytesMin else { return }
        known.withLock { known in
            guard !known.contains(where: { $0.value == value }) else { return }
            for form in Set([
                value, value.lowercased(), JSON.string(value).text.dropFirst().dropLast().description, Markup.escaped(value),
            ]) {
                known.append((form, written))
            }
            // The longest first: one may be a part of another.
            known.sort { $0.value.utf8.count > $1.value.utf8.count }
        }
    }

    /// The text with every such value as the file has it.
    static func hide(in text: String) -> String {
        known.withLock { known in
            var text = text
            for (value, written) in known where text.contains(value) { text = text.replacing(value, with: written) }
            return text
        }
    }

    /// The same with its values; names are ours.
    static func hide(in json: JSON) -> JSON {
        switch json {
        case .object(let members): .object(members.map { JSON.Member(name: $0.name, value: hide(in: $0.value)) })
        case .array(let elements): .array(elements.map(hide))
        case .string(let text): .string(hide(in: text))
        case .number, .boolean, .null: json
        }
    }
}
