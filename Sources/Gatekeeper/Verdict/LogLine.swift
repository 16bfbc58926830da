/// One JSON object on one line, written field by field into a buffer.
///
/// Field names and `StaticString` words are ours and need no escaping; every other text goes through `JSONText`.
struct LogLine {
    private let buffer: Buffer

    /// Opens the line with the two fields that every line begins with.
    init(_ event: Span<UInt8>, wallMilliseconds: Int64, in buffer: Buffer) {
        self.buffer = buffer
        buffer.append("{\"time\":\"")
        Timestamp.append(wallMilliseconds, to: buffer)
        buffer.append("\"")
        text("event", event)
    }

    init(_ event: StaticString, wallMilliseconds: Int64, in buffer: Buffer) {
        self.buffer = buffer
        buffer.append("{\"time\":\"")
        Timestamp.append(wallMilliseconds, to: buffer)
        buffer.append("\"")
        word("event", event)
    }

    func word(_ name: StaticString, _ word: StaticString) {
        key(name)
        buffer.append("\"")
        buffer.append(word)
        buffer.append("\"")
    }

    func text(_ name: StaticString, _ text: Span<UInt8>, isCut: Bool = false) {
        key(name)
        quoted(text, isCut: isCut)
    }

    func peer(_ name: StaticString, _ peer: PeerAddress) {
        key(name)
        buffer.append("\"")
        peer.append(to: buffer)
        buffer.append("\"")
    }

    func time(_ name: StaticString, _ wallMilliseconds: Int64) {
        key(name)
        buffer.append("\"")
        Timestamp.append(wallMilliseconds, to: buffer)
        buffer.append("\"")
    }

    func number(_ name: StaticString, _ number: UInt64) {
        key(name)
        buffer.append(decimal: number)
    }

    /// Milliseconds with three decimals.
    func milliseconds(_ name: StaticString, nanoseconds: UInt64) {
        key(name)
        buffer.append(decimal: nanoseconds / 1_000_000)
        let fraction = nanoseconds / 1000 % 1000
        buffer.append(UInt8(ascii: "."))
        buffer.append(UInt8(ascii: "0") + UInt8(fraction / 100))
        buffer.append(UInt8(ascii: "0") + UInt8(fraction / 10 % 10))
        buffer.append(UInt8(ascii: "0") + UInt8(fraction % 10))
    }

    /// A field whose name isn't known at compile time.
    func field(_ name: Span<UInt8>, text: Span<UInt8>, isCut: Bool) {
        key(name)
        quoted(text, isCut: isCut)
    }

    func field(_ name: Span<UInt8>, number: Int64) {
        key(name)
        if number < 0 { buffer.append("-") }
        buffer.append(decimal: number.magnitude)
    }

    func end() {
        buffer.append("}\n")
    }

    private func key(_ name: StaticString) {
        buffer.append(",\"")
        buffer.append(name)
        buffer.append("\":")
    }

    private func key(_ name: Span<UInt8>) {
        buffer.append(",\"")
        JSONText.append(name, to: buffer)
        buffer.append("\":")
    }

    private func quoted(_ text: Span<UInt8>, isCut: Bool) {
        buffer.append("\"")
        JSONText.append(text, to: buffer)
        if isCut { buffer.append("…") }
        buffer.append("\"")
    }
}
