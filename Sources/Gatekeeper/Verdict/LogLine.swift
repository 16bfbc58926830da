/// One event on one line, written field by field into a buffer: a JSON object, or text for people.
///
/// Field names and `StaticString` words are ours and need no escaping; every other text goes through `JSONText`.
///
/// As text a line leads with the facts that a reader looks for first, each behind the mark that a field's `lead` names; the others follow
/// under their names:
/// ```
/// 2026-11-25T17:00:00.123Z denied 203.0.113.9 at 0.0.0.0:443: not_listed stage=admission worker=0 count=1
/// ```
struct LogLine: ~Copyable {
    let severity: Severity

    private let buffer: Buffer
    /// The fields without a lead, until the line ends; nil in JSON.
    private let rest: Buffer?

    /// Opens the line with the two fields that every line begins with.
    ///
    /// - Parameter marksPriority: begin it with `<N>`, for journald.
    init(
        _ event: Span<UInt8>, _ severity: Severity, wallMilliseconds: Int64, in buffer: Buffer, textRest rest: Buffer? = nil,
        marksPriority: Bool = false
    ) {
        self.init(severity, buffer, rest, marksPriority)
        begin(wallMilliseconds)
        text("event", event, lead: " ")
    }

    init(
        _ event: StaticString, _ severity: Severity, wallMilliseconds: Int64, in buffer: Buffer, textRest rest: Buffer? = nil,
        marksPriority: Bool = false
    ) {
        self.init(severity, buffer, rest, marksPriority)
        begin(wallMilliseconds)
        word("event", event, lead: " ")
    }

    private init(_ severity: Severity, _ buffer: Buffer, _ rest: Buffer?, _ marksPriority: Bool) {
        self.severity = severity
        self.buffer = buffer
        self.rest = rest
        guard marksPriority else { return }
        buffer.append("<")
        buffer.append(decimal: UInt64(severity.rawValue))
        buffer.append(">")
    }

    // Inlined, so that a name becomes a few stores: a line has two dozen.

    @inline(__always)
    func word(_ name: StaticString, _ word: StaticString, lead: StaticString? = nil) {
        guard rest == nil else { return openText(name, lead).append(word) }
        buffer.append(",\"", name, "\":\"")
        buffer.append(word)
        buffer.append("\"")
    }

    @inline(__always)
    func text(_ name: StaticString, _ text: Span<UInt8>, isCut: Bool = false, lead: StaticString? = nil) {
        guard rest == nil else { return append(text, isCut: isCut, to: openText(name, lead)) }
        buffer.append(",\"", name, "\":")
        appendQuoted(text, isCut: isCut, to: buffer)
    }

    @inline(__always)
    func peer(_ name: StaticString, _ peer: PeerAddress, lead: StaticString? = nil) {
        guard rest == nil else { return peer.append(to: openText(name, lead)) }
        buffer.append(",\"", name, "\":\"")
        peer.append(to: buffer)
        buffer.append("\"")
    }

    @inline(__always)
    func time(_ name: StaticString, _ wallMilliseconds: Int64) {
        guard rest == nil else { return Timestamp.append(wallMilliseconds, to: openText(name, nil)) }
        buffer.append(",\"", name, "\":\"")
        Timestamp.append(wallMilliseconds, to: buffer)
        buffer.append("\"")
    }

    @inline(__always)
    func number(_ name: StaticString, _ number: UInt64, lead: StaticString? = nil) {
        guard rest == nil else { return openText(name, lead).append(decimal: number) }
        buffer.append(",\"", name, "\":")
        buffer.append(decimal: number)
    }

    /// Milliseconds with three decimals.
    @inline(__always)
    func milliseconds(_ name: StaticString, nanoseconds: UInt64) {
        guard rest == nil else { return openText(name, nil).append(thousandths: nanoseconds / 1000) }
        buffer.append(",\"", name, "\":")
        buffer.append(thousandths: nanoseconds / 1000)
    }

    /// A field whose name isn't known at compile time.
    func field(_ name: Span<UInt8>, text: Span<UInt8>, isCut: Bool) {
        append(text, isCut: isCut, to: open(name))
    }

    func field(_ name: Span<UInt8>, number: Int64) {
        let target = open(name)
        if number < 0 { target.append("-") }
        target.append(decimal: number.magnitude)
    }

    func end() {
        if let rest {
            buffer.append(rest.bytes)
            rest.clear()
            buffer.append("\n")
        } else {
            buffer.append("}\n")
        }
    }

    // MARK: Pieces

    /// Around what needs no escaping.
    private var quote: StaticString { rest == nil ? "\"" : "" }

    private func begin(_ wallMilliseconds: Int64) {
        buffer.append(rest == nil ? "{\"time\":\"" : "")
        Timestamp.append(wallMilliseconds, to: buffer)
        buffer.append(quote)
    }

    /// In text: writes what stands before the value, and returns where the value goes.
    @inline(never)
    private func openText(_ name: StaticString, _ lead: StaticString?) -> Buffer {
        guard let rest, lead == nil else {
            if let lead { buffer.append(lead) }
            return buffer
        }
        rest.append(" ", name, "=")
        return rest
    }

    private func open(_ name: Span<UInt8>) -> Buffer {
        let target = rest ?? buffer
        target.append(rest == nil ? ",\"" : " ")
        JSONText.append(name, to: target)
        target.append(rest == nil ? "\":" : "=")
        return target
    }

    /// In text a value stands bare when it can't be taken for anything but one word; otherwise it looks as in JSON. So nothing that a peer
    /// wrote ends a value, begins another or another line.
    private func append(_ text: Span<UInt8>, isCut: Bool, to target: Buffer) {
        guard rest == nil || isCut || !Self.isWord(text) else { return target.append(text) }
        appendQuoted(text, isCut: isCut, to: target)
    }

    private func appendQuoted(_ text: Span<UInt8>, isCut: Bool, to target: Buffer) {
        target.append("\"")
        JSONText.append(text, to: target)
        if isCut { target.append("…") }
        target.append("\"")
    }

    private static func isWord(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), ...0x20, 0x7f...: return false
            default: continue
            }
        }
        return !text.isEmpty
    }
}
