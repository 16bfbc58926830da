internal import Gatekeeper

/// Grants as they are told of.
extension Grant {
    var json: JSON {
        let (how, by): (String?, Requester?) =
            switch ending?.how {
            case .expired: ("expired", nil)
            case .revoked(let requester): ("revoked", requester)
            case nil: (nil, nil)
            }
        return .object(
            of: ("address", .string(address.description)), ("reason", .string(reason)), ("label", label.map(JSON.string)),
            ("made_at", .time(madeAt)),
            ("made_by", madeBy.json), ("ends_at", .time(endsAt)), ("extended_at", extended.map { .time($0.at) }),
            ("extended_by", extended?.by.json), ("first_used_at", firstUsedAt.map(JSON.time)),
            ("ended_at", ending.map { .time($0.at) }), ("ending", how.map(JSON.string)), ("ended_by", by?.json))
    }

    /// One line.
    func text(at now: WallTime) -> String {
        let used = firstUsedAt.map { "first used \(TimeText.since($0, until: now))" } ?? "not used yet"
        let state =
            switch ending {
            case nil: "ends \(TimeText.until(endsAt, from: now))"
            case let ending?:
                switch ending.how {
                case .expired: "expired \(TimeText.since(ending.at, until: now))"
                case .revoked(let requester): "revoked by \(requester) \(TimeText.since(ending.at, until: now))"
                }
            }
        let role = label.map { " as \($0)," } ?? ""
        return "\(address)  \(state), \(ending != nil && firstUsedAt == nil ? "never used" : used),\(role) by \(madeBy): \(reason)"
    }
}

extension Requester {
    var json: JSON { .object(of: ("uid", .number(user)), ("name", name.map(JSON.string))) }
}
