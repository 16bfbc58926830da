internal import Gatekeeper

extension AddressBoundAPI {
    /// What is said of one, where it may take some address for the client's.
    struct Words: Equatable, Sendable {
        /// What it does with addresses, and which it sees.
        var meaning: String
        /// What must be so when clients are let in.
        var admission: String
        /// What to do when none is.
        var remedy: String
        /// How it may be that none is; nil where the address can't be at fault.
        var mistake: String?
        /// What a question without a key leaves open; nil where nothing is to be done.
        var doubt: String?
    }

    /// Where connections show the client themselves (`upstream.proxy_protocol`, `upstream.source`), no field has to be believed; and since what we
    /// ask comes as this host, an answer to that says nothing of clients.
    ///
    /// - Parameter address: whose our questions are for it.
    func words(for address: PeerAddress?, shownBy clientAddress: Settings.Upstream.ClientAddress) -> Words {
        func fill(_ pattern: String) -> String { pattern.replacing("HOST", with: address?.description ?? "this host") }
        return switch (clientAddress.source, clientAddress.proxyProtocol) {
        case (.client, _):
            Words(
                meaning: "\(title) \(binding), and connections come from the client's (upstream.source: client)",
                admission: "it sees the client's address", remedy: entryAdvice)
        case (.own, .v2):
            Words(
                meaning: "\(title) \(binding), and its web server is told the client's (upstream.proxy_protocol)",
                admission: fill(
                    "either its web server goes by that, or what it admits is HOST itself, and with it everybody who is admitted here"),
                remedy: fill(
                    "have its web server go by the PROXY header (nginx: set_real_ip_from HOST; real_ip_header proxy_protocol; Apache: "
                        + "RemoteIPProxyProtocol On), and \(entryAdvice)"),
                mistake: fill("If it takes every client for HOST"), doubt: "Whether its web server goes by that, GET doesn't show")
        case (.own, .off):
            Words(
                meaning: "\(title) \(binding), and \(fill(mistakePattern))", admission: fill(admissionPattern), remedy: fill(remedyPattern),
                mistake: "If it takes every client for that address", doubt: "Whether it was, GET doesn't show")
        }
    }
}
