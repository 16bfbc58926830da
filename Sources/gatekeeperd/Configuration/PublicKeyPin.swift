internal import Gatekeeper

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
        guard digits.utf8.count == 44, let bytes = Base64.decode(digits.utf8), bytes.count == hashBytes else {
            throw ValueMistake("\(Quantity.quoted(text)) is not a pin; \(advice)")
        }
        return bytes
    }
}
