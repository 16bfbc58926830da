internal import Gatekeeper
internal import Glibc

/// What stands in the way of certificates that are ordered, as far as it can be seen from here without asking anybody.
extension Check {
    mutating func orders(_ dryRun: DryRun) {
        for (certificate, ordered) in zip(configuration.settings.tls.certificates.filter { $0.awaitedFor != nil }, configuration.acme) {
            let names = ordered.value.names.joined(separator: ", ")
            if certificate.isAwaited {
                report.notes.append("no certificate for \(names) is there yet: clients get an alert until the service has ordered one")
            }
            switch ordered.value.challenge {
            case .handshake: handshakeOrder(ordered)
            case .page: pageOrder(ordered, dryRun)
            case .program: break
            }
        }
    }

    private mutating func handshakeOrder(_ ordered: Located<AcmeSettings>) {
        let listeners = configuration.settings.listeners.map(\.address)
        guard !listeners.contains(where: { $0.port == 443 }) else { return }
        let ports = Set(listeners.map { "\($0.port)" }).sorted().joined(separator: ", ")
        report.findings.append(
            .warning(
                ordered.origin, at: "tls.acme",
                "the authority comes to port 443 of its names, and nothing listens there: have it forwarded to \(ports), or take http-01"))
    }

    private mutating func pageOrder(_ ordered: Located<AcmeSettings>, _ dryRun: DryRun) {
        guard let address = try? SocketAddress(parsing: AcmeSettings.pages) else { return }
        do throws(ServerError) {
            try dryRun.bind(address)
        } catch {
            // As the service takes it, on a machine without IPv6 or while an order is under way.
            let (found, running) = (PortHolder.find(port: 80), RunningService.find(at: configuration.controlPath))
            let isOurs = found.map { holder in running.map { Int($0.process) } == holder.process } ?? false
            if isOurs || error.cause == .system(EAFNOSUPPORT) { return }
            let holder = found.map { ": \($0.program), process \($0.process), has it" } ?? ""
            let words =
                error.cause == .system(EADDRINUSE)
                ? "port 80 is taken\(holder); the challenge needs it for the minute that an order takes"
                : "port 80, which the challenge needs, can't be bound: \(error.advised)"
            report.findings.append(.error(ordered.origin, at: "tls.acme: challenge", words))
        }
    }
}
