/// The keys of a certificate that is ordered, which stand in two places.
extension Schema {
    static let acme = [
        Setting(
            path: "tls.acme", rule: .group(.acme),
            summary:
                "A certificate that is ordered from an authority and renewed by itself (ACME), in place of files; short for the one element of certificates."
        ),
        Setting(
            path: "tls.acme.names", rule: .fields(form: "a list of names, *.NAMES and addresses"),
            summary: "What it is to be for; required. A *.NAME needs challenge: {command: …}."),
        Setting(
            path: "tls.acme.directory",
            rule: .field(form: "\(AcmeDirectory.words.joined(separator: ", ")) or an https URL; default: \(AcmeDirectory.usual)"),
            summary: "Whom it is ordered from."),
        Setting(path: "tls.acme.contact", rule: .field(form: "a mail address"), summary: "Where the authority may write to."),
        Setting(
            path: "tls.acme.challenge", rule: .field(form: "tls-alpn-01, http-01 or the key below; default: tls-alpn-01"),
            summary:
                "How the authority makes sure of the names: by a handshake on port 443, by a page on port 80, which is open while it is asked for, or by a record in the DNS."
        ),
        Setting(
            path: "tls.acme.challenge.command", rule: .field(form: "the absolute path of a program"),
            summary:
                "Sets the record (dns-01): called with present or cleanup, the record's name and its value. Only from a configuration that is root's."
        ),
        Setting(
            path: "tls.acme.profile", rule: .field(form: "a name"), summary: "What kind of certificate, where the authority offers several."
        ),
        Setting(
            path: "tls.acme.eab", rule: .section, summary: "The account with the authority that is there already, where it asks for one."),
        Setting(path: "tls.acme.eab.id", rule: .field(form: "what the authority gave"), summary: "Its key identifier."),
        Setting(
            path: "tls.acme.eab.hmac", rule: .field(form: "base64, as the authority gave it"),
            summary: "Its secret; better as ${NAME} than in the file."),
        Setting(
            path: "tls.acme.directory_ca", rule: .field(form: "the path of a file"),
            summary: "A private authority's own root certificates, a PEM file, in place of the system's."),
    ]

    /// The setting of a key by its name in a list's element or a group, which may be `NAME.KEY` of a group in it.
    static func setting(_ name: String, under path: String) -> Setting? {
        if let setting = setting("\(path).\(name)") { return setting }
        let head = String(name.prefix { $0 != "." })
        guard head != name, case .likeGroup(let home) = setting("\(path).\(head)")?.rule else { return nil }
        return setting("\(home).\(name.dropFirst(head.count + 1))")
    }
}
