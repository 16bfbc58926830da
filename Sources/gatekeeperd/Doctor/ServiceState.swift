internal import Gatekeeper

/// The running service, as it describes itself.
struct ServiceState: Equatable, Sendable {
    var process: Int
    var configurationFile: String?
    var configurationHash: String?
    var certificates: [Certificate] = []
    var sources: [Source] = []
    var listeners: [SocketAddress] = []
    var problems: [Problem] = []
    var isDraining = false
    /// When the pending configuration is undone, as text.
    var pendingEnd: String?

    struct Certificate: Equatable, Sendable {
        var file: String
        var fingerprint: String
    }

    /// As the service told it; of another version it may have a kind that isn't known here.
    struct Problem: Equatable, Sendable {
        var kind: String
        var subject = ""
        var text: String
        var cure: String
    }

    /// An entry of the allow-list, and how many connections it has admitted.
    struct Source: Equatable, Sendable {
        var prefix: AddressPrefix
        var admitted: Int
        var lastSeen: WallTime?
    }

    init(process: Int) {
        self.process = process
    }

    /// From the answer to `status`; nil for what is none.
    init?(_ status: JSON) {
        guard let process = status["pid"]?.integer else { return nil }
        self.process = process
        configurationFile = status["configuration"]?.string("file")
        configurationHash = status["configuration"]?.string("hash")
        certificates = status["certificates"].elements.compactMap { certificate in
            guard let file = certificate.string("file"), let fingerprint = certificate.string("fingerprint") else { return nil }
            return Certificate(file: file, fingerprint: fingerprint)
        }
        sources = status["sources"].elements.compactMap { source in
            guard let text = source.string("address"), let prefix = try? AddressPrefix(parsing: text) else { return nil }
            let seconds = source.string("last_seen_at").flatMap { try? CalendarTime.unixSeconds($0) }
            return Source(
                prefix: prefix, admitted: source["admitted"].connections, lastSeen: seconds.map { WallTime(milliseconds: $0 * 1000) })
        }
        listeners = (status["listeners"]?.texts ?? []).compactMap { try? SocketAddress(parsing: $0) }
        problems = status["problems"].elements.compactMap { problem in
            guard let text = problem.string("text") else { return nil }
            return Problem(
                kind: problem.string("kind") ?? "", subject: problem.string("about") ?? "", text: text, cure: problem.string("cure") ?? "")
        }
        isDraining = status["draining"]?.boolean ?? false
        pendingEnd = status["pending_confirmation"]?.string("deadline")
    }
}

extension JSON? {
    /// A number of connections: 0 for anything else, and small enough that many can be added.
    var connections: Int { min(max(0, self?.integer ?? 0), 1 << 40) }

    /// Of an array; none of anything else.
    var elements: [JSON] {
        guard case .array(let elements)? = self else { return [] }
        return elements
    }
}
