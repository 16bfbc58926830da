/// A name server's answer (RFC 1035 § 4.1): the records of one kind in it, as bytes.
///
/// Whoever answers may have written anything. Names are skipped and never followed, so that the work is bounded by the message's length.
enum NameAnswer {
    private static let headBytes = 12
    private static let responseBit: UInt8 = 0x80
    private static let truncatedBit: UInt8 = 0x02
    private static let internet = 1

    /// The data of all records of this type in the answer section, those of the names that an alias leads to among them; nil for what is no
    /// whole answer.
    static func records(_ type: UInt16, in message: [UInt8]) -> [ArraySlice<UInt8>]? {
        guard message.count >= headBytes, message[2] & responseBit != 0, message[2] & truncatedBit == 0 else { return nil }
        var position = headBytes
        for _ in 0..<number(message, at: 4) {
            guard let end = endOfName(message, from: position), end + 4 <= message.count else { return nil }
            position = end + 4
        }
        var found: [ArraySlice<UInt8>] = []
        for _ in 0..<number(message, at: 6) {
            guard let end = endOfName(message, from: position), end + 10 <= message.count else { return nil }
            let data = end + 10
            position = data + number(message, at: end + 8)
            guard position <= message.count else { return nil }
            if number(message, at: end) == Int(type), number(message, at: end + 2) == internet { found.append(message[data..<position]) }
        }
        return found
    }

    /// Behind the labels, or behind a pointer to others (§ 4.1.4).
    private static func endOfName(_ message: [UInt8], from start: Int) -> Int? {
        var position = start
        while position < message.count {
            let length = message[position]
            switch length {
            case 0: return position + 1
            case 1...63: position += 1 + Int(length)
            case 0xc0...: return position + 2
            default: return nil
            }
        }
        return nil
    }

    private static func number(_ message: [UInt8], at position: Int) -> Int { Int(message[position]) << 8 | Int(message[position + 1]) }
}
