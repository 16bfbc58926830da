/// What others wrote, as it may be shown on a terminal.
enum PeerWords {
    /// Without a character that a terminal could act on.
    static func plain(_ text: String) -> String {
        replacing(text) { $0.properties.generalCategory == .control }
    }

    /// In quotes, cut, and in ASCII.
    static func quoted(_ text: String) -> String {
        Quantity.quoted(replacing(text) { !$0.isASCII || $0.properties.generalCategory == .control })
    }

    private static func replacing(_ text: String, where isWrong: (Unicode.Scalar) -> Bool) -> String {
        var plain = String.UnicodeScalarView()
        plain.append(contentsOf: text.unicodeScalars.map { isWrong($0) ? "?" : $0 })
        return String(plain)
    }
}
