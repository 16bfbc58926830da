internal import Gatekeeper

/// One key of the configuration file: where it stands, how its value is read, what it is for.
///
/// The table of these (`Schema`) is all that knows a key: reading, errors, suggestions and the reference are made from it.
struct Setting: Sendable {
    /// From the root, with dots; `allow[].label` is a key of each element of the list `allow`.
    let path: String
    let rule: Rule
    /// One sentence for the reference.
    let summary: String

    enum Rule: Sendable {
        /// A group of further keys.
        case section
        /// Likewise, or one value in place of them.
        case switchedSection(ScalarRule)
        case scalar(ScalarRule)
        case list(ListRule)
        /// A group of keys that are read together, as an element of a list is; a group among them has its keys behind its name and a dot.
        case group(ListRule)
        /// A group in a list's element, whose keys are those of the group at that path.
        case likeGroup(String)
        /// A key of a list's element; the list's rule reads all of them together. `form` says how the value is written.
        case field(form: String)
        /// Likewise, but the value is a list of plain values; they reach the rule with commas between.
        case fields(form: String)
        /// Likewise, of values that may hold commas: `textSeparator` is between them.
        case texts(form: String)
        /// Part of the contract, but this version can't do it: an error, never silence.
        case notYet

        /// The unit separator, which nobody writes.
        static let textSeparator: Character = "\u{1f}"
    }

    /// The last word of the path.
    var name: String { Self.name(of: path) }

    /// What stands before the last word; empty for a key of the root.
    static func section(of path: String) -> String {
        path.lastIndex(of: ".").map { String(path[..<$0]) } ?? ""
    }

    /// The first word of the path.
    static func root(of path: String) -> String { String(path.prefix { $0 != "." }) }

    static func name(of path: String) -> String {
        path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
    }
}

/// How one value is written and what it sets.
struct ScalarRule: Sendable {
    /// For the reference: `a size, as 32MiB`.
    let form: String
    /// What holds when the key is absent, as it would be written; nil if there is no such value.
    let defaultText: String?
    /// Never repeated, in whatever message.
    var isSecret = false
    let assign: @Sendable (String, ValueContext, inout ConfigurationBuilder) throws(ValueMistake) -> Void
}

/// How the elements of a list are read. An element is a group of keys, or one bare value that stands for the key `bareKey`.
struct ListRule: Sendable {
    let form: String
    let bareKey: String
    /// No bare value says enough.
    var needsKeys = false
    /// Called when the list is begun: what an earlier source said under this key is replaced.
    let begin: @Sendable (inout ConfigurationBuilder) -> Void
    let add: @Sendable (ListElement, inout ConfigurationBuilder) -> [Finding]
}

/// What reading a value depends on besides its text.
struct ValueContext: Sendable {
    var origin: Origin
    /// What relative paths are relative to; empty for the working directory.
    var directory: String
    /// What stands in the file, where the value came by `${NAME}` and mustn't be shown.
    var written: String?
}

/// The keys of one element of a list, all of them known to the schema.
struct ListElement: Sendable {
    var context: ValueContext
    var fields: [String: Located<String>]

    /// What stands in the file of those that came by `${NAME}`; nil if none did.
    var written: String? {
        let written = fields.values.compactMap(\.written).sorted()
        return written.isEmpty ? nil : written.joined(separator: " ")
    }
}

// MARK: The kinds of values

extension ScalarRule {
    /// Where a value goes.
    typealias Target<Value> = any WritableKeyPath<ConfigurationBuilder, Value> & Sendable

    /// Bytes.
    static func size(_ target: Target<Int>, in range: ClosedRange<Int>) -> ScalarRule {
        number(target, in: range, form: "a size", read: Quantity.size, describe: Quantity.describe(bytes:))
    }

    /// Milliseconds.
    static func duration(_ target: Target<Int>, in range: ClosedRange<Int>) -> ScalarRule {
        number(target, in: range, form: "a duration", read: Quantity.duration, describe: Quantity.describe(milliseconds:))
    }

    static func count(_ target: Target<Int>, in range: ClosedRange<Int>) -> ScalarRule {
        number(target, in: range, form: "a number", read: Quantity.count, describe: { "\($0)" })
    }

    static func flag(_ target: Target<Bool>) -> ScalarRule {
        ScalarRule(form: "true or false", defaultText: "\(ConfigurationBuilder()[keyPath: target])") {
            (text, _, builder) throws(ValueMistake) in
            builder[keyPath: target] = try Quantity.flag(text)
        }
    }

    /// So many a second or a minute.
    static func rate(_ target: Target<Rate>, in range: ClosedRange<Int>) -> ScalarRule {
        let limits = "\(range.lowerBound) to \(range.upperBound)"
        return ScalarRule(
            form: "a rate, as N/s or N/m with N from \(limits)", defaultText: Quantity.describe(ConfigurationBuilder()[keyPath: target])
        ) {
            (text, _, builder) throws(ValueMistake) in
            let rate = try Quantity.rate(text)
            guard range.contains(rate.count) else { throw ValueMistake("\(Quantity.quoted(text)) is out of range (\(limits))") }
            builder[keyPath: target] = rate
        }
    }

    /// One of a few words.
    static func choice<Choice: Sendable>(
        _ target: Target<Choice>, _ choices: [(word: String, value: Choice)],
        default defaultText: String
    ) -> ScalarRule {
        let words = choices.map(\.word)
        return ScalarRule(form: words.joined(separator: " or "), defaultText: defaultText) {
            (text, _, builder) throws(ValueMistake) in
            if let choice = choices.first(where: { $0.word == text }) {
                builder[keyPath: target] = choice.value
                return
            }
            let hint = Suggestion.question(about: text, among: words) ?? ""
            throw ValueMistake("\(Quantity.quoted(text)) is not one of \(words.joined(separator: ", "))\(hint)")
        }
    }

    /// So many a second or a minute, or no limit.
    static func rateOrOff(_ target: Target<Rate?>, in range: ClosedRange<Int>) -> ScalarRule {
        let limits = "\(range.lowerBound) to \(range.upperBound)"
        let defaultText = ConfigurationBuilder()[keyPath: target].map { Quantity.describe($0) } ?? "off"
        return ScalarRule(form: "off or a rate, as N/s or N/m with N from \(limits)", defaultText: defaultText) {
            (text, _, builder) throws(ValueMistake) in
            if text == "off" {
                builder[keyPath: target] = nil
                return
            }
            let rate = try Quantity.rate(text)
            guard range.contains(rate.count) else { throw ValueMistake("\(Quantity.quoted(text)) is out of range (off, or \(limits))") }
            builder[keyPath: target] = rate
        }
    }

    /// A file to read, which is kept under its key; relative paths are completed.
    static func file(_ key: String) -> ScalarRule {
        path(\.files[key], form: "the path of a file")
    }

    /// A folder that is made when it isn't there; its parent must be.
    static func folder(_ target: Target<Located<String>?>) -> ScalarRule {
        path(target, form: "the path of a folder")
    }

    static func socket(_ target: Target<Located<String>?>) -> ScalarRule {
        path(target, form: "the path of a UNIX socket")
    }

    private static func path(_ target: Target<Located<String>?>, form: String) -> ScalarRule {
        ScalarRule(form: form, defaultText: nil) { (text, context, builder) throws(ValueMistake) in
            builder[keyPath: target] = Located(
                value: FilePath.complete(text, directory: context.directory), origin: context.origin,
                written: context.written.map { FilePath.complete($0, directory: context.directory) })
        }
    }

    private static func number(
        _ target: Target<Int>, in range: ClosedRange<Int>, form: String,
        read: @escaping @Sendable (String) throws(ValueMistake) -> Int, describe: @escaping @Sendable (Int) -> String
    ) -> ScalarRule {
        let limits = "\(describe(range.lowerBound)) to \(describe(range.upperBound))"
        return ScalarRule(form: "\(form), \(limits)", defaultText: describe(ConfigurationBuilder()[keyPath: target])) {
            (text, _, builder) throws(ValueMistake) in
            let value = try read(text)
            guard range.contains(value) else { throw ValueMistake("\(Quantity.quoted(text)) is out of range (\(limits))") }
            builder[keyPath: target] = value
        }
    }
}
