/// The names of a certificate, or of the request for one, as their extension (subjectAltName, RFC 5280 § 4.2.1.6) holds them.
enum SubjectNames {
    /// DER of DNS names and of addresses.
    static func der(_ names: [String]) -> [UInt8] {
        element(
            0x30,
            names.flatMap { name in
                guard let address = try? PeerAddress(parsing: name) else { return element(0x82, Array(name.utf8)) }
                return element(0x87, address.networkBytes)
            })
    }

    /// A tag, the length of what follows, and that (X.690 § 8.1).
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        guard content.count >= 0x80 else { return [tag, UInt8(content.count)] + content }
        let length = (0..<8).reversed().map { UInt8(truncatingIfNeeded: content.count >> ($0 * 8)) }.drop { $0 == 0 }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }
}
