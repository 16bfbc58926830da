internal import Gatekeeper
internal import Glibc

/// Everything that the service would meet at its start, met beforehand: after the configuration was read without a mistake.
///
/// Looks and doesn't touch: no file is made or opened for writing, a port is bound for a moment and only where nobody listens, and a ticket
/// system sees a connection that closes. A service that runs meanwhile is asked who it is and nothing more.
struct Check {
    let configuration: Configuration
    private let source: Origin
    private let onlooker: Onlooker
    private let now: WallTime
    var report = CheckReport()

    /// - Parameter file: the configuration's, for what is wrong with it as a whole.
    static func run(_ configuration: Configuration, file: String?, by onlooker: Onlooker = .own, at now: WallTime) -> CheckReport {
        var check = Check(
            configuration: configuration, source: file.map(Origin.wholeFile) ?? .commandLine, onlooker: onlooker, now: now)
        check.report.findings = configuration.warnings
        check.report.notes = configuration.notes
        do throws(ServerError) {
            try check.run(DryRun(configuration.settings))
        } catch {
            check.report.findings.append(.error(check.source, error.advised))
        }
        return check.report
    }

    private mutating func run(_ dryRun: DryRun) throws(ServerError) {
        if configuration.settings.allow.isEmpty {
            report.findings.append(.warning(source, at: "allow", "the list is empty, so nobody can connect"))
        }
        let names = certificates(dryRun)
        orders(dryRun)
        clientAuthorities(dryRun)
        if report.isFine {
            note(source) { () throws(ServerError) in try dryRun.loadAll() }
        }
        filters(dryRun)
        folders()
        hiddenFiles()
        // Without the key systemd waits for 90 s.
        let patience = UnitFile.installed().map { $0.value("TimeoutStopSec") ?? "90" }
        if let doubt = StopTime.doubt(configuration.settings.timeouts, unit: patience) {
            report.findings.append(.warning(source, at: "timeouts", doubt))
        }
        if configuration.settings.timeouts.leaveMilliseconds > 0, configuration.status == nil {
            report.findings.append(
                .warning(source, at: "timeouts.leave", "nobody can see that it leaves: set status, whose /readyz load balancers ask"))
        }
        let running = RunningService.find(at: configuration.controlPath)
        ports(dryRun, running)
        statusPort(dryRun, running)
        upstreams(dryRun)
        let settings = configuration.settings
        report.contents = [
            CheckReport.count(settings.allow.count, "source"), CheckReport.count(settings.listeners.count, "listener"),
            names.joined(separator: ", "),
        ].joined(separator: ", ")
    }

    // MARK: TLS

    /// What each certificate is for and until when, for the summary.
    private mutating func certificates(_ dryRun: DryRun) -> [String] {
        let certificates = configuration.settings.tls.certificates
        let key = certificates.count == 1 ? "tls.certificate" : "tls.certificates"
        var checks: [CertificateCheck?] = []
        let origins = configuration.origins.certificates
        let summaries = zip(certificates, origins).compactMap { certificate, origin -> String? in
            checks.append(nil)
            if certificate.isAwaited, let names = certificate.awaitedFor {
                return "certificate for \(names.joined(separator: " ")) to be ordered"
            }
            do throws(ServerError) {
                let chain = try CertificateChain(path: certificate.path)
                let check = CertificateCheck(path: certificate.path, chain: chain)
                checks[checks.count - 1] = check
                let errorsBefore = report.errorCount
                note(origin, key) { () throws(ServerError) in try dryRun.load(certificate) }
                // What can't be loaded for its weakness was told so.
                let isLoaded = report.errorCount == errorsBefore
                let faults = check.faults(at: now).filter { isLoaded || ![.weakKey, .weakSignature].contains($0.kind) }
                report.findings += faults.map { $0.finding(origin, at: key) }
                let names = chain.leaf.names.isEmpty ? chain.leaf.subject : chain.leaf.names.joined(separator: " ")
                return "certificate for \(names) until \(chain.leaf.end.text.prefix(10))"
            } catch {
                report.findings.append(.error(origin, at: key, "\(error)"))
                return nil
            }
        }
        for case (let fault?, let origin) in zip(CertificateCheck.doubles(among: checks), origins) {
            report.findings.append(fault.finding(origin, at: key))
        }
        return summaries
    }

    private mutating func clientAuthorities(_ dryRun: DryRun) {
        let settings = configuration.settings
        var authorities = [(settings.tls.clientAuthorityPath, configuration.origins.clientAuthority ?? source, "tls.client_ca")]
        authorities += zip(settings.listeners, configuration.origins.listeners).map { ($0.clientAuthorityPath, $1, "listen: client_ca") }
        for case (let path?, let origin, let key) in authorities {
            note(origin, key) { () throws(ServerError) in try dryRun.load(clientAuthorities: path) }
            warn(of: path, origin, key)
        }
        guard let path = settings.tls.clientRevocationPath else { return }
        let (origin, key) = (configuration.origins.clientRevocations ?? source, "tls.client_crl")
        do throws(ServerError) {
            let faults = RevocationCheck(path: path, lists: try RevocationList.read(path: path)).faults(at: now)
            report.findings += faults.map { $0.finding(origin, at: key) }
            // Those that can't be loaded alone were told above.
            guard report.isFine else { return }
            for case let (authority?, _, _) in authorities {
                try dryRun.load(clientAuthorities: authority, revocations: path)
            }
        } catch {
            report.findings.append(.error(origin, at: key, error.advised))
        }
    }

    /// Of authorities that end; the others go on.
    private mutating func warn(of authorityPath: String, _ origin: Origin, _ key: String) {
        let faults = AuthorityCheck(path: authorityPath)?.faults(at: now) ?? []
        report.findings += faults.map { .warning(origin, at: key, $0.message) }
    }

    // MARK: What the kernel does

    private mutating func filters(_ dryRun: DryRun) {
        if configuration.settings.onDeny == .drop {
            let origin = configuration.origins.drop ?? source
            var isExact = true
            note(origin, "on_deny") { () throws(ServerError) in isExact = try dryRun.tryFilters() }
            guard !isExact else { return }
            report.findings.append(
                .warning(
                    origin, at: "on_deny",
                    "the list is too long for the kernel's filter: strangers between listed addresses are reset, not dropped"))
        } else if let origin = configuration.origins.shield {
            do throws(ServerError) {
                _ = try dryRun.tryFilters()
            } catch {
                report.findings.append(.warning(origin, at: "shield", "it can't be raised: \(error.advised)"))
            }
        }
    }

    // MARK: What the service holds

    private mutating func ports(_ dryRun: DryRun, _ running: RunningService?) {
        for (listener, origin) in zip(configuration.settings.listeners, configuration.origins.listeners) {
            do throws(ServerError) {
                try dryRun.bind(listener.address, isFree: listener.isFree)
                guard !listener.address.isHere else { continue }
                report.findings.append(
                    .warning(
                        origin, at: "listen",
                        "\(listener.address): this machine has no such address now; it is served from the moment that it has (free_bind)"))
            } catch {
                if error.cause == .system(EADDRINUSE), let running, running.holds(listener.address) {
                    report.notes.append("\(listener.address) is held by the running service, process \(running.process)")
                } else {
                    report.findings.append(.error(origin, at: "listen", error.advised))
                }
            }
        }
    }

    private mutating func statusPort(_ dryRun: DryRun, _ running: RunningService?) {
        guard let address = configuration.status?.address else { return }
        do throws(ServerError) {
            try dryRun.bind(address)
        } catch {
            if error.cause == .system(EADDRINUSE), let running, running.statusPage == address {
                report.notes.append("\(address) is held by the running service, process \(running.process)")
            } else {
                report.findings.append(.error(configuration.origins.status ?? source, at: "status", error.advised))
            }
        }
    }

    private mutating func folders() {
        if let path = configuration.statePath, let obstacle = obstacle(inFolder: path) {
            // The service runs without.
            report.findings.append(.warning(configuration.origins.state ?? source, at: "state", "grants can't be kept: \(obstacle)"))
        }
        if let path = configuration.controlPath {
            let origin = configuration.origins.control ?? source
            if let obstacle = UnixListener.obstacle(to: path) { report.findings.append(.error(origin, at: "control", obstacle)) }
            if let obstacle = obstacle(inFolder: FilePath.parent(of: path)) {
                report.findings.append(.error(origin, at: "control", obstacle))
            }
        }
        let upstream = configuration.settings.upstream
        if upstream.requestBuffering != .off, upstream.spool.totalBytesMax > 0,
            let obstacle = obstacle(inFolder: upstream.spool.folder, isTemporary: true)
        {
            report.findings.append(
                .warning(source, at: "upstream.spool.folder", "large chunked bodies can't be collected, and are answered 503: \(obstacle)"))
        }
        if case .file(let path) = configuration.logDestination {
            let isMade = onlooker.identity?.isMade(FilePath.parent(of: path)) ?? false
            let isThere = FileStamp(path: path) != nil
            let refused = isMade && !isThere ? nil : WriteAccess.obstacle(toFile: path).map { "cannot \($0)" }
            if let obstacle = refused ?? onlooker.identity?.obstacle(toWriting: path) {
                report.findings.append(.error(source, at: "log.to", obstacle))
            }
        }
    }

    /// Why nothing could be written into a folder, which is made if it alone is missing; nil where it can, or where systemd makes it so.
    private func obstacle(inFolder path: String, isTemporary: Bool = false) -> String? {
        if let identity = onlooker.identity {
            if identity.isMade(path) || FileStamp(path: path) == nil && identity.isMade(FilePath.parent(of: path)) { return nil }
            if let obstacle = identity.obstacle(toWriting: path, isTemporary: isTemporary) { return obstacle }
        }
        return WriteAccess.obstacle(inFolder: path).map { "cannot \($0)" }
    }

    /// Files that can be read and that the unit doesn't show to the service.
    private mutating func hiddenFiles() {
        guard let identity = onlooker.identity else { return }
        for path in configuration.watchedPaths where !configuration.orderedPaths.contains(path) {
            if let obstacle = identity.obstacle(toReading: path) { report.findings.append(.error(source, "\(path): \(obstacle)")) }
        }
    }

    // MARK: The ticket system

    private mutating func upstreams(_ dryRun: DryRun) {
        let servers = configuration.settings.upstream.servers
        let key = servers.count == 1 ? "upstream.url" : "upstream.urls"
        if let path = servers.lazy.compactMap(\.tls?.authorityPath).first, let origin = configuration.origins.upstreams.first {
            warn(of: path, origin, "upstream.ca")
        }
        for (server, origin) in zip(servers, configuration.origins.upstreams) {
            if case .unix(let path) = server.endpoint, let obstacle = onlooker.identity?.obstacle(toReading: path) {
                report.findings.append(.error(origin, at: key, "\(server.name): \(obstacle)"))
                continue
            }
            if let listener = dryRun.listener(reachedBy: server) {
                let words = "\(server.name) leads back to this service, which listens on \(listener): name the ticket system itself"
                report.findings.append(.error(origin, at: key, words))
                continue
            }
            do throws(ServerError) {
                if let finding = try ClientAddressCheck(configuration.settings, dryRun, server, origin).finding() {
                    report.findings.append(finding)
                    continue
                }
                guard let reason = try dryRun.call(server) else { continue }
                let words = UpstreamTrouble(reason, server).map { ": \($0.text)" } ?? ""
                report.findings.append(.warning(origin, at: key, "\(server.name) does not answer: \(reason)\(words)"))
            } catch {
                report.findings.append(.error(origin, at: key, error.advised))
            }
        }
    }

    /// Does a step and notes what it throws.
    private mutating func note(_ origin: Origin, _ key: String? = nil, _ step: () throws(ServerError) -> Void) {
        do throws(ServerError) {
            try step()
        } catch {
            report.findings.append(key.map { .error(origin, at: $0, error.advised) } ?? .error(origin, error.advised))
        }
    }
}
