internal import Gatekeeper

/// A list of addresses that changes without a change of the configuration: one that a vendor publishes, or what a name stands for.
struct ListSource: Equatable, Sendable {
    /// Who its entries are; no other list has it.
    let label: String
    let way: Way

    enum Way: Equatable, Sendable {
        /// What is there is proposed, and a person accepts it.
        case url(Page)
        /// What the name stands for is admitted.
        case hosts(String)
    }

    struct Page: Equatable, Sendable {
        var server: Settings.Upstream.Server
        /// As `Host` has it.
        var authority: String
        /// Path and query, which may be a secret.
        var target: String
        /// Nil for text.
        var json: JSONPath?
        var everySeconds: Int
    }

    static let countMax = 16
    static let everySecondsUsual = 6 * 3600
    static let everySeconds = 300...30 * 86_400

    /// Under which what was last admitted is kept. Whoever names another page for the same label still goes by what was accepted; what another
    /// name stood for counts for nothing.
    var key: String {
        switch way {
        case .url: "url \(label)"
        case .hosts(let name): "hosts \(name) \(label)"
        }
    }

    /// Names the place, so that what was found at one isn't taken for another's: a digest, since the target may be a secret. Nil of a name, which
    /// its key has in it.
    var placeDigest: String? {
        guard case .url(let page) = way else { return nil }
        let words = [page.authority, page.target, page.json.map { "\($0)" } ?? ""]
        return Fingerprint.sha256(of: Array(JSON.strings(words).text.utf8))
    }

    var isProposed: Bool { if case .url = way { true } else { false } }

    /// What messages call it; of a page its host alone.
    var name: String {
        switch way {
        case .url(let page): "\(label) (a list at \(page.authority))"
        case .hosts(let name): "\(label) (\(name))"
        }
    }
}

extension ListSource.Page {
    private static let bytesMax = 2048

    /// Of an https URL. No message repeats any of it.
    init(url text: String, json: JSONPath?, everySeconds: Int) throws(ValueMistake) {
        let form = "a list is at an https URL, of visible ASCII characters and without user, password or fragment"
        let scheme = "https://"
        guard text.utf8.count <= Self.bytesMax, text.lowercased().hasPrefix(scheme), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { throw ValueMistake(form) }
        let rest = text.dropFirst(scheme.count)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let (host, path) = (String(rest[..<end]), String(rest[end...]))
        guard !path.contains("#"), !host.contains("@"), let url = try? UpstreamURL(scheme + host, directory: "") else {
            throw ValueMistake(form)
        }
        self.init(
            server: url.server, authority: host, target: path.hasPrefix("/") ? path : "/" + path, json: json, everySeconds: everySeconds)
    }
}
