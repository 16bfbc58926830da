/// Builds the tree of a configuration file from libyaml's events.
///
/// The subset is what a configuration needs and no more. Anchors and aliases are refused because a few lines of them expand to
/// gigabytes and because what a file says should stand where it is read; tags because they ask for types by name; a second document
/// and a repeated key because one of the two would be ignored silently.
struct YAMLReader: ~Copyable {
    /// Deeper than any key of the schema; the recursion of this reader never exceeds it.
    static let depthMax = 16
    static let fileBytesMax = 1 << 20

    private var events: YAMLEventSource
    private var mistakes: [YAMLMistake] = []

    /// The root (nil for an empty file) and every mistake that reading could go on after. A syntax error ends the reading and is the
    /// last of them; the root is nil then.
    static func read(_ bytes: [UInt8]) -> (root: YAMLNode?, mistakes: [YAMLMistake]) {
        guard bytes.count <= fileBytesMax else {
            return (nil, [YAMLMistake(position: .start, message: "the file is larger than \(Quantity.describe(bytes: fileBytesMax))")])
        }
        if let mistake = ByteCheck.firstMistake(in: bytes) { return (nil, [mistake]) }
        let text = Array(bytes.dropFirst(ByteCheck.markCount(in: bytes)))
        var reader = YAMLReader(events: YAMLEventSource(text))
        do throws(YAMLMistake) {
            return (try reader.document(), reader.mistakes)
        } catch {
            return (nil, reader.mistakes + [YAMLAdvice.advised(error, in: text)])
        }
    }

    private init(events: consuming YAMLEventSource) {
        self.events = events
    }

    private mutating func document() throws(YAMLMistake) -> YAMLNode? {
        var root: YAMLNode?
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamStart, .documentEnd:
                continue
            case .streamEnd:
                return root
            case .documentStart(let hasDirectives):
                if hasDirectives { note(event.position, "YAML directives are refused") }
                guard root == nil else {
                    throw YAMLMistake(position: event.position, message: "a second document begins here; one file is one configuration")
                }
            default:
                root = try node(from: event, depth: 1)
            }
        }
    }

    private mutating func node(from event: YAMLEvent, depth: Int) throws(YAMLMistake) -> YAMLNode {
        guard depth <= Self.depthMax else {
            throw YAMLMistake(position: event.position, message: "nested deeper than \(Self.depthMax) levels")
        }
        if event.hasAnchor { note(event.position, "anchors (&name) are refused; write the value where it is used") }
        if event.hasTag { note(event.position, "tags (!name) are refused; what a value means follows from its key") }
        switch event.kind {
        case .scalar(let text, let isPlain):
            if text.isEmpty, isPlain { return YAMLNode(content: .absent, position: event.position) }
            if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
                note(event.position, "a value can't hold a line break or another control character")
            }
            return YAMLNode(content: .scalar(text), position: event.position)
        case .alias:
            note(event.position, "aliases (*name) are refused; write the value where it is used")
            return YAMLNode(content: .absent, position: event.position)
        case .sequenceStart:
            return YAMLNode(content: .sequence(try elements(depth: depth)), position: event.position)
        case .mappingStart:
            return YAMLNode(content: .mapping(try entries(depth: depth)), position: event.position)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            throw YAMLMistake(position: event.position, message: "a value is missing here")
        }
    }

    private mutating func elements(depth: Int) throws(YAMLMistake) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { return elements }
            elements.append(try node(from: event, depth: depth + 1))
        }
    }

    private mutating func entries(depth: Int) throws(YAMLMistake) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { return entries }
            let keyNode = try node(from: event, depth: depth + 1)
            var value = try node(from: try events.next(), depth: depth + 1)
            // Where nothing stands is nowhere to point at.
            if case .absent = value.content { value.position = event.position }
            guard case .scalar(let key) = keyNode.content else {
                note(event.position, "a key must be a word, not \(keyNode.kindName)")
                continue
            }
            if let line = lines[key] {
                // Of a file that is none of ours nothing is shown.
                let name = Schema.settings.contains { $0.name == key } ? key : "this key"
                note(event.position, "\(name) is given twice, first on line \(line); leave one of them out")
                continue
            }
            lines[key] = event.position.line
            entries.append(YAMLNode.Entry(key: key, keyPosition: event.position, value: value))
        }
    }

    private mutating func note(_ position: SourcePosition, _ message: String) {
        mistakes.append(YAMLMistake(position: position, message: message))
    }
}
