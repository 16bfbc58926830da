internal import Gatekeeper

/// What one configuration says otherwise than another, a line for each difference, in the words of the file: for the admin who reloads, and
/// for the log.
enum ConfigurationChange {
    static func lines(from old: Configuration, to new: Configuration) -> [String] {
        let settings = (old.settings, new.settings)
        return difference("listen", settings.0.listeners.map { "\($0.address)" }, settings.1.listeners.map { "\($0.address)" })
            + allowList(settings.0.allow, settings.1.allow)
            + lists(old.lists.map(\.value), new.lists.map(\.value))
            + difference("routes", settings.0.routes.map(describe), settings.1.routes.map(describe))
            + difference("upstream.urls", settings.0.upstream.servers.map(\.name), settings.1.upstream.servers.map(\.name))
            + difference("log.fields", settings.0.log.fields.described, settings.1.log.fields.described)
            + values(old.written, new.written)
            + secret("status_token", old.status?.token, new.status?.token)
            + notifiers(old.notifiers.map(\.value), new.notifiers.map(\.value))
            + orders(old.acme, new.acme)
    }

    /// That it differs, and not how.
    private static func secret(_ key: String, _ old: StatusToken?, _ new: StatusToken?) -> [String] {
        old == new ? [] : ["\(key): \(old == nil ? "set" : new == nil ? "removed" : "another")"]
    }

    /// By label and host; of those whose name stays, that something differs.
    private static func lists(_ old: [ListSource], _ new: [ListSource]) -> [String] {
        let changed = new.filter { list in !old.contains(list) && old.contains { $0.name == list.name } }
        return difference("allow", old.map(\.name), new.map(\.name)).filter { !$0.hasSuffix("in another order") }
            + changed.map { "allow: \($0.name) in another way" }
    }

    /// By name; of those whose name stays, that something differs.
    private static func notifiers(_ old: [Notifier], _ new: [Notifier]) -> [String] {
        let lines = difference("notify", old.map(\.name), new.map(\.name))
        let changed = new.filter { notifier in !old.contains(notifier) && old.contains { $0.name == notifier.name } }
        return lines.filter { !$0.hasSuffix("in another order") } + changed.map { "notify: \($0.name) in another way" }
    }

    /// By their names; of those whose names stay, that something differs.
    private static func orders(_ old: [Located<AcmeSettings>], _ new: [Located<AcmeSettings>]) -> [String] {
        func names(_ ordered: Located<AcmeSettings>) -> String { ordered.written ?? ordered.value.names.joined(separator: " ") }
        let changed = new.filter { ordered in
            old.contains { names($0) == names(ordered) } && !old.contains { $0.value == ordered.value }
        }
        return difference("tls.acme", old.map(names), new.map(names)) + changed.map { "tls.acme: \(names($0)) in another way" }
    }

    /// What takes a restart to come into force.
    static func deferred(from old: Configuration, to new: Configuration) -> [String] {
        let differences = [
            ("workers", old.settings.workers != new.settings.workers), ("state", old.statePath != new.statePath),
            ("control", old.controlPath != new.controlPath),
        ]
        return differences.filter(\.1).map { "\($0.0): a change takes a restart" }
    }

    /// Of long lists their lengths: nobody reads more.
    private static func allowList(_ old: [Settings.AllowEntry], _ new: [Settings.AllowEntry]) -> [String] {
        guard old.count + new.count <= entriesMax else {
            return old == new ? [] : ["allow: \(new.count) entries, before \(old.count)"]
        }
        return difference("allow", old.map(describe), new.map(describe))
    }

    private static let entriesMax = 2_000

    private static func values(_ old: [String: String], _ new: [String: String]) -> [String] {
        // Said again under `upstream.urls`.
        let paths = Set(old.keys).union(new.keys).subtracting(["upstream.url"]).sorted()
        return paths.compactMap { path in
            guard old[path] != new[path] else { return nil }
            return "\(path): \(old[path] ?? "default") -> \(new[path] ?? "default")"
        }
    }

    private static func difference(_ key: String, _ old: [String], _ new: [String]) -> [String] {
        let (before, after) = (Set(old), Set(new))
        let lines =
            new.filter { !before.contains($0) }.map { "\(key): + \($0)" } + old.filter { !after.contains($0) }.map { "\(key): - \($0)" }
        // The order of routes and upstreams decides.
        return lines.isEmpty && old != new ? ["\(key): in another order"] : lines
    }

    private static func difference(_ key: String, _ old: [String]?, _ new: [String]?) -> [String] {
        switch (old, new) {
        case (nil, nil): []
        case (nil, let new?): ["\(key): \(new.count) from now on; before, everything was let through"]
        case (_?, nil): ["\(key): none any more; everything is let through"]
        case (let old?, let new?): difference(key, old, new)
        }
    }

    private static func describe(_ entry: Settings.AllowEntry) -> String {
        entry.label.map { "\(entry.prefix) (\($0))" } ?? "\(entry.prefix)"
    }

    private static func describe(_ routes: Settings.Routes) -> [String] {
        routes.routes.map { "\($0)" }
    }
}
