internal import Gatekeeper

/// Where those parts of a configuration were written that are looked at again after it was read: to be checked, or to explain a decision.
struct Origins: Equatable, Sendable {
    /// These three in the order of the settings.
    var listeners: [Origin] = []
    var certificates: [Origin] = []
    var upstreams: [Origin] = []
    var clientAuthority: Origin?
    var clientRevocations: Origin?
    /// In the order of the settings; empty without routes.
    var routes: [Origin] = []
    /// Nil where a usual path was taken.
    var state: Origin?
    var control: Origin?
    /// Nil unless `on_deny: drop` was said.
    var drop: Origin?
    /// Nil unless it was said when to raise it.
    var shield: Origin?
    var status: Origin?

    init() {}

    init(_ builder: ConfigurationBuilder) {
        listeners = builder.listeners.map(\.origin)
        certificates = (builder.files["tls.certificate"]?.origin ?? builder.acme?.origin).map { [$0] } ?? builder.certificates.map(\.origin)
        upstreams = builder.upstream.map { [$0.origin] } ?? builder.upstreams.map(\.origin)
        clientAuthority = builder.files["tls.client_ca"]?.origin
        clientRevocations = builder.files["tls.client_crl"]?.origin
        routes = (builder.routes ?? []).map(\.origin)
        state = builder.statePath?.origin
        control = builder.controlPath?.origin
        drop = builder.settings.onDeny == .drop ? builder.dropOrigin : nil
        status = builder.statusAddress?.origin
    }
}
