internal import Gatekeeper
internal import Glibc

/// What this machine, its files and the ticket system show.
extension InitSurroundings {
    /// For all that a ticket system is asked, the name server included.
    private static let patienceMilliseconds = 10_000
    private static let tableBytesMax = 1 << 20

    /// - Parameters:
    ///   - folder: at which relative paths begin.
    ///   - say: is told what takes a while.
    static func machine(folder: String, now: WallTime, say: @escaping (String) -> Void) -> InitSurroundings {
        var surroundings = InitSurroundings()
        surroundings.look = { question, configuration in
            switch question {
            case .upstream:
                say("Asking \(configuration.upstream ?? "") …")
                return ticketSystem(configuration, folder, now)
            case .certificate: return certificate(configuration, folder, now)?.sight ?? InitSight()
            case .acme:
                say("Asking where \((configuration.acme ?? []).joined(separator: ", ")) leads …")
                return order(configuration.acme ?? [])
            case .key:
                let key = FilePath.complete(configuration.key ?? "", directory: folder)
                return certificate(configuration, folder, now)?.sight(ofKey: key) ?? InitSight()
            case .listen: return listeners(configuration.listen)
            case .ticketSystem, .preset, .allow, .name, .contact: return InitSight()
            }
        }
        surroundings.usualName = { name($0, folder) }
        surroundings.hasIPv6 = (try? FileContents.read("/proc/net/if_inet6", bytesMax: tableBytesMax))?.isEmpty == false
        return surroundings
    }

    private static func certificate(_ configuration: InitConfiguration, _ folder: String, _ now: WallTime) -> CertificateSight? {
        configuration.certificate.map {
            CertificateSight(path: FilePath.complete($0, directory: folder), name: configuration.name, now: now)
        }
    }

    /// The certificate's, if it is there already; else this machine's own, if that is a whole one.
    private static func name(_ configuration: InitConfiguration, _ folder: String) -> String? {
        let file = configuration.certificate ?? InitQuestion.certificate.usual(in: configuration).first ?? ""
        let chain = try? CertificateChain(path: FilePath.complete(file, directory: folder))
        let own = HostName.own
        return chain?.host ?? (own.contains(".") && !own.hasSuffix(".local") && !own.hasSuffix(".localdomain") ? own : nil)
    }

    // MARK: A certificate that is ordered

    /// Whether the names lead here, and whether the authority may issue; where that is listened on isn't known yet.
    private static func order(_ names: [String]) -> InitSight {
        guard let settings = try? InitQuestion.order(of: names) else { return InitSight() }
        return OrderSight(order: OrderExamination.Order.ask(settings)).sight
    }

    // MARK: The ticket system

    private static func ticketSystem(_ configuration: InitConfiguration, _ folder: String, _ now: WallTime) -> InitSight {
        guard let text = configuration.upstream, let url = try? UpstreamURL(text, directory: folder) else { return InitSight() }
        let server = url.server
        let work = try? TimeLimitedWork { () -> (TicketSystem, UpstreamCertificate?) in
            let system = TicketSystem.ask(server, paths: AddressBoundAPI.probes(), host: nil, publicHost: nil, by: .empty)
            // Who didn't take the connection shows none.
            guard system.obstacle.map({ $0.hasPrefix("upstream_") }) ?? true else { return (system, nil) }
            return (system, (try? DryRun(.empty).certificate(of: server)) ?? nil)
        }
        let deadline = System.now().advanced(byMilliseconds: patienceMilliseconds)
        let (system, certificate) =
            work?.result(until: deadline)
            ?? (TicketSystem(server, obstacle: "nothing came back within \(patienceMilliseconds / 1000) s"), nil)
        return TicketSystemSight(system: system, certificate: certificate, expected: configuration.ticketSystem, now: now).sight
    }

    // MARK: Listeners

    private static func listeners(_ values: [String]) -> InitSight {
        var sight = InitSight()
        let listeners = InitQuestion.addresses(of: values)
        guard let dryRun = try? DryRun(Settings(listeners: listeners, tls: .init([]), allow: [], upstream: .init([]))) else { return sight }
        let running = RunningService.find(at: StandardPath.controlSocket())
        for listener in listeners {
            do throws(ServerError) {
                try dryRun.bind(listener.address, isFree: listener.isFree)
            } catch {
                switch error.cause {
                case .system(EADDRINUSE) where running?.holds(listener.address) == true:
                    sight.lines.append("\(listener.address) is held by the service that runs now, which is well.")
                case .system(EADDRINUSE):
                    let holder = PortHolder.find(port: listener.address.port).map {
                        "\(PeerWords.plain($0.program)), process \($0.process)"
                    }
                    sight.lines.append(
                        "\(listener.address) is taken by \(holder ?? "another program"): stop that, or type another port or address.")
                    sight.isDoubtful = true
                case .system(EACCES), .system(EPERM):
                    sight.lines.append("\(listener.address) can't be tried by \(UserName.of(UserName.ownUser) ?? "this user"); root can.")
                default:
                    sight.lines.append("\(error.advised).")
                    sight.isDoubtful = true
                }
            }
        }
        return sight
    }
}
