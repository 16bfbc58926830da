/// What the library knows of a command, out of what it dumps for tools.
struct CommandFacts {
    var name: String
    var isShown: Bool
    /// A sentence with its full stop.
    var abstract: String
    var paragraphs: [String]
    var examples: [String]
    var arguments: [ArgumentFacts]

    init?(_ command: JSON) {
        guard let name = command.string("commandName") else { return nil }
        self.name = name
        isShown = command["shouldDisplay"]?.boolean ?? true
        abstract = command.string("abstract") ?? ""
        let parts = HelpText.parts(of: command.string("discussion") ?? "")
        paragraphs = parts.text.split(separator: "\n").map(String.init)
        examples = parts.examples
        guard case .array(let arguments)? = command["arguments"] else { return nil }
        self.arguments = arguments.compactMap(ArgumentFacts.init)
    }

    /// Of the manual.
    var page: String { "gatekeeperd-\(name)" }

    /// The abstract as whatis shows it: the beginning of a sentence in the midst of a line.
    var purpose: String {
        let text = abstract.replacing("`", with: "")
        return text.prefix(1).lowercased() + text.dropFirst().trimmingFullStop
    }
}

/// One argument, option or flag of a command.
struct ArgumentFacts {
    private var names: [String]
    private var isOptional: Bool
    private var isRepeating: Bool
    /// Nil for a flag.
    private var value: String?
    private var isPositional: Bool
    private var abstract: String
    private var defaultValue: String?

    init?(_ argument: JSON) {
        guard argument["shouldDisplay"]?.boolean ?? true, let kind = argument.string("kind") else { return nil }
        isPositional = kind == "positional"
        isOptional = argument["isOptional"]?.boolean ?? false
        isRepeating = argument["isRepeating"]?.boolean ?? false
        value = kind == "flag" ? nil : argument.string("valueName")
        abstract = argument.string("abstract") ?? ""
        defaultValue = argument.string("defaultValue")
        names = []
        guard case .array(let list)? = argument["names"] else { return }
        names = list.compactMap { name in name.string("name").map { (name.string("kind") == "short" ? "-" : "--") + $0 } }
    }

    /// Those that every command has aren't worth a place there.
    var isInSynopsis: Bool { !names.contains("--help") && !names.contains("--version") }

    private var valueSpans: [Roff.Span] { value.map { [.italic($0)] } ?? [] }

    /// `-c file, --config file`.
    var term: [Roff.Span] {
        if isPositional { return valueSpans }
        return Array(names.map { [.bold($0)] + (value == nil ? [] : [.plain(" ")] + valueSpans) }.joined(separator: [.plain(", ")]))
    }

    /// `[--config file]`.
    var synopsis: [Roff.Span] {
        let name: [Roff.Span] = isPositional ? [] : [.bold(names.last ?? "")] + (value == nil ? [] : [.plain(" ")])
        let core = name + valueSpans
        let repetition: [Roff.Span] = isRepeating ? [.plain(" ...")] : []
        return isOptional ? [.plain("[")] + core + repetition + [.plain("]")] : core + repetition
    }

    var text: String {
        let text = abstract.isEmpty || abstract.hasSuffix(".") ? abstract : abstract + "."
        return defaultValue.map { "\(text) Default: `\($0)`." } ?? text
    }
}

extension StringProtocol {
    /// Without the full stop at its end.
    fileprivate var trimmingFullStop: String { hasSuffix(".") ? String(dropLast()) : String(self) }
}
