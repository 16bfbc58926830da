internal import Gatekeeper

/// A configuration while it is being read: what was said so far and where, and the defaults of everything else.
///
/// The schema's rules write into it key by key; `Validation` turns it into a `Configuration` or says what is missing. Defaults are the
/// library's own, so that the reference can't disagree with the code.
struct ConfigurationBuilder: Sendable {
    /// What one key's value sets by itself. What has to be told with where it was written, or is made of several keys, is kept beside it
    /// until `Validation` puts it in.
    var settings = Settings.empty
    var listeners: [Located<Settings.Listener>] = []
    /// Files that have a key of their own, by that key.
    var files: [String: Located<String>] = [:]
    /// In place of `tls.certificate` and `tls.key`.
    var certificates: [Located<CertificateSource>] = []
    /// In place of both.
    var acme: Located<AcmeSettings>?
    /// Nil until something was said about who may connect; an empty list says: nobody.
    var allow: [Located<Settings.AllowEntry>]?
    /// What elements of the list call their sources, also those that hold no entry now.
    var labels: Set<String> = []
    /// Lists that were read into it.
    var allowFiles: [String] = []
    var listLengths: [String: Int] = [:]
    /// What messages and origins call each of them.
    var listNames: [String: String] = [:]
    /// Those that change without a change here.
    var lists: [Located<ListSource>] = []
    var mayAllowEveryone = false
    /// Where `on_deny: drop` was said.
    var dropOrigin: Origin?
    /// In force while `hasShield`.
    var shield = Settings.Shield()
    var hasShield = true
    var upstream: Located<UpstreamURL>?
    /// Instead of `upstream`.
    var upstreams: [Located<UpstreamURL>] = []
    /// Nil without active checks; `checkPath` was said with any of the section's keys.
    var checkPath: String?
    var check = Settings.Upstream.Check()
    var upstreamServerName: Located<String>?
    var upstreamPins: Located<[[UInt8]]>?
    /// Which one it is, for those who look after it.
    var upstreamPreset: Located<TicketSystemPreset>?
    /// Nil while all requests are let through.
    var routes: [Located<Route>]?
    /// What `from` of the routes says, each label where it stands.
    var routeLabels: [Located<String>] = []
    /// Ticket systems that routes are of, each where it is named.
    var routePresets: [Located<TicketSystemPreset>] = []
    var routesAreShadow = false
    /// Where `learn` and `routes_mode` were said.
    var modeOrigins: [String: Origin] = [:]
    var logDestination = LogDestination.standardOutput
    var statePath: Located<String>?
    var controlPath: Located<String>?
    var statusAddress: Located<SocketAddress>?
    var statusToken: Located<StatusToken>?
    var notifiers: [Located<Notifier>] = []
    var digestTime: TimeOfDay? = .usualDigest

    /// Certificates that are ordered.
    var ordered: [Located<AcmeSettings>] {
        if let acme { return [acme] }
        return certificates.compactMap { source in
            source.value.ordered.map { Located(value: $0, origin: source.origin, written: source.written) }
        }
    }
}
