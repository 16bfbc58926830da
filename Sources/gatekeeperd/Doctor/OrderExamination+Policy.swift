internal import Gatekeeper

/// What CAA records say of an order, and those that are missing (RFC 8659, RFC 8657).
extension OrderExamination {
    func policy(of name: NameFacts, _ order: Order) -> [ExaminationFinding] {
        // No record is for an address.
        guard (try? PeerAddress(parsing: name.name)) == nil else { return [] }
        switch name.policy {
        case .unknown:
            return [
                .unexamined(
                    .orders,
                    "whether CAA lets somebody issue for \(name.name) isn't known: name servers don't answer, or not as they should",
                    advice: "an authority that gets no answer either doesn't issue: `dig CAA \(CertificateName.domain(of: name.name))`")
            ]
        case .none: return proposal(name, order)
        case .records(let records, let place): return [finding(records, at: place, of: name, order)]
        }
    }

    private func finding(_ records: [CAARecord], at place: String, of name: NameFacts, _ order: Order) -> ExaminationFinding {
        let issuers = AcmeDirectory.issuers(of: order.settings.directory)
        let shown = records.filter { $0.permission != nil || $0.isUnknownAndCritical }.prefix(Self.recordsShown)
        let text = shown.map { PeerWords.plain($0.text) }.joined(separator: ", ")
        guard let issuer = issuers.first else {
            return .note(
                .orders, shown.isEmpty ? "the CAA records of \(place) let everybody issue" : "CAA of \(place) says \(text)",
                advice: "see that \(order.settings.directory) issues under one of these names")
        }
        let record = Self.record(for: name, order, issuer)
        let verdict = CAARecord.verdict(
            of: records, isWildcard: name.isWildcard, issuers: issuers, account: order.account, method: order.settings.challenge.type)
        switch verdict {
        case .permitted: return .ok(.orders, "CAA of \(place) lets \(issuer) issue for \(name.name)")
        case .someAccount:
            return .note(
                .orders, "CAA of \(place) lets one account of \(issuer) issue for \(name.name), and ours isn't known from here",
                advice: "compare it with the account's address, once there is one: \(text)")
        case .otherAccount:
            return .wrong(
                .orders, "CAA of \(place) lets another account of \(issuer) issue for \(name.name), and not ours: \(text)",
                advice: "add \(record)")
        case .otherMethod:
            return .wrong(
                .orders, "CAA of \(place) lets \(issuer) issue for \(name.name), but not by \(order.settings.challenge.type): \(text)",
                advice: "add \(record)")
        case .forbidden:
            return .wrong(
                .orders, "CAA of \(place) forbids \(issuer) to issue for \(name.name): \(text)", advice: "add \(record)")
        }
    }

    /// Further ones say no more.
    private static let recordsShown = 8

    // MARK: What is missing

    private func proposal(_ name: NameFacts, _ order: Order) -> [ExaminationFinding] {
        guard let issuer = AcmeDirectory.issuers(of: order.settings.directory).first else { return [] }
        let domain = CertificateName.domain(of: name.name)
        var records = [Self.record(for: name, order, issuer)]
        if !name.isWildcard, !order.settings.names.contains("*.\(domain)") { records.append("\(domain). CAA 0 issuewild \";\"") }
        let later = order.account == nil ? " (with accounturi, once there is an account)" : ""
        return [
            .note(
                .orders, "no CAA record says who may issue for \(name.name), so every authority may",
                advice: "set \(records.joined(separator: " and "))\(later)")
        ]
    }

    /// As a zone's file has it.
    private static func record(for name: NameFacts, _ order: Order, _ issuer: String) -> String {
        let account = order.account.map { "; accounturi=\($0)" } ?? ""
        return "\(CertificateName.domain(of: name.name)). CAA 0 \(name.isWildcard ? "issuewild" : "issue") "
            + "\"\(issuer)\(account); validationmethods=\(order.settings.challenge.type)\""
    }
}
