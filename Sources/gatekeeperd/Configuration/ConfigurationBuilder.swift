internal import Gatekeeper

/// A configuration while it is being read: what was said so far and where, and the defaults of everything else.
///
/// The schema's rules write into it key by key; `Validation` turns it into a `Configuration` or says what is missing. Defaults are the
/// library's own, so that the reference can't disagree with the code.
struct ConfigurationBuilder: Sendable {
    var listeners: [Located<Settings.Listener>] = []
    var certificatePath: Located<String>?
    var keyPath: Located<String>?
    /// In place of the two above.
    var certificates: [Located<Settings.TLS.Certificate>] = []
    var refusesUnknownNames = false
    var clientAuthorityPath: Located<String>?
    var clientRevocationPath: Located<String>?
    var minimumVersion = TLSVersion.tls12
    /// Nil until something was said about who may connect; an empty list says: nobody.
    var allow: [Located<Settings.AllowEntry>]?
    /// Lists that were read into it.
    var allowFiles: [String] = []
    var listLengths: [String: Int] = [:]
    /// What messages and origins call each of them.
    var listNames: [String: String] = [:]
    var mayAllowEveryone = false
    var onDeny = Settings.OnDeny.reset
    /// Where `on_deny: drop` was said.
    var dropOrigin: Origin?
    var shield = Settings.Shield()
    var hasShield = true
    var upstream: Located<UpstreamURL>?
    /// Instead of `upstream`.
    var upstreams: [Located<UpstreamURL>] = []
    var upstreamOrder = Settings.Upstream.Order.failover
    /// Nil without active checks; `checkPath` was said with any of the section's keys.
    var checkPath: String?
    var check = Settings.Upstream.Check()
    var connectionsMax = Settings.Upstream([]).connectionsMax
    var queueMax = Settings.Upstream([]).queueMax
    var queueMilliseconds = Settings.Upstream([]).queueMilliseconds
    var idle = Idle()
    var upstreamHost: String?
    var upstreamServerName: Located<String>?
    var upstreamAuthorityPath: Located<String>?
    var upstreamPins: Located<[[UInt8]]>?
    var upstreamCertificatePath: Located<String>?
    var upstreamKeyPath: Located<String>?
    /// Which one it is, for those who look after it.
    var upstreamPreset: Located<TicketSystemPreset>?
    var reusesAfterBody = false
    var passesUnderscores = false
    var requestBuffering = Settings.Upstream([]).requestBuffering
    var spool = Settings.Upstream.Spool()
    /// Nil while all requests are let through.
    var routes: [Located<Route>]?
    var routesAreShadow = false
    var webSocket = false
    var limits = Settings.Limits()
    var timeouts = Settings.Timeouts()
    var log = Settings.Log()
    var logDestination = LogDestination.standardOutput
    var workers: Int?
    var statePath: Located<String>?
    var controlPath: Located<String>?
    var statusAddress: Located<SocketAddress>?
    var statusToken: Located<StatusToken>?

    /// What an upstream and worker keeps open.
    struct Idle: Sendable {
        var connectionsMax: Int
        var timeoutMilliseconds: Int

        init() {
            let defaults = Settings.Upstream([])
            connectionsMax = defaults.idleConnectionsMax
            timeoutMilliseconds = defaults.idleTimeoutMilliseconds
        }
    }
}
