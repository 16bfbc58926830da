import Foundation

/// A network of its own for a daemon, with one line to this one, which a test can spoil.
///
/// ```
///   this network ── near ═══ switch ═══ far ── the daemon's
///        near address    (a network, too)      far address
/// ```
///
/// Whoever makes one needs CAP_NET_ADMIN, as root has. Gone with its last user.
final class LinkedNamespace {
    let nearAddress: String
    let farAddress: String
    private let name: String
    private let nearInterface: String
    private var switchName: String { name + "-switch" }

    init() throws {
        let number = UInt16.random(in: 0 ... .max)
        name = "gatekeeper-\(getpid())-\(number)"
        nearInterface = "gk\(String(number, radix: 16))n"
        // 198.18.0.0/15 is for trying networks (RFC 2544).
        let network = "198.\(18 + Int(number) % 2).\(Int(number) >> 8)"
        let host = Int(number) % 64 * 4
        nearAddress = "\(network).\(host + 1)"
        farAddress = "\(network).\(host + 2)"
        try run("ip netns add \(name)")
        try run("ip netns add \(switchName)")
        try run("ip link add \(nearInterface) type veth peer name near netns \(switchName)")
        try run("ip -n \(switchName) link add far type veth peer name far netns \(name)")
        try run("ip -n \(switchName) link add switch type bridge")
        for port in ["near", "far"] { try run("ip -n \(switchName) link set \(port) master switch up") }
        try run("ip -n \(switchName) link set switch up")
        try run("ip address add \(nearAddress)/30 dev \(nearInterface)")
        try run("ip link set \(nearInterface) up")
        try run("ip -n \(name) link set lo up")
        try run("ip -n \(name) address add \(farAddress)/30 dev far")
        // Each packet by itself: what is put together passes whatever its size.
        try run("ip -n \(name) link set far up gso_max_segs 1")
    }

    deinit {
        try? run("ip route delete blackhole \(farAddress)/32")
        try? run("ip netns delete \(name)")
        try? run("ip netns delete \(switchName)")
    }

    /// What becomes a program in there.
    var launcher: [String] { ["ip", "netns", "exec", name] }

    /// From now on nothing that this side sends arrives there, not even an acknowledgement, and nobody is told.
    func cut() throws {
        try run("ip route add blackhole \(farAddress)/32")
    }

    /// Larger packets are lost on the way here, and nobody is told.
    func narrow(toBytes bytes: Int) throws {
        try run("ip -n \(switchName) link set near mtu \(bytes)")
    }

    /// What a program says in there.
    func output(of command: [String]) throws -> String { try run(launcher + command) }

    private func run(_ command: String) throws {
        _ = try run(command.split(separator: " ").map(String.init))
    }

    private func run(_ words: [String]) throws -> String {
        let folder = try TemporaryFolder()
        let log = try OpenFile(creating: folder.file("log"))
        let process = try ChildProcess(words[0], Array(words.dropFirst()), output: log, errors: log)
        let ending = try process.waitForEnd()
        let said = try String(contentsOfFile: folder.file("log"), encoding: .utf8)
        guard ending == .exited(0) else { throw Failure(words.joined(separator: " ") + ": " + said) }
        return said
    }
}
