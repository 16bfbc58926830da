internal import Gatekeeper

/// What is asked for in the hour in which somebody hears that a vendor was breached.
extension Service {
    func lockdown(keep: [String], seconds: Int?, by requester: Requester, at now: WallTime) throws(ControlFailure) -> LockdownReport {
        try parts.phase.checkMayChange()
        // Of lists also what isn't admitted yet.
        let lists = configuration.current.configuration.lists.map(\.value.label)
        let allow = configuration.current.configuration.settings.allow
        let names = Set(allow.map(Lockdown.name) + lists)
        for name in keep where !names.contains(name) { throw Self.unknown(name, among: names.sorted(), allow) }
        var kept: [String] = []
        for name in keep where !kept.contains(name) { kept.append(name) }
        let moment = Moment(instant: parts.clock.now().instant, wallTime: now)
        var report = parts.lockdown.begin(keep: kept, seconds: seconds, by: requester, at: moment)
        let shut = parts.grants.active(at: now).count { report.lockdown?.effect(on: $0) != LockdownEffect.none }
        if shut > 0 {
            report.notes.append(
                "\(Quantity.counted(shut, "grant")) that \(shut == 1 ? "was" : "were") there \(shut == 1 ? "admits" : "admit") nobody until then"
            )
        }
        // Nobody else gets a byte of ours, and a certificate must not end because the door is shut.
        let pending = parts.challenges.windows.map(\.name) + parts.orders.states.filter { $0.step == .ordering }.flatMap(\.names)
        if !pending.isEmpty {
            report.notes.append(
                "a certificate is being validated (\(Set(pending).sorted().joined(separator: ", "))): "
                    + "whoever asks for the challenge, and for nothing else, is shown it as ever")
        }
        return report
    }

    func endLockdown(by requester: Requester, at now: WallTime) throws(ControlFailure) -> LockdownReport {
        try parts.phase.checkMayChange()
        let moment = Moment(instant: parts.clock.now().instant, wallTime: now)
        guard let report = parts.lockdown.end(by: "\(requester)", at: moment) else {
            throw ControlFailure(.missing, "there is no lockdown")
        }
        return report
    }

    private static func unknown(_ name: String, among names: [String], _ allow: [Settings.AllowEntry]) -> ControlFailure {
        // By its address it is known, and has a name of its own.
        if let entry = allow.first(where: { $0.prefix.description == name }), let label = entry.label {
            return ControlFailure(.missing, "\(name) is kept by its label: --keep \(Quantity.quoted(label))")
        }
        let hint =
            Suggestion.question(about: name, among: names)
            ?? (names.isEmpty ? "; nobody is" : " (\(names.prefix(10).joined(separator: ", "))\(names.count > 10 ? ", …" : ""))")
        return ControlFailure(.missing, "nobody on the allow-list is called \(Quantity.quoted(name))\(hint); nothing has changed")
    }
}
