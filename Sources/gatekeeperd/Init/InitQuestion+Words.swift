/// How each question is put, and explained.
extension InitQuestion {
    /// What the flag is about, as a part of a sentence.
    var subject: String {
        switch self {
        case .ticketSystem: "which ticket system it is"
        case .preset: "the vendor whose published addresses may connect"
        case .allow: "addresses and networks that may connect"
        case .upstream: "where the ticket system listens"
        case .name: "the name that clients use"
        case .certificate: "the PEM file with the certificate chain, leaf first"
        case .acme: "the names of a certificate that is ordered"
        case .contact: "the mail address that the authority may write to"
        case .key: "the PEM file with the private key"
        case .listen: "the address and port to accept connections on"
        }
    }

    /// The question itself.
    func prompt(in configuration: InitConfiguration) -> String {
        switch self {
        case .ticketSystem: "Which ticket system is it"
        case .preset: "Which vendor may connect"
        case .allow: configuration.preset == nil ? "Which addresses may connect" : "Which other addresses may connect"
        case .upstream: "Where does the ticket system listen"
        case .name: "Which name do clients use"
        case .certificate: "Where is the certificate"
        case .acme: "Which names is it to be for"
        case .contact: "Which mail address may the authority write to"
        case .key: "Where is its private key"
        case .listen: "Where to accept connections"
        }
    }

    /// What is shown once before it: what there is to choose from.
    var choices: [String] {
        switch self {
        case .ticketSystem: Self.list(TicketSystemPreset.all.map { ($0.name, $0.title) }, other: "any other ticket system")
        case .preset:
            Self.list(
                VendorPreset.all.map { ($0.name, "\($0.title), from the \($0.addresses.count) addresses that it has published") },
                other: "another vendor: you type its addresses next")
        case .certificate:
            ["Type a file's path, or \(Self.order) for one that is ordered from Let's Encrypt and renewed by itself, through port 443."]
        default: []
        }
    }

    /// What a wrong answer needed to be.
    var form: String {
        switch self {
        case .ticketSystem: "Type a number or a name of the list, or another."
        case .preset: "Type a number or a name of the list, or another."
        case .allow: "Type addresses or networks with blanks between, as 203.0.113.9 or 198.51.100.0/24."
        case .upstream: "Type http://HOST:PORT, https://HOST:PORT or unix:/PATH."
        case .name: "Type a name as tickets.example.org."
        case .certificate: "Type the path of a file in PEM, or \(Self.order)."
        case .acme: "Type names with blanks or commas between, as tickets.example.org."
        case .contact: "Type a mail address as admin@example.org, or none."
        case .key: "Type the path of a file in PEM."
        case .listen: "Type addresses with their ports, blanks between, as 0.0.0.0:443 or [::]:443."
        }
    }

    /// The answer to `?`.
    var explanation: [String] {
        switch self {
        case .ticketSystem:
            [
                "What is known of a ticket system is written into the configuration: how it takes request bodies, how many connections it",
                "bears. `gatekeeperd presets NAME` shows all of it. Nothing is let through or kept out by this.",
            ]
        case .preset:
            [
                "The vendor whose service sends requests to the ticket system. Addresses that a vendor has published are built in, with",
                "source and date (`gatekeeperd presets NAME`). Everybody who isn't on the list is turned away before a byte is read.",
            ]
        case .allow:
            [
                "Addresses and networks, IPv4 or IPv6: the vendor's, and your own if you want to try the door from there. Who isn't on the",
                "list is turned away. Later, `gatekeeperd grant ADDRESS --for 10m` lets somebody in for a while.",
            ]
        case .upstream:
            [
                "Where this machine reaches the ticket system: http://HOST:PORT in the clear, https://HOST:PORT over TLS, unix:/PATH for a",
                "socket on this machine. Not the public name, which is to lead here. It is asked for its front page, once.",
            ]
        case .name:
            [
                "The name in the URL that the vendor is told, as tickets.example.org: it must lead to this machine, and the certificate must",
                "be for it. It is used to look at the certificate, and for the command at the end that tries the door.",
            ]
        case .certificate:
            [
                "A PEM file with the server's certificate first and those of its issuers behind it; certbot calls it fullchain.pem. A relative",
                "path begins at the folder of the configuration. The service's user must be able to read it. Renewals are seen by themselves.",
                "With \(Self.order) the service gets one itself from Let's Encrypt, whose terms of service you agree to by that. Its name must",
                "lead to this machine, and port 443 be open to everybody: strangers are shown the challenge alone, while one is pending.",
            ]
        case .acme:
            [
                "The names by which clients know this door; each must lead here. For a wildcard, or by port 80, write tls.acme into the file",
                "yourself: `gatekeeperd reference tls.acme` has its keys.",
            ]
        case .contact:
            [
                "Not needed: authorities may write there when something is wrong with the account or a certificate."
            ]
        case .key:
            [
                "The PEM file with the private key of that certificate; certbot calls it privkey.pem. Only the service's user and root should",
                "be able to read it: chown gatekeeper FILE && chmod 400 FILE.",
            ]
        case .listen:
            [
                "Addresses of this machine with a port. 0.0.0.0:443 is every IPv4 address, [::]:443 every IPv6 one; clients of https come to",
                "port 443 unless they are told another.",
            ]
        }
    }

    private static func list(_ entries: [(name: String, title: String)], other: String) -> [String] {
        let entries = entries + [("another", other)]
        let width = (entries.map(\.name.count).max() ?? 0) + 2
        return entries.enumerated().map { index, entry in
            let number = index + 1 < 10 ? "  \(index + 1)" : " \(index + 1)"
            // Nobody reads a name twice.
            guard entry.title.lowercased() != entry.name else { return "\(number)  \(entry.name)" }
            return "\(number)  \(entry.name)\(String(repeating: " ", count: width - entry.name.count))\(entry.title)"
        }
    }
}
