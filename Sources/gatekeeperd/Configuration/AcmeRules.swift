internal import Gatekeeper

/// How a certificate is read that is ordered.
extension ListRule {
    static var acme: ListRule {
        ListRule(
            form: "names and more, by their keys", bareKey: "names", needsKeys: true, begin: { $0.acme = nil },
            add: { element, builder in read(element, at: "tls.acme") { builder.acme = $0 } })
    }

    /// Of the keys without what they stand below.
    static func read(_ element: ListElement, at path: String, _ take: (Located<AcmeSettings>) -> Void) -> [Finding] {
        let fields = element.fields
        guard let names = fields["names"] else {
            return [.error(element.context.origin, at: path, "the names are missing that the certificate is to be for")]
        }
        var findings: [Finding] = []
        func value<Value>(_ key: String, _ read: (String) throws(ValueMistake) -> Value) -> Value? {
            guard let field = fields[key] else { return nil }
            do throws(ValueMistake) {
                return try read(field.value)
            } catch {
                findings.append(.error(field.origin, at: "\(path): \(key)", error.message))
                return nil
            }
        }
        var settings = AcmeSettings(names: value("names", AcmeSettings.names) ?? [], directory: "")
        let directory = value("directory", AcmeDirectory.url) ?? (try? AcmeDirectory.url(AcmeDirectory.usual))
        settings.directory = directory ?? ""
        settings.contact = value("contact", AcmeSettings.contact)
        let challenge =
            fields["challenge.command"] == nil
            ? value("challenge", AcmeSettings.challenge) : value("challenge.command", AcmeSettings.program)
        settings.challenge = challenge ?? .handshake
        settings.profile = value("profile", AcmeSettings.profile)
        settings.binding = binding(fields, at: path, &findings)
        if let file = fields["directory_ca"] {
            let complete = FilePath.complete(file.value, directory: element.context.directory)
            settings.authorityPath = complete
            do throws(FileFailure) {
                try FileContents.checkReadable(complete)
            } catch {
                let shown = FilePath.shown(file, directory: element.context.directory)
                findings.append(.error(file.origin, at: "\(path): directory_ca", error, called: shown))
            }
        }
        if findings.isEmpty, let mistake = settings.mistake(fields["directory"]?.value) {
            findings.append(.error(names.origin, at: path, mistake))
        }
        if findings.isEmpty { take(Located(value: settings, origin: names.origin, written: names.written)) }
        return findings
    }

    private static func binding(
        _ fields: [String: Located<String>], at path: String, _ findings: inout [Finding]
    ) -> AcmeSettings.Binding? {
        let (identifier, secret) = (fields["eab.id"], fields["eab.hmac"])
        guard let named = identifier ?? secret ?? fields["eab"] else { return nil }
        guard let identifier, let secret, !identifier.value.isEmpty else {
            let advice = "it is an id and an hmac, both as the authority gave them"
            findings.append(.error(named.origin, at: "\(path): eab", advice).withoutValues)
            return nil
        }
        guard let key = Base64.decodeForURL(secret.value), key.count >= 16 else {
            let advice = "the hmac is the base64 text that the authority gave, unchanged"
            findings.append(.error(secret.origin, at: "\(path): eab", advice).withoutValues)
            return nil
        }
        return AcmeSettings.Binding(identifier: identifier.value, key: key)
    }
}

extension AcmeSettings {
    /// As many as most authorities take.
    private static let namesMax = 100

    /// With commas between.
    static func names(_ text: String) throws(ValueMistake) -> [String] {
        var names: [String] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            let name = try name(word)
            guard !names.contains(name) else { throw ValueMistake("\(name) is there already") }
            names.append(name)
        }
        guard names.count <= namesMax else { throw ValueMistake("there are more than \(namesMax) names; make it several certificates") }
        return names
    }

    private static func name(_ text: String) throws(ValueMistake) -> String {
        if let address = try? PeerAddress(parsing: text) { return address.description }
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw ValueMistake("\(Quantity.quoted(text)): write the name as the DNS has it, with xn-- (`idn2 \(text)` says it)")
        }
        let host = CertificateName.domain(of: text)
        guard !host.contains("_"), !host.contains(":"), let name = UpstreamURL.serverName(in: host), name == host.lowercased() else {
            throw ValueMistake("\(Quantity.quoted(text)) is not a name, as tickets.example.org; it has no port, scheme or path")
        }
        return text.lowercased()
    }

    static func contact(_ text: String) throws(ValueMistake) -> String {
        let address = text.hasPrefix("mailto:") ? String(text.dropFirst("mailto:".count)) : text
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = address.utf8.allSatisfy { (0x21...0x7e).contains($0) && !#",;<>"\?"#.utf8.contains($0) }
        guard parts.count == 2, !parts[0].isEmpty, parts[1].contains("."), isPlain, address.utf8.count <= 254 else {
            throw ValueMistake("\(Quantity.quoted(text)) is not a mail address, as admin@example.org")
        }
        return address
    }

    static func challenge(_ text: String) throws(ValueMistake) -> Challenge {
        switch text {
        case "tls-alpn-01": return .handshake
        case "http-01": return .page
        case "dns-01": throw ValueMistake("dns-01 needs a program that sets the record: challenge: {command: /PATH}")
        default:
            let words = ["tls-alpn-01", "http-01"]
            let hint = Suggestion.question(about: text, among: words) ?? ""
            throw ValueMistake("\(Quantity.quoted(text)) is not one of tls-alpn-01, http-01 or {command: /PATH}\(hint)")
        }
    }

    static func program(_ text: String) throws(ValueMistake) -> Challenge { .program(try Notifier.path(text)) }

    static func profile(_ text: String) throws(ValueMistake) -> String {
        let isWord = text.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") }
        guard (1...64).contains(text.utf8.count), isWord else {
            throw ValueMistake("\(Quantity.quoted(text)) is not the name of a profile; the authority's documentation lists them")
        }
        return text
    }

    /// What no authority does.
    func mistake(_ directory: String?) -> String? {
        let isByRecord = if case .program = challenge { true } else { false }
        if let wildcard = names.first(where: { $0.hasPrefix("*.") }), !isByRecord {
            return "\(wildcard) can only be had by dns-01 (RFC 8555 § 8): add challenge: {command: /PATH}, or name each host"
        }
        if let address = names.first(where: { (try? PeerAddress(parsing: $0)) != nil }), isByRecord {
            return "\(address) is an address, which no record of the DNS can vouch for; take tls-alpn-01 or http-01"
        }
        if directory == AcmeDirectory.needsBinding, binding == nil {
            return "\(AcmeDirectory.needsBinding) takes accounts alone that were made on its pages: add eab: {id: …, hmac: …}"
        }
        return nil
    }
}
