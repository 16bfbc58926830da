/// Requests that clients of a ticket system make, with how that is known.
struct PresetRoute: Equatable, Sendable {
    let methods: [String]
    /// As a route has it; what an installation has before it is the route's `base`.
    let path: String
    let evidence: Evidence
    /// Where it is from: `osTicket 1.18.1, run`.
    let source: String
    /// The day on which it was seen or read, as `2026-11-26`.
    let date: String

    /// How a request is known.
    enum Evidence: String, Sendable {
        /// A vendor's real requests were recorded.
        case captured
        /// The ticket system was run behind this door, and answered them.
        case shown
        /// Concluded from documentation.
        case inferred
    }

    /// - Parameter line: methods and path, as `GET,POST /api/tickets`.
    init(_ line: String, _ evidence: Evidence, _ source: String, _ date: String) {
        let parts = line.split(separator: " ").map(String.init)
        methods = parts[0].split(separator: ",").map(String.init)
        path = parts[1]
        (self.evidence, self.source, self.date) = (evidence, source, date)
    }

    /// `captured, github.com/…, 2026-11-26`.
    var provenance: String { "\(evidence.rawValue), \(source), \(date)" }

    var line: String { "  route: \(methods.joined(separator: ",")) \(path) [\(provenance)]" }

    var json: JSON {
        .object(
            of: ("methods", .strings(methods)), ("path", .string(path)), ("evidence", .string(evidence.rawValue)),
            ("source", .string(source)), ("date", .string(date)))
    }
}
