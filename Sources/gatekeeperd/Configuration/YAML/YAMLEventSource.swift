internal import CYAML
internal import Glibc

/// One step of libyaml's parser, as a Swift value.
struct YAMLEvent {
    var kind: Kind
    var position: SourcePosition
    var hasAnchor = false
    var hasTag = false

    enum Kind {
        case streamStart, streamEnd
        case documentStart(hasDirectives: Bool)
        case documentEnd
        case scalar(String, isPlain: Bool)
        case alias
        case sequenceStart, sequenceEnd
        case mappingStart, mappingEnd
    }
}

/// libyaml's event parser over bytes in memory. Nothing else touches the library.
// SAFETY: both pointers are private, made in `init` and freed in `deinit`; what `next` returns is copied out of them.
@safe struct YAMLEventSource: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let isReady: Bool

    init(_ bytes: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        unsafe input = .allocate(capacity: bytes.count)
        _ = unsafe input.initialize(fromContentsOf: bytes)
        // Fails only for want of memory; `next` reports it then.
        isReady = unsafe yaml_parser_initialize(parser) == 1
        // SAFETY: the parser keeps the pointer; `input` is freed after the parser, in `deinit`.
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
        // Said rather than detected: a byte order mark of UTF-16 must not switch the decoding that `ByteCheck` judged.
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        // SAFETY: initialised in `init`, and nobody else holds either pointer. Deleting a parser that failed to initialise is allowed.
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; throws the one syntax error after which libyaml can't go on.
    mutating func next() throws(YAMLMistake) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard isReady, unsafe yaml_parser_parse(parser, &event) == 1 else { throw mistake() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        let position = SourcePosition(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
        // SAFETY: `type` says which member of the union libyaml filled in; its strings live until `yaml_event_delete` and are copied.
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return YAMLEvent(kind: .streamStart, position: position)
        case YAML_STREAM_END_EVENT: return YAMLEvent(kind: .streamEnd, position: position)
        case YAML_DOCUMENT_START_EVENT:
            let start = unsafe event.data.document_start
            let hasDirectives = unsafe start.version_directive != nil || start.tag_directives.start != start.tag_directives.end
            return YAMLEvent(kind: .documentStart(hasDirectives: hasDirectives), position: position)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, position: position)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let text = unsafe String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            return unsafe YAMLEvent(
                kind: .scalar(text, isPlain: isPlain), position: position, hasAnchor: scalar.anchor != nil, hasTag: scalar.tag != nil)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, position: position)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe YAMLEvent(
                kind: .sequenceStart, position: position, hasAnchor: start.anchor != nil, hasTag: start.tag != nil)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, position: position)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe YAMLEvent(
                kind: .mappingStart, position: position, hasAnchor: start.anchor != nil, hasTag: start.tag != nil)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, position: position)
        default: throw mistake()
        }
    }

    /// libyaml's own words about where and why it stopped.
    private func mistake() -> YAMLMistake {
        // SAFETY: after a failure `problem` and `context` are null or constant strings of the library.
        let problem = unsafe parser.pointee.problem.flatMap { unsafe String(validatingCString: $0) } ?? "out of memory"
        let context = unsafe parser.pointee.context.flatMap { unsafe String(validatingCString: $0) }
        let message = context.map { "\($0), \(problem)" } ?? problem
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            // The reader knows the offset of the byte, not its line.
            let offset = unsafe min(Int(parser.pointee.problem_offset), input.count)
            return YAMLMistake(position: unsafe ByteCheck.position(of: offset, in: Array(input)), message: message)
        }
        let mark = unsafe parser.pointee.problem_mark
        return YAMLMistake(position: SourcePosition(line: Int(mark.line) + 1, column: Int(mark.column) + 1), message: message)
    }
}
