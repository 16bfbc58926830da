internal import Gatekeeper

/// The running service as its admin sees it: what it serves by, and everything that may change that. Belongs to the control thread.
///
/// A change is whole or doesn't happen: the new configuration is read, judged and loaded before the server hears of it, and whatever goes
/// wrong on the way leaves the old one serving.
final class Service {
    let server: Server
    private let source: ConfigurationSource
    private let notification: ServiceNotification
    private var log: LogFile
    /// What is in force.
    private(set) var current: ConfigurationSource.Reading

    /// What came of a request for another configuration.
    enum Outcome {
        /// It is in force; a line for each thing that changed or that the admin should look at.
        case applied([String])
        /// The old one is, because of these.
        case kept([String])
    }

    init(
        _ current: ConfigurationSource.Reading, from source: ConfigurationSource, server: Server, log: consuming LogFile,
        notification: ServiceNotification
    ) {
        self.current = current
        self.source = source
        self.server = server
        self.log = log
        self.notification = notification
    }

    /// For the manager that started us.
    var statusLine: String { "serving on \(server.addresses.map(\.description).joined(separator: ", "))" }

    // MARK: Another configuration

    /// Reads the configuration again.
    ///
    /// - Parameter asker: who wants it, for the log: a signal, a user.
    func reload(askedBy asker: String) -> Outcome {
        notification.reloading()
        defer { notification.ready(status: statusLine) }
        do {
            return apply(try source.read(), askedBy: asker)
        } catch {
            return keep(error.lines, askedBy: asker)
        }
    }

    /// Files that the configuration names were replaced: the same configuration, with what they hold now. What the configuration file itself
    /// says by now waits for a reload.
    func reloadFiles(_ paths: [String]) -> Outcome {
        let asker = "change of \(paths.joined(separator: ", "))"
        do {
            return apply(try source.read(text: current.text), askedBy: asker, replaced: paths)
        } catch {
            return keep(error.lines, askedBy: asker)
        }
    }

    private func apply(_ next: ConfigurationSource.Reading, askedBy asker: String, replaced paths: [String] = []) -> Outcome {
        let old = current.configuration
        var changes = ConfigurationChange.lines(from: old, to: next.configuration)
        do throws(ServerError) {
            try server.apply(next.configuration.settings)
        } catch {
            return keep(["\(error)"], askedBy: asker)
        }
        do throws(SystemError) {
            try log.move(to: next.configuration.logDestination)
        } catch {
            changes.append("log.to: stays where it was, \(error)")
        }
        current = next
        changes += paths.map { "\($0): read again" }
        changes += ConfigurationChange.deferred(from: old, to: next.configuration)
        changes += next.configuration.warnings.prefix(ConfigurationError.linesMax).map { "\($0)" }
        server.event(
            "reloaded",
            [
                JournalField("generation", server.generation), JournalField("by", asker),
                JournalField("changes", changes.isEmpty ? "none" : changes.joined(separator: "; ")),
            ])
        return .applied(changes)
    }

    private func keep(_ lines: [String], askedBy asker: String) -> Outcome {
        server.event("reload_failed", [JournalField("by", asker), JournalField("error", lines.joined(separator: "; "))])
        return .kept(lines)
    }

    // MARK: The log

    func reopenLog() {
        do {
            try log.reopen()
        } catch {
            Console.complain("cannot \(error); the old file stays")
        }
    }
}
