internal import Gatekeeper

/// Who answers at the public name, beside this door: a port-forward that was left in place leads to the ticket system.
struct ExposureScan: Equatable, Sendable {
    var name: String
    var portsAsked: [UInt16] = []
    var doors: [Door] = []
    /// Why nobody could be asked.
    var obstacle: String?

    /// A port at which somebody answered.
    struct Door: Equatable, Sendable {
        var port: UInt16
        var isTicketSystem: Bool
    }

    /// Where web servers are reached, besides the ticket system's own port.
    private static let usualPorts: [UInt16] = [80, 443, 8080, 8443]
    private static let answerMilliseconds = 2_000

    var findings: [ExaminationFinding] {
        if let obstacle { return [.unexamined(.exposure, "\(name) can't be looked at: \(obstacle)")] }
        let asked = portsAsked.map(String.init).joined(separator: ", ")
        let leaks = doors.filter(\.isTicketSystem).map { door in
            ExaminationFinding.wrong(
                .exposure, "\(name):\(door.port) answers as the ticket system does: a port-forward leads around Gatekeeper",
                advice: "take that port-forward away, or lead it to Gatekeeper")
        }
        guard leaks.isEmpty else { return leaks }
        return [
            .ok(.exposure, "as seen from here, the ticket system doesn't answer at \(name) (ports \(asked)); look from outside as well")
        ]
    }

    /// Asks as the ticket system is asked, by its scheme: what it doesn't speak there it doesn't speak through a port-forward.
    ///
    /// - Parameter skipping: ports of our own, at which we would be a stranger.
    static func run(at name: String, for systems: [TicketSystem], skipping own: Set<UInt16>, by settings: Settings) -> ExposureScan {
        var scan = ExposureScan(name: name)
        guard let system = systems.first(where: { !$0.answers.isEmpty }), let known = system.answers.first?.answer else {
            scan.obstacle = "no ticket system answers that could be recognised"
            return scan
        }
        scan.portsAsked = Set(usualPorts + systems.flatMap { $0.addresses.map(\.port) }).subtracting(own).sorted()
        guard let question = UpstreamQuestion(path: "/", host: name) else {
            scan.obstacle = "that is no name"
            return scan
        }
        for port in scan.portsAsked {
            let endpoint = (try? PeerAddress(parsing: name)).map {
                Settings.Upstream.Endpoint.address(SocketAddress(address: $0, port: port))
            }
            let server = Settings.Upstream.Server(
                endpoint: endpoint ?? .host(name, port: port), name: "\(name):\(port)", tls: system.server.tls)
            do throws(ServerError) {
                let hearing = try DryRun(settings).ask(server, [question], milliseconds: answerMilliseconds)
                if hearing.failure == "name_not_resolved" {
                    scan.obstacle = "the name has no address"
                    return scan
                }
                if let answer = hearing.answers.first {
                    scan.doors.append(Door(port: port, isTicketSystem: resembles(answer, known)))
                }
            } catch {
                scan.obstacle = error.advised
                return scan
            }
        }
        return scan
    }

    /// The same program by all appearances: bodies and values differ from one answer to the next, the kinds of fields don't.
    static func resembles(_ answer: UpstreamAnswer, _ other: UpstreamAnswer) -> Bool {
        func names(_ answer: UpstreamAnswer) -> Set<String> { Set(answer.fields.map(\.name)) }
        return answer.status == other.status && answer["server"] == other["server"] && names(answer) == names(other)
    }
}
