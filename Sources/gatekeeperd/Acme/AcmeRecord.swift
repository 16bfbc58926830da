internal import Gatekeeper

/// What is remembered of one certificate beside its files.
struct AcmeRecord: Equatable, Sendable {
    /// Of the settings that it is about, as `AcmeSettings.fingerprint`.
    var fingerprint: String
    /// The URL of the order that is under way.
    var order: String?
    /// What a program has put into the DNS for it.
    var records: [RecordProgram.Record] = []
    /// By which directory and profile the certificate was issued that is there; empty for none.
    var issuer = ""
    var plan = RenewalPlan()

    init(of settings: AcmeSettings) {
        fingerprint = settings.fingerprint
    }

    /// Nil for what we haven't written.
    init?(_ json: JSON) {
        guard let fingerprint = json.string("settings"), let issuer = json.string("issuer"), case .array(let records)? = json["records"],
            let failures = json["failures"]?.times, let count = json["failure_count"]?.integer, let pause = json["pause"]?.integer
        else { return nil }
        self.fingerprint = fingerprint
        self.issuer = issuer
        order = json.string("order")
        self.records = records.compactMap { record in
            guard let name = record.string("name"), let value = record.string("value") else { return nil }
            return RecordProgram.Record(name: name, value: value)
        }
        let window = json["window"]?.times.flatMap { times in
            times.count == 3 ? RenewalPlan.Window(start: times[0], end: times[1], moment: times[2]) : nil
        }
        plan = RenewalPlan(window: window, failures: failures, failureCount: count, pauseMilliseconds: Int64(pause))
    }

    var json: JSON {
        .object(
            of: ("settings", .string(fingerprint)), ("order", order.map { .string($0) }), ("issuer", .string(issuer)),
            (
                "records",
                .array(records.map { .object(of: ("name", .string($0.name)), ("value", .string($0.value))) })
            ),
            ("window", plan.window.map { .times([$0.start, $0.end, $0.moment]) }), ("failures", .times(plan.failures)),
            ("failure_count", .number(plan.failureCount)), ("pause", .number(plan.pauseMilliseconds)))
    }
}

extension JSON {
    /// In milliseconds.
    fileprivate static func times(_ times: [WallTime]) -> JSON { .array(times.map { .number($0.milliseconds) }) }

    fileprivate var times: [WallTime]? {
        guard case .array(let elements) = self else { return nil }
        return elements.compactMap { $0.integer.map { WallTime(milliseconds: Int64($0)) } }
    }
}

extension AcmeSettings {
    /// Tells these settings from others: what an order and its failures depend on.
    var fingerprint: String {
        let parts =
            names.sorted() + [
                "", directory, profile ?? "", contact ?? "", "\(challenge)", binding?.identifier ?? "",
                binding.map { Fingerprint.sha256(of: $0.key) } ?? "", authorityPath ?? "",
            ]
        return Fingerprint.sha256(of: Array(parts.joined(separator: "\n").utf8))
    }

    /// By whom and how a certificate of them is issued.
    var issuer: String { "\(directory) \(profile ?? "")" }
}
