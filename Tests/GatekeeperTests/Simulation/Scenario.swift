@testable import Gatekeeper

/// What a seed stands for: how the world is, who comes, and what the admin does meanwhile.
struct Scenario {
    let isCalm: Bool
    var faults: Faults
    var settings: Settings
    var manners = ScriptedUpstream.Manners()
    var clients: [ClientPlan] = []
    /// When strangers come.
    var strangers: [Int] = []
    var commands: [(milliseconds: Int, command: Command)] = []
    var isUpstreamSealed: Bool
    /// Clients resume the session of one before them.
    var resumes: Bool
    /// Clients come by way of a load balancer.
    var isBalanced: Bool
    /// The door is told to end when the clients are done, or at this time.
    var endMilliseconds = 100_000

    enum Command {
        case revoke(PeerAddress)
        case grant(PeerAddress)
        /// Other settings, of the same list.
        case reload
        /// Another group of upstreams at the same address.
        case renewUpstreams
        case drain
        case stop
    }

    static let listener = SocketAddress(address: PeerAddress(ipv4: 0x7f00_0001), port: 443)
    static let upstream = SocketAddress(address: PeerAddress(ipv4: 0x0a09_0001), port: 8_080)
    static let sources: [PeerAddress] = (1...3).map { PeerAddress(ipv4: 0x0a00_0000 + $0) }
    static let balancer = PeerAddress(ipv4: 0x0a08_0001)
    static let stranger = PeerAddress(ipv4: 0xc000_0201)

    init(_ random: inout SeededGenerator, files: SimulationFiles) {
        isCalm = random.chance(400)
        faults = isCalm ? .calm(&random) : .rough(&random)
        if isCalm { endMilliseconds = 1_000_000 }
        isUpstreamSealed = random.chance(150)
        resumes = random.chance(500)
        settings = Self.makeSettings(isCalm: isCalm, isSealed: isUpstreamSealed, files, &random)
        isBalanced = random.chance(150)
        if isBalanced { settings.listeners[0].proxyProtocolFrom = [AddressPrefix(Self.balancer)] }
        for number in 0..<random.upTo(isCalm ? 4 : 6) {
            clients.append(
                ClientPlan(number: number, source: Self.sources.pick(&random), isCalm: isCalm, isSlow: faults.pieceMax < 100, &random))
        }
        if isBalanced {
            for index in clients.indices {
                clients[index].preface = Self.preface(clients[index].source, isGood: isCalm || random.chance(900))
            }
        }
        if faults.pieceMax < 100 { manners.bodyMax = 40 } else if faults.pieceMax < 1_000 { manners.bodyMax = 500 }
        if random.chance(300) { strangers = (0..<random.upTo(3)).map { _ in random.below(2_000) } }
        if random.chance(400) { commands.append((random.below(1_500), .reload)) }
        guard !isCalm else { return }
        behaveBadly(&random)
        if random.chance(350) {
            let (source, time) = (Self.sources.pick(&random), random.below(3_000))
            commands.append((time, .revoke(source)))
            if random.chance(500) { commands.append((time + random.below(3_000), .grant(source))) }
        }
        if random.chance(100) { commands.append((random.below(2_000), .renewUpstreams)) }
        if random.chance(100) { commands.append((random.below(4_000), .drain)) }
        if random.chance(80) { commands.append((random.below(4_000), .stop)) }
        // By a generator of its own: what else a seed stands for is named by `sim/mutations`.
        var apart = random
        if apart.chance(150) { settings.upstream.clientAddress.proxyProtocol = .v2 }
        if apart.chance(80) { settings.upstream.clientAddress.source = .client }
    }

    /// Of every client that a load balancer names.
    static let balancedPort: UInt16 = 50_000

    /// PROXY protocol, version 1.
    private static func preface(_ source: PeerAddress, isGood: Bool) -> [UInt8] {
        Array((isGood ? "PROXY TCP4 10.0.0.\(source.low & 0xff) 127.0.0.1 \(balancedPort) 443\r\n" : "PROXY TCP4 nobody\r\n").utf8)
    }

    private static func makeSettings(
        isCalm: Bool, isSealed: Bool, _ files: SimulationFiles, _ random: inout SeededGenerator
    ) -> Settings {
        var server = Settings.Upstream.Server(endpoint: .address(upstream), name: "http://tickets")
        if isSealed {
            server.tls = Settings.Upstream.TLS(peer: .name("localhost"))
            server.tls?.authorityPath = files.authorityPath
        }
        var settings = Settings(
            listeners: [Settings.Listener(address: listener)], tls: files.settings,
            allow: sources.map { Settings.AllowEntry(prefix: AddressPrefix($0)) }, upstream: Settings.Upstream([server]))
        settings.onDeny = random.chance(500) ? .reset : .close
        settings.upstream.connectionsMax = random.chance(400) ? random.upTo(3) : 256
        settings.upstream.idleConnectionsMax = [0, 1, 8].pick(&random)
        settings.upstream.idleTimeoutMilliseconds = [200, 60_000].pick(&random)
        settings.upstream.reusesAfterBody = random.chance(400)
        settings.upstream.requestBuffering = random.chance(500) ? .off : .auto
        settings.upstream.queueMilliseconds = isCalm ? 600_000 : 3_000
        settings.limits.bodyBytesPerSecondMin = isCalm ? 0 : 256
        settings.timeouts = isCalm ? patient() : impatient(&random)
        if !isCalm, random.chance(150) { settings.limits.connectionsPerSourceMax = random.upTo(2) }
        if !isCalm, random.chance(100) { settings.limits.connectionsMax = random.upTo(3) }
        if !isCalm, random.chance(100) { settings.limits.requestsPerConnectionMax = random.upTo(3) }
        return settings
    }

    private static func patient() -> Settings.Timeouts {
        var timeouts = Settings.Timeouts()
        timeouts.handshakeMilliseconds = 300_000
        timeouts.headMilliseconds = 300_000
        timeouts.bodyMilliseconds = 300_000
        timeouts.idleMilliseconds = 300_000
        timeouts.connectMilliseconds = 300_000
        timeouts.responseMilliseconds = 300_000
        timeouts.streamMilliseconds = 300_000
        timeouts.unacknowledgedMilliseconds = 100_000
        return timeouts
    }

    private static func impatient(_ random: inout SeededGenerator) -> Settings.Timeouts {
        var timeouts = Settings.Timeouts()
        timeouts.handshakeMilliseconds = 3_000
        timeouts.headMilliseconds = 2_000 + random.below(3_000)
        timeouts.bodyMilliseconds = 2_000 + random.below(3_000)
        timeouts.idleMilliseconds = 1_000 + random.below(9_000)
        timeouts.connectMilliseconds = 1_500
        timeouts.responseMilliseconds = 2_000 + random.below(4_000)
        timeouts.streamMilliseconds = 2_000 + random.below(4_000)
        timeouts.unacknowledgedMilliseconds = 2_000
        timeouts.expectMilliseconds = random.below(1_000)
        return timeouts
    }

    private mutating func behaveBadly(_ random: inout SeededGenerator) {
        manners.early = random.chance(300) ? random.below(600) : 0
        manners.unread = random.below(1_000)
        manners.silent = random.chance(200) ? random.below(200) : 0
        manners.truncated = random.chance(300) ? random.below(500) : 0
        manners.resetting = random.chance(300) ? random.below(300) : 0
        manners.malformed = random.chance(100) ? random.below(200) : 0
        manners.stray = random.chance(300) ? random.below(400) : 0
        manners.leaving = random.chance(300) ? random.below(400) : 0
        manners.vanishing = random.chance(100) ? random.below(200) : 0
        manners.http10 = random.chance(100) ? random.below(1_000) : 0
        manners.interim = random.chance(200) ? random.below(400) : manners.interim
        manners.bodiless = random.chance(200) ? random.below(600) : manners.bodiless
        manners.delayMillisecondsMax = [0, 20, 500, 8_000].pick(&random)
    }
}
