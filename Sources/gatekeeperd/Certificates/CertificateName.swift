/// A DNS name as certificates have it, which may begin with a star.
enum CertificateName {
    /// Without the star of a wildcard.
    static func domain(of name: String) -> String { name.hasPrefix("*.") ? String(name.dropFirst(2)) : name }

    /// Whether a certificate with the name `pattern` is for `name` (RFC 9525 § 6.3).
    static func covers(_ pattern: String, _ name: String) -> Bool {
        pattern == name || pattern.hasPrefix("*.") && name.drop { $0 != "." } == pattern.dropFirst()
    }
}
