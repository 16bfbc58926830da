internal import Gatekeeper

/// Our account with an authority: a key, and what the authority calls it (RFC 8555 § 7.3).
struct AcmeAccount {
    let settings: AcmeSettings
    let store: AcmeStore
    let session: AcmeSession

    private var folder: String { store.accountFolder(of: settings) }
    private var path: String { store.accountPath(of: settings) }
    private var contact: String { settings.contact.map { "mailto:\($0)" } ?? "" }

    /// Has the session sign by it; makes it if there is none.
    func open() throws(AcmeError) {
        try store.prepare(folder)
        let key = try store.key(folder + "/key.pem")
        session.key = key
        // What belongs to a key that is gone is another's.
        let known = store.json(path).flatMap { [nil, key.thumbprint].contains($0.string("key")) ? $0 : nil }
        session.account = known?.string("url")
        guard let url = session.account else { return try register() }
        guard known?.string("contact") != contact else { return }
        _ = try session.post(url, .object(of: ("contact", contacts)))
        try keep(url)
    }

    /// Anew, with the same key: the authority has forgotten it.
    func openAgain() throws(AcmeError) {
        session.account = nil
        try register()
    }

    private func register() throws(AcmeError) {
        guard let key = session.key else { return }
        let directory = try session.directory()
        if directory.wantsBinding, settings.binding == nil {
            throw AcmeError(
                .refused,
                "\(settings.directory) gives accounts to its customers only; set eab to the identifier and the key that it gave you",
                problem: "externalAccountRequired")
        }
        let reply = try session.post(
            directory.newAccount,
            .object(
                of: ("termsOfServiceAgreed", .boolean(true)), ("contact", contact.isEmpty ? nil : contacts),
                ("externalAccountBinding", settings.binding.map { AcmeSession.bound(key, by: $0, to: directory.newAccount) })))
        guard let url = reply.answer["location"] else {
            throw AcmeError(
                .answer, "\(settings.directory): the authority doesn't say what the account is called; it is tried again by itself")
        }
        _ = try AcmeURL(url)
        try keep(url)
        session.account = url
    }

    private var contacts: JSON { .strings(contact.isEmpty ? [] : [contact]) }

    private func keep(_ url: String) throws(AcmeError) {
        let json = JSON.object(
            of: ("directory", .string(settings.directory)), ("url", .string(url)), ("contact", .string(contact)),
            ("key", session.key.map { .string($0.thumbprint) }))
        try store.write(Array(json.text.utf8), to: path)
    }
}
