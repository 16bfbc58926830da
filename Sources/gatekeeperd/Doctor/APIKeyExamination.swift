internal import Gatekeeper

/// Does the ticket system bind API keys to addresses? Then it must be told whose connections these are.
struct APIKeyExamination: Equatable, Sendable {
    var systems: [TicketSystem]
    /// What clients were answered of late; nil where no log can be read.
    var records: [AccessRecord]?

    /// Fewer refusals may be anybody's who tried.
    static let requestsMin = 20
    /// So many in a hundred are nearly all.
    private static let percentMin = 90

    var remarks: [Remark] {
        let remarks = systems.map(remark)
        // Where it is known why, it need not be guessed.
        guard !remarks.contains(where: { $0.severity == .finding }) else { return remarks }
        let refusals = refusals
        // What is refused isn't well, whatever a look from here says.
        return refusals.isEmpty ? remarks : remarks.filter { $0.severity != .ok } + refusals
    }

    private func remark(_ system: TicketSystem) -> Remark {
        for asked in system.answers.dropFirst() {
            guard let api = AddressBoundAPI.recognise(asked.answer) else { continue }
            let latest = AccessRecord.latest(at: asked.path, in: records ?? [])
            let meaning = "\(api.title) \(api.meaning(for: system.ownAddress))"
            if latest.last?.isAdmission ?? false {
                return .ok(
                    .apiKeys,
                    "\(meaning); it has been told otherwise, for it admitted \(latest.count(where: \.isAdmission)) of the last "
                        + "\(CheckReport.count(latest.count, "request")) to \(asked.path)")
            }
            var seen = "\(system.name) answers \(asked.answer.status) to GET \(asked.path)"
            if let client = system.client { seen += " for \(client)" }
            seen += ": \(meaning)"
            if !latest.isEmpty {
                let refused = latest.count(where: \.isRefusal)
                seen += ", and refused \(refused) of the last \(CheckReport.count(latest.count, "request")) there"
            }
            return .finding(.apiKeys, seen, advice: api.remedy(for: system.ownAddress))
        }
        if let obstacle = system.obstacle {
            return .unexamined(.apiKeys, "whether \(system.name) binds keys to addresses can't be asked: \(obstacle)")
        }
        return .ok(.apiKeys, "\(system.name) shows none of the APIs that are known to bind keys to addresses")
    }

    /// What clients are told of late, whatever the ticket system is: at each path, and, where paths differ from one request to the next, by
    /// all together.
    private var refusals: [Remark] {
        let records = records ?? []
        var paths: [String] = []
        for record in records.reversed() where record.isRefusal && !paths.contains(record.path) && paths.count < Self.pathsMax {
            paths.append(record.path)
        }
        let refusing = paths.filter { path in
            let latest = AccessRecord.latest(at: path, in: records)
            return latest.count == AccessRecord.latestCount && latest.allSatisfy(\.isRefusal)
        }
        let recent = records.suffix(Self.requestsMin)
        let refused = recent.count(where: \.isRefusal)
        let seen: String
        if !refusing.isEmpty {
            seen =
                "each of the last \(AccessRecord.latestCount) requests to \(refusing.map(PeerWords.quoted).joined(separator: ", ")) was answered "
                + "401 or 403 by the ticket system"
        } else if recent.count >= Self.requestsMin, refused * 100 >= recent.count * Self.percentMin {
            seen = "\(refused) of the last \(recent.count) requests were answered 401 or 403 by the ticket system"
        } else {
            return []
        }
        return [
            .finding(
                .apiKeys, seen,
                advice: "look into its log: is the key wrong, or bound to the client's address? It sees this host's, and the client's in "
                    + "X-Forwarded-For")
        ]
    }

    private static let pathsMax = 8
}
