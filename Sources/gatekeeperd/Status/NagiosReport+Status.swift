/// The judgement of a service by what it says of itself.
extension NagiosReport {
    /// Kinds of problems with which nobody is served, or a part of them isn't. Every other is a warning.
    private static let criticalKinds: Set<String> = [Problem.Kind.certificateExpired.rawValue, Problem.Kind.listenerAbsent.rawValue]

    private struct Complaint {
        var isCritical: Bool
        var text: String
        var detail: String
    }

    /// - Parameter status: what `/status.json` has answered.
    init(status: JSON, at now: WallTime) {
        guard let version = status.string("version"), status["pid"]?.integer != nil, case .array(let problems)? = status["problems"] else {
            self.init(.unknown, "what answers there is no Gatekeeper: look at the address (--url)")
            return
        }
        let upstreams = Self.elements(status["upstreams"])
        let downCount = upstreams.count { $0["up"]?.boolean == false }
        let ends = Self.ends(status["certificates"])
        var complaints = problems.compactMap(Self.complaint)
        func warn(_ text: String, _ cure: String) {
            complaints.append(Complaint(isCritical: false, text: text, detail: "\(text); do: \(cure)"))
        }
        if complaints.count < problems.count { warn("there is a problem that this plugin doesn't know", "see gatekeeperd status") }
        if status["leaving"]?.boolean == true { warn("the service is about to end", "start it again, if that wasn't meant") }
        func tell(_ kind: Problem.Kind, _ text: String, _ cure: String) {
            guard !problems.contains(where: { $0.string("kind") == kind.rawValue }) else { return }
            complaints.append(Complaint(isCritical: true, text: text, detail: "\(text); do: \(cure)"))
        }
        if !upstreams.isEmpty, downCount == upstreams.count {
            complaints.insert(
                Complaint(isCritical: true, text: "no ticket system is up", detail: "no ticket system is up; do: see gatekeeperd doctor"),
                at: 0)
        }
        if let end = ends.min(), end <= now { tell(.certificateExpired, "a certificate has expired", "renew it") }
        let absent = status["listeners_absent"]?.texts ?? []
        if !absent.isEmpty {
            tell(.listenerAbsent, "\(absent.joined(separator: ", ")) is no address of this machine now", "bring the address back")
        }
        let state: State = complaints.isEmpty ? .ok : complaints.contains(where: \.isCritical) ? .critical : .warning
        let ordered = complaints.filter(\.isCritical) + complaints.filter { !$0.isCritical }
        self.init(
            state, Self.summary(ordered, version: version, ends: ends, upstreams: upstreams.count, down: downCount, now),
            figures: Self.figures(status, problemCount: problems.count, ends: ends, upstreams: upstreams.count, down: downCount, now),
            details: ordered.map(\.detail))
    }

    private static func complaint(_ problem: JSON) -> Complaint? {
        guard let kind = problem.string("kind") else { return nil }
        let text = problem.string("text") ?? kind
        let since = problem.string("since").map { ", since \($0)" } ?? ""
        let cure = problem.string("cure").map { "; do: \($0)" } ?? ""
        return Complaint(isCritical: criticalKinds.contains(kind), text: text, detail: "\(text) (\(kind)\(since))\(cure)")
    }

    /// The worst in words and how many more there are; what is well where nothing is wrong.
    private static func summary(
        _ complaints: [Complaint], version: String, ends: [WallTime], upstreams: Int, down: Int, _ now: WallTime
    ) -> String {
        if let first = complaints.first {
            return complaints.count > 1 ? "\(first.text), and \(complaints.count - 1) more" : first.text
        }
        var parts = ["serving, version \(version)", "\(upstreams - down) of \(Quantity.counted(upstreams, "ticket system")) up"]
        if let end = ends.min() { parts.append("certificate ends \(TimeText.until(end, from: now))") }
        return parts.joined(separator: ", ")
    }

    private static func figures(
        _ status: JSON, problemCount: Int, ends: [WallTime], upstreams: Int, down: Int, _ now: WallTime
    ) -> [Figure] {
        func number(_ name: String) -> Int64? {
            guard case .number(let text)? = status[name] else { return nil }
            return Int64(text)
        }
        func counter(_ name: String) -> Figure? { number(name).map { Figure(label: name, value: $0, unit: "c") } }
        var figures = [Figure(label: "problems", value: Int64(problemCount), warning: "0")]
        if upstreams > 0 {
            figures.append(
                Figure(
                    label: "upstreams_up", value: Int64(upstreams - down), warning: "\(upstreams):", critical: "1:", max: Int64(upstreams)))
        }
        if let end = ends.min() {
            figures.append(Figure(label: "certificate", value: end.milliseconds(since: now) / 1000, unit: "s", critical: "0:", min: nil))
        }
        let rest = [
            number("connections_open").map { Figure(label: "connections", value: $0) }, counter("admitted"), counter("denied"),
            counter("requests"), number("uptime_seconds").map { Figure(label: "uptime", value: $0, unit: "s") },
        ]
        return figures + rest.compactMap(\.self)
    }

    private static func ends(_ certificates: JSON?) -> [WallTime] {
        elements(certificates).compactMap { certificate in
            guard let text = certificate.string("expires_at"), let seconds = try? CalendarTime.unixSeconds(text) else { return nil }
            return WallTime(milliseconds: seconds * 1000)
        }
    }

    private static func elements(_ list: JSON?) -> [JSON] {
        guard case .array(let elements)? = list else { return [] }
        return elements
    }
}
