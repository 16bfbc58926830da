/// The SHA-256 hash of a public key as admins paste it: base64, with or without curl's `sha256//` before it.
enum PublicKeyPin {
    private static let hashBytes = 32
    private static let advice =
        "a pin is the base64 of a public key's SHA-256, 44 characters: openssl x509 -pubkey -noout -in CERT | "
        + "openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"

    /// One pin, or several with commas between, for a key that is about to change.
    static func list(_ text: String) throws(ValueMistake) -> [[UInt8]] {
        var pins: [[UInt8]] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            pins.append(try hash(part.filter { $0 != " " }))
        }
        return pins
    }

    private static func hash(_ text: String) throws(ValueMistake) -> [UInt8] {
        let digits = text.hasPrefix("sha256//") ? text.dropFirst(8) : text[...]
        guard digits.utf8.count == 44, digits.last == "=", let bytes = decode(digits.dropLast()), bytes.count == hashBytes else {
            throw ValueMistake("\(Quantity.quoted(text)) is not a pin; \(advice)")
        }
        return bytes
    }

    /// Base64 (RFC 4648 §4) without its padding; nil for any other character, or bits left over that aren't zero.
    private static func decode(_ digits: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for digit in digits.utf8 {
            guard let value = value(of: digit) else { return nil }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            bits &= (1 << UInt32(count)) - 1
        }
        return bits == 0 ? bytes : nil
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
