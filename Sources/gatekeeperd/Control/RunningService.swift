internal import Gatekeeper

/// The service that runs by the configuration in question, as far as it matters to whoever only looks.
struct RunningService: Equatable, Sendable {
    var process: Int
    var listeners: [SocketAddress]
    var statusPage: SocketAddress?

    private static let patienceMilliseconds = 3_000

    /// Asks at the control socket; nil when nobody answers there.
    static func find(at controlPath: String?) -> RunningService? {
        guard let controlPath else { return nil }
        do {
            return RunningService(try ControlClient(path: controlPath, timeoutMilliseconds: patienceMilliseconds).ask(.status).result)
        } catch {
            return nil
        }
    }

    /// The entries of its allow-list that no file holds; none when nobody answers.
    static func grants(at controlPath: String?) -> [Settings.AllowEntry] {
        guard let controlPath else { return [] }
        do {
            let answer = try ControlClient(path: controlPath, timeoutMilliseconds: patienceMilliseconds).ask(.grants(all: false))
            guard case .array(let grants)? = answer.result["grants"] else { return [] }
            return grants.compactMap(entry)
        } catch {
            return []
        }
    }

    /// What no file says of whom it admits, but for grants.
    struct Admission {
        var lockdown: Lockdown?
        /// By lists that change.
        var listed: [Settings.AllowEntry] = []
        /// Since when, by label and entry.
        var listedAt: [String: [AddressPrefix: WallTime]] = [:]
    }

    /// Nil when nobody answers.
    static func admission(at controlPath: String?) -> Admission? {
        guard let controlPath else { return nil }
        let client = ControlClient(path: controlPath, timeoutMilliseconds: patienceMilliseconds)
        return (try? client.ask(.status)).map { admission($0.result) }
    }

    /// As the answer to `status` has it.
    static func admission(_ status: JSON) -> Admission {
        let lists = if case .array(let lists)? = status["lists"] { lists } else { [JSON]() }
        var admission = Admission(lockdown: status["lockdown"].flatMap { Lockdown(status: $0) })
        for list in lists {
            guard let label = list.string("label") else { continue }
            admission.listed += prefixes(list["entries"]).map { prefix in
                Settings.AllowEntry(prefix: prefix, label: label, origin: ListReport.origin(label))
            }
            guard case .array(let groups)? = list["listed"] else { continue }
            for group in groups {
                guard let text = group.string("listed_at"), let seconds = try? CalendarTime.unixSeconds(text) else { continue }
                for prefix in prefixes(group["entries"]) {
                    admission.listedAt[label, default: [:]][prefix] = WallTime(milliseconds: seconds * 1000)
                }
            }
        }
        return admission
    }

    private static func prefixes(_ json: JSON?) -> [AddressPrefix] {
        (json?.texts ?? []).compactMap { try? AddressPrefix(parsing: $0) }
    }

    private static func entry(_ grant: JSON) -> Settings.AllowEntry? {
        guard let address = grant.string("address"), let prefix = try? AddressPrefix(parsing: address),
            let end = grant.string("ends_at"), let seconds = try? CalendarTime.unixSeconds(end)
        else { return nil }
        let label = grant.string("label")
        var entry = Settings.AllowEntry(prefix: prefix, label: label ?? grant.string("reason"), origin: "grant")
        entry.isLabelledByReason = label == nil
        entry.endsAtUnixSeconds = seconds
        return entry
    }

    init?(_ status: JSON) {
        guard let process = status["pid"]?.integer else { return nil }
        self.process = process
        listeners = (status["listeners"]?.texts ?? []).compactMap { try? SocketAddress(parsing: $0) }
        statusPage = status.string("status_page").flatMap { try? SocketAddress(parsing: $0) }
    }

    /// Whether what holds this address may be the service's own listener.
    func holds(_ address: SocketAddress) -> Bool {
        listeners.contains { $0 == address }
    }
}
