internal import Gatekeeper

/// A temporary entry in the allow-list: from when it was made until it expires or is revoked.
struct Grant: Equatable, Sendable {
    /// The row in the ledger.
    let identifier: Int64
    let address: AddressPrefix
    var reason: String
    let madeAt: WallTime
    let madeBy: Requester
    var endsAt: WallTime
    /// The last time that its end was put off.
    var extended: Extension?
    var firstUsedAt: WallTime?
    /// Of the entries of the allow-list whose routes it has too; nil for those that are for everybody.
    var label: String?
    /// Nil while it admits.
    var ending: Ending?

    struct Extension: Equatable, Sendable {
        var at: WallTime
        var by: Requester
    }

    struct Ending: Equatable, Sendable {
        var at: WallTime
        var how: How

        enum How: Equatable, Sendable {
            case expired
            case revoked(by: Requester)
        }
    }

    func isActive(at now: WallTime) -> Bool { ending == nil && now < endsAt }
}
