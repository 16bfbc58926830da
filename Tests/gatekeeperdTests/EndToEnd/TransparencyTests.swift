import Foundation
import Testing

/// The door as a ticket system's gateway, whose connections come from the client's address. Who runs these needs CAP_NET_ADMIN, as root has.
@Suite("Connections that come from the client's address")
struct TransparencyTests {
    private static let port: UInt16 = 8_080

    private struct Scene {
        let folder: TemporaryFolder
        let networks: GatewayScene
        let server: AddressBoundServer
        let daemon: Daemon
        var url: String { "http://\(networks.bracketed(networks.tickets)):\(TransparencyTests.port)" }

        /// - Parameter confinement: what becomes the daemon, within its network.
        init(_ family: GatewayScene.Family, confinement: [String] = [], routed: Bool = true) throws {
            folder = try TemporaryFolder()
            networks = try GatewayScene(family)
            if routed { try Self.route(networks) }
            server = try AddressBoundServer(
                .nginx, admitting: networks.vendor, readsProxyHeader: false, on: networks.bracketed(networks.tickets), port: port,
                launcher: networks.launcher("tickets"))
            daemon = try Daemon(
                upstream: "http://\(networks.bracketed(networks.tickets)):\(port)", listen: "\(networks.bracketed(networks.door)):0",
                allow: [networks.vendor], upstreamSettings: "source: client",
                settings: "control: \(folder.file("c.sock"))\ntimeouts: {connect: \(routed ? "5s" : "500ms")}",
                launcher: networks.launcher("door") + confinement)
        }

        /// As doctor prints it.
        static func route(_ networks: GatewayScene) throws {
            let (ip, all) = networks.vendor.contains(":") ? ("ip -6", "::/0") : ("ip", "0.0.0.0/0")
            try networks.shell(
                """
                \(ip) rule add fwmark 1 lookup 100
                \(ip) route add local \(all) dev lo table 100
                nft add table inet gatekeeper
                nft 'add chain inet gatekeeper divert { type filter hook prerouting priority mangle; }'
                nft 'add rule inet gatekeeper divert meta l4proto tcp socket transparent 1 meta mark set 1 accept'
                """, at: "door")
        }

        /// What the vendor gets.
        func ask(_ path: String = "bound") throws -> String {
            let url = "https://\(networks.bracketed(networks.door)):\(daemon.port)/\(path)"
            return try networks.end(networks.launcher("vendor") + ["curl", "-q", "-sS", "-k", "-g", "-i", "--max-time", "20", url]).text
        }

        /// The problem in `status`; nil while there is none. Needs `control:`.
        func problem() throws -> String? {
            try command("status").text.split(separator: "\n").first { $0.contains("(upstream_transparent, since ") }.map(String.init)
        }

        func command(_ words: String...) throws -> (ending: ChildProcess.Ending, text: String) {
            try networks.end(networks.launcher("door") + [Daemon.binary] + words + ["--config", daemon.configuration])
        }
    }

    @Test("a key that is bound to the vendor's address works, and check and doctor say so", arguments: GatewayScene.Family.allCases)
    func seen(family: GatewayScene.Family) throws {
        let scene = try Scene(family)
        for _ in 1...3 {
            let answer = try scene.ask()
            #expect(answer.contains("HTTP/1.1 200") && answer.contains("X-Client: \(scene.networks.vendor) "), "\(answer)")
        }
        let check = try scene.command("check")
        #expect(!check.text.contains("upstream.source"), "\(check.text)")
        let doctor = try scene.command("doctor")
        #expect(doctor.text.contains("takes connections that come from \(scene.networks.vendor)"), "\(doctor.text)")
    }

    @Test("our own checks come from our own address, and so find it well without any route")
    func health() throws {
        let scene = try Scene(.ipv4, routed: false)
        try scene.daemon.rewriteConfiguration("source: client", "source: client\n  health: {path: /seen, interval: 100ms}")
        #expect(try scene.daemon.reload().event == "reloaded")
        #expect(eventually { scene.server.requests.count { $0 == "198.19.77.1 /seen" } >= 3 })
        #expect(scene.daemon.lines("upstream_down").isEmpty)
    }

    @Test(
        "without the routes it is a 502 with a word of its own; check and doctor say what is missing",
        arguments: GatewayScene.Family.allCases)
    func unrouted(family: GatewayScene.Family) throws {
        let scene = try Scene(family, routed: false)
        #expect(try scene.ask().contains("HTTP/1.1 502"))
        let line = try scene.daemon.waitForLine(event: "request")
        #expect(line.reason == "upstream_transparent" && line["outcome"] == "upstream_failed")
        #expect(scene.daemon.lines("upstream_down").isEmpty)
        let check = try scene.command("check")
        #expect(check.ending == .exited(2))
        #expect(
            check.text.contains(
                "\(scene.url) answers us, and not a connection from \(scene.networks.vendor): its answers must be routed back"),
            "\(check.text)")
        let doctor = try scene.command("doctor")
        let route = family == .ipv4 ? "ip route add local 0.0.0.0/0 dev lo table 100" : "ip -6 route add local ::/0 dev lo table 100"
        #expect(doctor.text.contains(route) && doctor.text.contains("socket transparent 1 meta mark set 1"), "\(doctor.text)")
        let problem = try #require(try scene.problem())
        #expect(problem.contains("no connection to \(scene.url) can come from \(scene.networks.vendor), so such requests are answered 502"))
        // What it prints is what it takes.
        try Scene.route(scene.networks)
        #expect(try scene.ask().contains("HTTP/1.1 200"))
        #expect(try scene.problem() == nil)
    }

    @Test("without the capability it is the same 502 at once, and check names the drop-in")
    func powerless() throws {
        let scene = try Scene(.ipv4, confinement: ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"])
        #expect(try scene.ask().contains("HTTP/1.1 502"))
        #expect(try scene.daemon.waitForLine(event: "request").reason == "upstream_transparent")
        #expect(try scene.problem()?.contains("that takes CAP_NET_RAW: Operation not permitted") == true)
        let check = try scene.networks.end(
            scene.networks.launcher("door") + ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", Daemon.binary]
                + ["check", "--config", scene.daemon.configuration])
        #expect(check.ending == .exited(2))
        #expect(check.text.contains("takes CAP_NET_RAW: Operation not permitted; under systemd the drop-in"), "\(check.text)")
    }

    @Test("as the unit confines the service, the drop-in is what it takes")
    func dropIn() throws {
        let unit = try String(contentsOfFile: ServiceUnit.folder + "/gatekeeperd.service.d/transparent.conf", encoding: .utf8)
        let capability = try #require(unit.firstMatch(of: #/CapabilityBoundingSet=CAP_(\w+)/#)).1.lowercased()
        let scene = try Scene(
            .ipv4,
            confinement: ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+net_bind_service,+\(capability)"])
        #expect(try scene.ask().contains("HTTP/1.1 200"))
    }
}
