/// The fields of a request that don't go on though whoever sent them may count on them, and why, as its log line tells it:
/// `api_key (name), Client-IP (forwarded)`.
///
/// What every proxy takes off (`Connection` and what it names, `Keep-Alive`) isn't told. The text is bounded whatever a client sends, and
/// where nothing was dropped this costs one test of a bit set.
struct DroppedFields {
    /// Empty when there are none.
    private(set) var text: [UInt8] = []
    private var count = 0
    private var untoldCount = 0

    static let namesMax = 8
    static let nameBytesMax = 64

    init() {}

    /// Those of a request's head.
    init(_ fields: borrowing FieldTable, _ source: Span<UInt8>, passingUnderscores: Bool, keepingRequestID: Bool) {
        let missed = ForwardedFields.missed(passingUnderscores: passingUnderscores, keepingRequestID: keepingRequestID)
        add(fields, source, dropped: missed)
    }

    /// Adds those fields of a table that are `dropped`.
    mutating func add(_ fields: borrowing FieldTable, _ source: Span<UInt8>, dropped: KnownFieldSet) {
        guard !fields.present.isDisjoint(with: dropped) else { return }
        for index in 0..<fields.count {
            let field = fields.entries[index]
            // One that `Connection` names is meant for this hop.
            guard dropped.contains(field.known), !field.isNominated else { continue }
            add(source.bytes(field.name), Self.word(field.known))
        }
    }

    private mutating func add(_ name: Span<UInt8>, _ word: StaticString) {
        guard count < Self.namesMax else {
            untoldCount += 1
            return
        }
        if count > 0 { text += ", ".utf8 }
        count += 1
        for index in 0..<min(name.count, Self.nameBytesMax) { text.append(name[index]) }
        if name.count > Self.nameBytesMax { text += "…".utf8 }
        text += " (\(word))".utf8
    }

    /// With the number of those that found no room. To be called once, at the end.
    func told() -> [UInt8] {
        untoldCount > 0 ? text + ", \(untoldCount) more".utf8 : text
    }

    /// What `docs/guide/operate.md` explains under `dropped_fields`.
    private static func word(_ field: KnownField) -> StaticString {
        switch field {
        case .underscored, .disguised: "name"
        case .forwarded: "forwarded"
        case .rewrite: "rewrite"
        case .requestID: "request_id"
        default: "trailer"
        }
    }
}
