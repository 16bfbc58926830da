internal import Gatekeeper

/// Somebody who is told when a problem begins and when it is over (`notify:`).
struct Notifier: Equatable, Sendable {
    let way: Way
    /// What it is called: the web address's scheme and host, or the program's path; as it is written, where that came by `${NAME}`.
    let name: String

    init(way: Way, written: String? = nil) {
        self.way = way
        name =
            written
            ?? {
                switch way {
                case .webhook(let webhook): webhook.server.name
                case .program(let path): path
                }
            }()
    }

    enum Way: Equatable, Sendable {
        case webhook(Webhook)
        /// The absolute path of a program, which reads JSON.
        case program(String)
    }

    /// An address on the web. Whoever knows it can write there, so no message shows more of it than its host.
    struct Webhook: Equatable, Sendable {
        var server: Settings.Upstream.Server
        /// As `Host` has it.
        var authority: String
        /// Path and query.
        var target: String
        var format = Format.json
        /// What messages are authenticated with; nil for not at all.
        var secret: [UInt8]?
    }

    /// What a webhook expects.
    enum Format: String, CaseIterable, Sendable {
        case json, slack, teams, ntfy
    }

    /// What it is known by where its name wouldn't do, or says too much.
    var fingerprint: String {
        let text =
            switch way {
            case .webhook(let webhook): webhook.server.name + webhook.target
            case .program(let path): path
            }
        return String(Fingerprint.sha256(of: Array(text.utf8)).prefix(16))
    }

    var program: String? { if case .program(let path) = way { path } else { nil } }

    static let countMax = 10
}

extension Notifier.Webhook {
    private static let bytesMax = 2048

    /// Of a URL: `https` to anywhere, `http` to this machine alone. No message repeats any of it.
    init(url text: String) throws(ValueMistake) {
        let form = "https://HOST/PATH, or http:// to this machine"
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw ValueMistake("a webhook is \(form), of visible ASCII characters")
        }
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard scheme == "https" || scheme == "http", text.dropFirst(scheme.count).hasPrefix("://") else {
            throw ValueMistake("a webhook is \(form)")
        }
        let rest = text.dropFirst(scheme.count + 3)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        guard !rest.contains("#") else { throw ValueMistake("a webhook has no fragment (#…): that never reaches a server") }
        let authority = String(rest[..<end])
        guard !authority.contains("@") else {
            throw ValueMistake("a webhook has no user or password before its host; what it is known by stands in its path or query")
        }
        let url: UpstreamURL
        do {
            url = try UpstreamURL("\(scheme)://\(authority)", directory: "")
        } catch {
            throw ValueMistake("the host of the webhook can't be used; a webhook is \(form)")
        }
        guard scheme == "https" || Self.isThisMachine(url.endpoint) else {
            throw ValueMistake("what is told is for nobody else: take https, or http to this machine alone (127.0.0.1, [::1], localhost)")
        }
        let target = String(rest[end...])
        self.init(server: url.server, authority: authority, target: target.hasPrefix("/") ? target : "/" + target)
    }

    private static func isThisMachine(_ endpoint: Settings.Upstream.Endpoint) -> Bool {
        switch endpoint {
        case .address(let address): address.isLoopback
        case .host(let name, _): name.lowercased() == "localhost"
        case .unix: false
        }
    }
}
