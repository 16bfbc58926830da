/// Which values a configuration has from the environment.
extension ConcealedValues {
    /// Words that we say of ourselves, which stand in keys, kinds and commands that scripts and people repeat: concealed, they would make
    /// our own texts unreadable.
    private static let ownWords: Set<String> = {
        let texts = Schema.settings.flatMap { [$0.path, $0.summary] } + Problem.Kind.allCases.map(\.rawValue)
        let words = texts.flatMap { $0.lowercased().split { !$0.isLetter }.map(String.init) }
        return Set(words.filter { $0.utf8.count >= bytesMin }).union(["gatekeeper", "gatekeeperd"])
    }()

    /// The variable's value for a configuration; nil where it isn't set.
    static func value(of name: String) -> String? {
        let value = Environment.value(of: name)
        if let value { remember(value, as: "${\(name)}") }
        return value
    }

    static func remember(_ value: String, as written: String) {
        // Addresses that are listened on or come in are facts of the network, and scripts compare them.
        guard !EntryMistake.isAddress(value), !ownWords.contains(value.lowercased()) else { return }
        conceal(value, as: written)
    }
}
