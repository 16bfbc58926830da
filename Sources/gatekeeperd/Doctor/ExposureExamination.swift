internal import Gatekeeper

/// Can the ticket system be reached around this door?
///
/// Seen from inside: by its address, by what the kernel says of who listens on this host, and, where an admin asks for it, by a look at
/// the public name. Nothing is sent to an address that the admin hasn't named.
struct ExposureExamination: Equatable, Sendable {
    var systems: [TicketSystem]
    /// Everybody who listens on this host; nil where the kernel doesn't tell.
    var listening: [SocketAddress]?
    /// Our own listeners, which are meant to be reached.
    var ownListeners: [SocketAddress]
    /// What the public name came to; nil if nobody asked for that.
    var exposureScan: ExposureScan?

    var findings: [ExaminationFinding] { systems.flatMap(findings) + (exposureScan?.findings ?? []) }

    private func findings(_ system: TicketSystem) -> [ExaminationFinding] {
        if case .unix = system.server.endpoint {
            return [.ok(.exposure, "\(system.name) is a socket that only this host can reach")]
        }
        guard !system.addresses.isEmpty else {
            return [.unexamined(.exposure, "where \(system.name) is isn't known: \(system.obstacle ?? "its name has no address")")]
        }
        let here = system.addresses.filter { system.isOnThisHost($0.address) }
        let elsewhere = system.addresses.filter { !system.isOnThisHost($0.address) }
        return (here.isEmpty ? [] : [onThisHost(system, ports: Set(here.map(\.port)))]) + elsewhere.map { self.elsewhere(system, $0) }
    }

    // MARK: On this host

    private func onThisHost(_ system: TicketSystem, ports: Set<UInt16>) -> ExaminationFinding {
        guard let listening else {
            return .unexamined(.exposure, "who listens beside \(system.name) on this host can't be read from the kernel's tables")
        }
        let listeners = listening.filter { ports.contains($0.port) && !ownListeners.contains($0) }
        let open = listeners.filter { AddressScope($0.address) != .loopback }
        guard open.isEmpty else {
            let addresses = open.map(\.description).sorted().joined(separator: ", ")
            return .wrong(
                .exposure, "\(system.name) is on this host and listens on \(addresses): whoever reaches this host goes around Gatekeeper",
                advice: "have it listen on 127.0.0.1 alone, or close the port in the firewall. A container's port is published with "
                    + "127.0.0.1 before it (-p 127.0.0.1:8080:80), for Docker passes over ufw")
        }
        guard !listeners.isEmpty else {
            return .unexamined(
                .exposure, "nobody listens at \(system.name) in this network namespace, so it isn't known where else it can be reached",
                advice: "if the kernel leads there to a container, publish its port with 127.0.0.1 before it")
        }
        return .ok(.exposure, "\(system.name) listens for this host alone")
    }

    // MARK: On another

    private func elsewhere(_ system: TicketSystem, _ address: SocketAddress) -> ExaminationFinding {
        guard AddressScope(address.address) == .everywhere else {
            guard system.ownAddress != nil else {
                return .unexamined(.exposure, "whether \(system.name) is on this host isn't known while it doesn't answer")
            }
            let hint = exposureScan == nil ? "; `gatekeeperd doctor --public NAME` looks for it at your public name" : ""
            return .note(
                .exposure, "\(system.name) is on another host",
                advice: "take away the port-forward that led to it, and let its firewall admit this host alone\(hint)")
        }
        let advice = "let its firewall admit this host alone"
        guard system.server.tls == nil else {
            return .note(.exposure, "\(system.name) has the public address \(address.address)", advice: advice)
        }
        return .wrong(
            .exposure, "\(system.name) has the public address \(address.address), and requests go there in the clear, keys and all",
            advice: "\(advice), and speak https with it or lead the way through a tunnel")
    }
}
