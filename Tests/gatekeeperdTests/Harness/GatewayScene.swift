import Foundation

/// Three networks in a row: a vendor's, the door's, a ticket system's, whose way to the vendor leads through the door's.
///
/// ```
///   vendor ── clients:  the door's network  :tickets ── ticket system
/// ```
///
/// Nothing is forwarded in the middle. Whoever makes one needs CAP_NET_ADMIN, as root has. Gone with its last user.
final class GatewayScene {
    enum Family: String, CaseIterable, Sendable {
        case ipv4, ipv6
    }

    private let name: String
    private let family: Family
    let vendor: String
    /// Where the door is for the vendor.
    let door: String
    let tickets: String
    private var gateway: String

    init(_ family: Family) throws {
        self.family = family
        name = "gatekeeper-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        let networks = family == .ipv4 ? ("198.18.77.", "198.19.77.", "24") : ("fd00:18::", "fd00:19::", "64")
        (vendor, door) = (networks.0 + "7", networks.0 + "1")
        (tickets, gateway) = (networks.1 + "2", networks.1 + "1")
        for place in ["vendor", "door", "tickets"] {
            try run("ip netns add \(name)-\(place)")
            try run("ip -n \(name)-\(place) link set lo up")
        }
        for (inner, outer, addresses) in [("clients", "vendor", (door, vendor)), ("tickets", "tickets", (gateway, tickets))] {
            try run("ip -n \(name)-door link add \(inner) type veth peer name eth netns \(name)-\(outer)")
            let extra = family == .ipv6 ? " nodad" : ""
            try run("ip -n \(name)-door address add \(addresses.0)/\(networks.2) dev \(inner)\(extra)")
            try run("ip -n \(name)-\(outer) address add \(addresses.1)/\(networks.2) dev eth\(extra)")
            try run("ip -n \(name)-door link set \(inner) up")
            try run("ip -n \(name)-\(outer) link set eth up")
        }
        try run("ip -n \(name)-tickets route add default via \(gateway)")
        try run("ip -n \(name)-vendor route add default via \(door)")
    }

    deinit {
        for place in ["vendor", "door", "tickets"] { try? run("ip netns delete \(name)-\(place)") }
    }

    /// What becomes a program there: `vendor`, `door`, `tickets`.
    func launcher(_ place: String) -> [String] { ["ip", "netns", "exec", "\(name)-\(place)"] }

    /// As a URL and a listener have it.
    func bracketed(_ address: String) -> String { family == .ipv6 ? "[\(address)]" : address }

    /// Runs a line of a shell's there.
    func shell(_ line: String, at place: String) throws {
        _ = try output(launcher(place) + ["sh", "-ec", line])
    }

    private func run(_ line: String) throws {
        _ = try output(line.split(separator: " ").map(String.init))
    }

    /// What a program says, and how it ends.
    func end(_ words: [String]) throws -> (ending: ChildProcess.Ending, text: String) {
        let folder = try TemporaryFolder()
        let log = try OpenFile(creating: folder.file("log"))
        let process = try ChildProcess(words[0], Array(words.dropFirst()), output: log, errors: log)
        let ending = try process.waitForEnd(seconds: 120)
        return (ending, try String(contentsOfFile: folder.file("log"), encoding: .utf8))
    }

    private func output(_ words: [String]) throws -> String {
        let (ending, text) = try end(words)
        guard ending == .exited(0) else { throw Failure(words.joined(separator: " ") + ": " + text) }
        return text
    }
}
