/// A first configuration as a file that explains itself.
enum InitText {
    static func text(of configuration: InitConfiguration, path: String?) -> String {
        let path = path ?? Configuration.defaultPath
        let preset = configuration.preset.map { ["  - {preset: \($0)}"] } ?? []
        return """
            # The configuration of gatekeeperd. `gatekeeperd reference` explains every key.
            #
            # Next:
            #   gatekeeperd check --config \(shell(path))
            #   systemctl enable --now gatekeeperd
            # and after a change, gatekeeperd reload.
            #
            # Relative paths begin at the folder of this file.

            # Where TLS connections are accepted. "[::]:443" takes IPv4 and IPv6.
            listen:
            \(configuration.listen.map { "  - \(scalar($0))" }.joined(separator: "\n"))

            \(certificate(configuration))
              # The oldest version that a peer may speak; "1.3" if all of them can.
              minimum_version: "1.2"

            # Who may connect. Everybody else is turned away before a byte is read, and logged. An entry is an address, a network, or more:
            #   - {address: 203.0.113.9, label: office, until: 2027-01-31T00:00:00Z}
            #   - {file: more-addresses.txt}
            allow:
            \((preset + configuration.allow.map { "  - \(scalar($0))" }).joined(separator: "\n"))

            # How a stranger is turned away: reset (an RST at once), close, or drop (no answer at all; it takes CAP_NET_ADMIN).
            on_deny: reset

            # The ticket system. Its clients' addresses reach it in X-Forwarded-For; have it trust this host to set that.
            upstream:
              url: \(scalar(configuration.upstream ?? ""))\(pin(configuration.pin))\(ticketSystem(configuration.ticketSystem))

            # The only requests that are let through; without this key, all are. `gatekeeperd presets` names what ticket systems serve where.
            # routes:
            #   - \(route(configuration.ticketSystem))

            # What a client may ask for at most; these are the defaults.
            limits: {request_body: 32MiB, connections_per_source: 1000}

            # One line for each request and for everybody who was turned away: stdout is the journal under systemd.
            log: {to: stdout, format: json, access: true}

            # A page for a browser, and metrics for Prometheus, read on this machine only.
            # status: 127.0.0.1:9180

            """
    }

    /// What it amounts to, without what explains it: for somebody who is to agree.
    static func essence(of text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { !$0.drop { $0 == " " }.hasPrefix("#") }
    }

    private static func certificate(_ configuration: InitConfiguration) -> String {
        guard let names = configuration.acme else {
            return """
                # The certificate chain, leaf first, and its private key. Both are read again when they are replaced, so renewals need no reload.
                tls:\(name(configuration.name))
                  certificate: \(scalar(configuration.certificate ?? ""))
                  key: \(scalar(configuration.key ?? ""))
                """
        }
        return """
            # What outlives the service: keys, certificates and the account with the authority; grants and denials.
            state: \(StandardPath.usualState)

            # The certificate is ordered from Let's Encrypt and renewed by itself. Its authority comes to port 443 of each name, from addresses
            # that nobody knows before: leave it open to everybody. `gatekeeperd certificates` says how it stands.
            tls:\(name(configuration.name))
              acme:
                names: [\(names.map(scalar).joined(separator: ", "))]
                # Where the authority may write to.
                \(configuration.contact.map { "contact: \(scalar($0))" } ?? "# contact: admin@example.org")
                # Where another one is ordered from: letsencrypt-staging to try, zerossl, or the https URL of an authority's directory.
                # directory: \(AcmeDirectory.usual)
            """
    }

    private static func name(_ name: String?) -> String { name.map { "\n  # Clients use the name \($0)." } ?? "" }

    private static func pin(_ pin: String?) -> String {
        pin.map { "\n  # Nobody vouches for its certificate: it is trusted by its key.\n  pin_sha256: \(scalar($0))" } ?? ""
    }

    /// What its clients need, where that is known.
    private static func route(_ preset: TicketSystemPreset?) -> String {
        guard let preset, !preset.routes.isEmpty else { return "{methods: [POST], path: /api/tickets.json}" }
        return "{preset: \(preset.name)}"
    }

    /// What is known of it, with where that is from.
    private static func ticketSystem(_ preset: TicketSystemPreset?) -> String {
        guard let preset else { return "" }
        return
            "\n  # Which one it is: `gatekeeperd check` says where the keys below differ from what is known of it.\n  preset: \(preset.name)"
            + preset.upstreamSettings.map { "\n  # \($0.reason).\n  \($0.setting)" }.joined()
    }

    /// A value that stands under a key of YAML as it is: bare if it can't be taken for anything else, otherwise in quotes.
    static func scalar(_ value: String) -> String {
        let isBare =
            value.first.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "/") } == true && value.last != ":"
            && value.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        return isBare ? value : "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// A path that a shell takes for one word. What looks harmless stays as it is.
    static func shell(_ path: String) -> String {
        let isPlain = path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-".contains($0)) }
        return isPlain ? path : "'" + path.replacing("'", with: "'\\''") + "'"
    }
}
