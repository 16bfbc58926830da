internal import Gatekeeper

/// Authorities that are known by a word, and where their directories are (RFC 8555 § 7.1.1).
enum AcmeDirectory {
    static let usual = "letsencrypt"
    private static let known: [(word: String, url: String, issuers: [String])] = [
        (usual, "https://acme-v02.api.letsencrypt.org/directory", letsEncrypt),
        ("letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory", letsEncrypt),
        (
            "zerossl", "https://acme.zerossl.com/v2/DV90",
            ["sectigo.com", "trust-provider.com", "usertrust.com", "comodo.com", "comodoca.com"]
        ),
    ]
    private static let letsEncrypt = ["letsencrypt.org"]
    static var words: [String] { known.map(\.word) }
    /// Takes accounts alone that were made on its pages.
    static let needsBinding = "zerossl"

    /// Where an order can be tried without its counting: the authority's own place for that, or the directory itself where it is a private one.
    static func staging(of url: String) throws(ValueMistake) -> String {
        if url == known[0].url { return known[1].url }
        if url == known[2].url { throw ValueMistake("\(known[2].word) has no directory to try orders with; letsencrypt has") }
        return url
    }

    /// What CAA records call the authority of this directory (RFC 8659 § 4.2), by its own account, the usual name first; none for one that
    /// isn't known, which may be a private one.
    static func issuers(of url: String) -> [String] { known.first { $0.url == url }?.issuers ?? [] }

    /// The URL of a directory by its word, or as it is.
    static func url(_ text: String) throws(ValueMistake) -> String {
        if let known = known.first(where: { $0.word == text }) { return known.url }
        let form = "\(words.joined(separator: ", ")) or an https URL"
        guard text.contains("://") else {
            let hint = Suggestion.question(about: text, among: words) ?? ""
            throw ValueMistake("\(Quantity.quoted(text)) is not one of \(form)\(hint)")
        }
        guard text.hasPrefix("https://"), (try? Notifier.Webhook(url: text)) != nil else {
            throw ValueMistake("\(Quantity.quoted(text)) is not the URL of a directory, as https://ca.internal/acme/directory")
        }
        return text
    }
}
