internal import Synchronization

/// What the environment gave to a configuration by `${NAME}`: remembered, so that nothing that this process writes shows it.
///
/// Messages about a configuration show such a value as the file has it (`Located.written`). This is the second lock: a path or a name that a
/// message of a library or of the kernel carries, however it came there. There are as many as the environment has variables.
enum ConcealedValues {
    /// Shorter ones would be found in words that have nothing to do with them. What is decided by them alone is shown as it is written.
    private static let bytesMin = 8

    private static let known = Mutex<[(value: String, written: String)]>([])

    /// The variable's value for a configuration; nil where it isn't set.
    static func value(of name: String) -> String? {
        let value = Environment.value(of: name)
        if let value { remember(value, as: "${\(name)}") }
        return value
    }

    static func remember(_ value: String, as written: String) {
        // Addresses that are listened on or come in are facts of the network, and scripts compare them.
        guard value.utf8.count >= bytesMin, EntryMistake.isAddress(value) == false else { return }
        known.withLock { known in
            guard !known.contains(where: { $0.value == value }) else { return }
            for form in Set([value, value.lowercased(), JSON.string(value).text.dropFirst().dropLast().description, escaped(value)]) {
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

    static func hide(in bytes: [UInt8]) -> [UInt8] {
        guard known.withLock({ !$0.isEmpty }) else { return bytes }
        return Array(hide(in: String(decoding: bytes, as: UTF8.self)).utf8)
    }

    private static func escaped(_ value: String) -> String {
        var markup = Markup()
        markup.put(value)
        return markup.text
    }
}
