/// Tells a request that has come back to the process that sent it: a field with the process's secret, beside those of other doors on its way.
///
/// Not `Via`, for which nginx and IIS stop compressing. Nobody who doesn't see what goes to the ticket system knows the marker, and who does
/// can do no more with it than have his own request refused.
package enum LoopMarker {
    /// 128 random bits, for the life of the process.
    static func make() -> String {
        let digits = [UInt64.random(in: .min ... .max), .random(in: .min ... .max)].map { number in
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
        return digits.joined()
    }

    /// Nothing for an empty marker.
    static func write(_ marker: Span<UInt8>, into buffer: Buffer) {
        guard !marker.isEmpty else { return }
        buffer.append("X-Gatekeeper-Hop: ")
        buffer.append(marker)
        buffer.append("\r\n")
    }

    /// The request bears this marker: whoever wrote that sent it to itself.
    static func isIn(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>, marker: Span<UInt8>) -> Bool {
        guard fields.contains(.hop), !marker.isEmpty else { return false }
        for entry in fields.entries where entry.known == .hop && entry.value.count == marker.count {
            if ByteScan.equalIgnoringCase(bytes.bytes(entry.value), marker) { return true }
        }
        return false
    }
}
