/// Whose certificates clients must show, by PEM files.
struct ClientAuthorities: Hashable, Sendable {
    /// Of the authorities.
    let path: String
    /// Of their revocation lists; nil revokes nobody.
    let revocationPath: String?

    /// Nil where neither the listener nor the configuration as a whole asks for certificates.
    init?(_ settings: Settings.TLS, of listener: Settings.Listener) {
        guard let path = listener.clientAuthorityPath ?? settings.clientAuthorityPath else { return nil }
        self.init(path: path, revocationPath: settings.clientRevocationPath)
    }

    init(path: String, revocationPath: String? = nil) {
        self.path = path
        self.revocationPath = revocationPath
    }
}
