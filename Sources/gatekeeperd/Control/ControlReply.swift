/// What the requester gets: a line of JSON with `result` for scripts and `text` for people, or with what went wrong.
struct ControlReply: Equatable, Sendable {
    private let json: JSON

    static let bytesMax = 1 << 20

    init(result: JSON, text: String) {
        json = .object(
            of: (ControlRequest.versionField, .number(ControlRequest.version)), ("ok", .boolean(true)), ("result", result),
            ("text", .string(text)))
    }

    init(_ failure: ControlFailure) {
        json = .object(
            of: (ControlRequest.versionField, .number(ControlRequest.version)), ("ok", .boolean(false)),
            ("error", .string(failure.message)), ("code", .string(failure.code.rawValue)),
            ("details", failure.details.isEmpty ? nil : .strings(failure.details)))
    }

    /// The line, its end included; one that is too long says only that it is.
    var line: [UInt8] {
        let line = Array(ConcealedValues.hide(in: json).text.utf8) + [UInt8(ascii: "\n")]
        guard line.count > Self.bytesMax else { return line }
        return ControlReply(ControlFailure(.tooLarge, "the answer is larger than \(Quantity.describe(bytes: Self.bytesMax))")).line
    }
}
