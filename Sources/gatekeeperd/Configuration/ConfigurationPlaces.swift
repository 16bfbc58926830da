internal import Gatekeeper

/// Where those parts of a configuration were written that are looked at again after it was read: to be checked, or to explain a decision.
struct ConfigurationPlaces: Equatable, Sendable {
    /// These three in the order of the settings.
    var listeners: [Origin] = []
    var certificates: [Origin] = []
    var upstreams: [Origin] = []
    var clientAuthority: Origin?
    var clientRevocations: Origin?
    /// In the order of the settings; empty without routes.
    var routes: [Origin] = []
    /// Nil where a usual place was taken.
    var state: Origin?
    var control: Origin?
    /// Nil unless `on_deny: drop` was said.
    var drop: Origin?
    /// Nil unless it was said when to raise it.
    var shield: Origin?
    var status: Origin?

    init() {}

    init(_ draft: Draft) {
        listeners = draft.listeners.map(\.origin)
        certificates = draft.certificatePath.map { [$0.origin] } ?? draft.certificates.map(\.origin)
        upstreams = draft.upstream.map { [$0.origin] } ?? draft.upstreams.map(\.origin)
        clientAuthority = draft.clientAuthorityPath?.origin
        clientRevocations = draft.clientRevocationPath?.origin
        routes = (draft.routes ?? []).map(\.origin)
        state = draft.statePath?.origin
        control = draft.controlPath?.origin
        drop = draft.onDeny == .drop ? draft.dropOrigin : nil
        status = draft.statusAddress?.origin
    }
}
