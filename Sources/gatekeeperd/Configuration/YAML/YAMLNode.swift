/// A line and column in a file, both counted from 1; columns count characters, as editors do.
struct SourcePosition: Equatable, Sendable {
    var line: Int
    var column: Int

    static var start: SourcePosition { SourcePosition(line: 1, column: 1) }
}

/// A piece of a YAML file and where it stands.
///
/// Scalars are text: what they mean is decided by the key they stand under, so that `no`, `022` and `1:30` are never guessed at.
struct YAMLNode: Equatable, Sendable {
    var content: Content
    var position: SourcePosition

    enum Content: Equatable, Sendable {
        case scalar(String)
        /// Nothing at all after a key or a dash: not even an empty string in quotes.
        case absent
        case sequence([YAMLNode])
        /// In the order of the file, no key twice.
        case mapping([Entry])
    }

    struct Entry: Equatable, Sendable {
        var key: String
        var keyPosition: SourcePosition
        var value: YAMLNode
    }

    /// What an error message calls this.
    var kindName: String {
        switch content {
        case .scalar: "a single value"
        case .absent: "nothing"
        case .sequence: "a list"
        case .mapping: "a group of keys"
        }
    }
}

/// Something in a YAML file that can't stand.
struct YAMLMistake: Error, Equatable, Sendable {
    var position: SourcePosition
    var message: String
}
