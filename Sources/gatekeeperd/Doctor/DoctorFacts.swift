internal import Gatekeeper

/// Everything that the examinations judge, gathered at once and by a deadline: reading here, judging there.
struct DoctorFacts: Sendable {
    var account: ServiceAccount
    /// Nil where the disk didn't answer in time, as everywhere below.
    var certificates: [CertificateExamination.File]?
    /// Certificates that are ordered; none where nobody asks for them.
    var orders: [OrderExamination.Order] = []
    /// Who listens on port 80, as far as it can be seen.
    var pagePort: PortHolder?
    /// The name that clients are told to use.
    var publicHost: String?
    var systems: [TicketSystem] = []
    /// Of connections that come from clients' addresses; none where none is to.
    var transparencyAttempts: [ClientAddressExamination.Attempt] = []
    var exposureScan: ExposureScan?
    var listening: [SocketAddress]?
    var gateways: [PeerAddress] = []
    /// That this host reaches without a router.
    var onLink: [AddressPrefix] = []
    var isClockSynchronised: Bool?
    var stateFolder: HostExamination.StateFolderFacts?
    var unit: HostExamination.UnitFacts?
    var descriptorsMax: Int?
    /// Nil where lines go elsewhere, or aren't JSON.
    var records: [AccessRecord]?

    /// Of a log's end; a day's, with most who have one ticket system.
    private static let logBytesMax = 4 << 20
    private static let logMilliseconds: Int64 = 86_400_000

    /// For everything that is begun at the same time; what isn't there by then isn't known.
    private static let patienceMilliseconds = 30_000
    /// The ticket system is asked where the log says that it was; without it, if that takes longer.
    private static let logPatienceMilliseconds = 5_000

    init(for doctor: Doctor) {
        let deadline = Self.deadline()
        let (configuration, settings, now) = (doctor.configuration, doctor.configuration.settings, doctor.now)
        let controlPath = doctor.controlPath
        let publicHost = settings.tls.certificates.first.flatMap { try? CertificateChain(path: $0.path).host }
        self.publicHost = publicHost

        let hearing = Self.start { ServiceAccount.read(controlPath: controlPath, statePath: configuration.statePath, at: now) }
        let reading = Self.start { () -> [CertificateExamination.File] in
            let dryRun = try? DryRun(settings)
            return CertificateExamination.File.all(settings.tls.certificates, dryRun, at: now)
        }
        let naming = doctor.asks(.orders) ? OrderExamination.Order.begin(configuration) : []
        let looking = Self.start { Self.records(of: configuration, since: now.advanced(byMilliseconds: -Self.logMilliseconds)) }
        let folder = configuration.statePath.map { path in Self.start { HostExamination.StateFolderFacts(path: path) } }
        records = looking?.result(until: System.now().advanced(byMilliseconds: Self.logPatienceMilliseconds)) ?? nil
        let paths =
            doctor.asks(.apiKeys)
            ? AddressBoundAPI.probes(asked: (records ?? []).map(\.path), routes: settings.routes?.routes.map(\.pattern) ?? []) : []
        let client = Self.client(of: settings.allow.map(\.prefix))
        let asking =
            !doctor.asksTicketSystems
            ? []
            : settings.upstream.servers.map { server in
                Self.start {
                    TicketSystem.ask(
                        server, paths: paths, host: settings.upstream.host, publicHost: publicHost, client: client, by: settings)
                }
            }

        let playing =
            !doctor.asks(.upstream) || settings.upstream.clientAddress.source == .own
            ? [] : settings.upstream.servers.map { server in Self.start { ClientAddressExamination.attempts(by: settings, on: server) } }

        systems = zip(settings.upstream.servers, asking).map { server, work in
            work?.result(until: deadline) ?? TicketSystem(server, obstacle: "it didn't answer in time")
        }
        transparencyAttempts = playing.flatMap { $0?.result(until: deadline) ?? [] }
        let late = ControlFailure(.timeout, "the service didn't answer in time")
        account = hearing?.result(until: deadline) ?? ServiceAccount(state: .failure(late), denials: .failure(late))
        certificates = reading?.result(until: deadline)
        stateFolder = folder.flatMap { $0?.result(until: deadline) }
        orders = OrderExamination.Order.all(configuration, naming, controlPath: controlPath)
        if !orders.isEmpty { pagePort = PortHolder.find(port: 80) }
        readKernel()
        if let name = doctor.publicName, doctor.asks(.exposure) { look(at: name, by: settings) }
        unit = HostExamination.UnitFacts(ofServiceBy: doctor.file)
    }

    /// Whom a ticket system may be asked for: somebody of the list, of the vendor's rather than of the house.
    static func client(of list: [AddressPrefix]) -> PeerAddress? {
        let exact = list.filter(\.isExact).map(\.address)
        return exact.first { !AddressScope($0).isPrivate } ?? exact.first
    }

    private static func start<Value: Sendable>(_ work: @escaping @Sendable () -> Value) -> TimeLimitedWork<Value>? {
        try? TimeLimitedWork(work)
    }

    private static func deadline() -> Instant { System.now().advanced(byMilliseconds: patienceMilliseconds) }

    /// Once it is known whom to look for.
    private mutating func look(at name: String, by settings: Settings) {
        let own = settings.listeners.map(\.address.port) + ((try? account.state.get())?.listeners ?? []).map(\.port)
        let systems = systems
        let scanning = Self.start { ExposureScan.run(at: name, for: systems, skipping: Set(own), by: settings) }
        exposureScan = scanning?.result(until: Self.deadline()) ?? ExposureScan(name: name, obstacle: "it didn't answer in time")
    }

    private static func records(of configuration: Configuration, since start: WallTime) -> [AccessRecord]? {
        let log = configuration.settings.log
        guard case .file(let path) = configuration.logDestination, log.access, log.format == .json else { return nil }
        return (try? FileContents.readEnd(of: path, bytesMax: logBytesMax)).map { AccessRecord.records(in: $0, since: start) }
    }

    private mutating func readKernel() {
        let tables = ["tcp", "tcp6"].compactMap { Self.text("/proc/net/\($0)") }
        listening = tables.isEmpty ? nil : tables.flatMap(KernelTable.listeners)
        gateways = Self.text("/proc/net/route").map(KernelTable.gateways(inRoutes:)) ?? []
        gateways += Self.text("/proc/net/ipv6_route").map(KernelTable.gateways(inIPv6Routes:)) ?? []
        onLink = Self.text("/proc/net/route").map(KernelTable.networks(inRoutes:)) ?? []
        onLink += Self.text("/proc/net/ipv6_route").map(KernelTable.networks(inIPv6Routes:)) ?? []
        isClockSynchronised = KernelClock.isSynchronised
        if case .success(let state) = account.state {
            descriptorsMax = Self.text("/proc/\(state.process)/limits").flatMap(KernelTable.openFilesMax(inLimits:))
        }
    }

    private static let tableBytesMax = 64 << 20

    private static func text(_ path: String) -> String? {
        (try? FileContents.read(path, bytesMax: tableBytesMax)).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension HostExamination.StateFolderFacts {
    init(path: String) {
        self.path = path
        obstacle = WriteAccess.obstacle(inFolder: path).map { "\($0)" }
        space = FreeSpace(inFolder: path) ?? FreeSpace(inFolder: FilePath.parent(of: path))
    }
}

extension HostExamination.UnitFacts {
    /// Nil without systemd, and for a service by another configuration than the unit's.
    init?(ofServiceBy file: String?) {
        guard file == Configuration.defaultPath, FileContents.isFolder("/run/systemd/system") else { return nil }
        isInstalled = Self.isThere(["/etc", "/usr/lib", "/lib"].map { "\($0)/systemd/system/gatekeeperd.service" })
        isEnabled = Self.isThere([
            "/etc/systemd/system/multi-user.target.wants/gatekeeperd.service",
            "/etc/systemd/system/sockets.target.wants/gatekeeperd.socket",
        ])
    }

    private static func isThere(_ paths: [String]) -> Bool { paths.contains { FileStamp(path: $0) != nil } }
}
