internal import Gatekeeper

/// What is served until a certificate that is ordered has come.
extension Settings.TLS {
    /// Has certificates that were served until now stand in for those that are awaited for their names.
    mutating func keep(_ old: Settings.TLS, named served: [ServedCertificate]) {
        for index in certificates.indices where certificates[index].isAwaited {
            let names = certificates[index].awaitedFor ?? []
            let before = old.certificates.first { certificate in
                if let standIn = certificate.standIn, certificate.isAwaited { return standIn.isFor(names, served) }
                return Certificate.StandIn(path: certificate.path, keyPath: certificate.keyPath).isFor(names, served)
            }
            certificates[index].standIn = before.map { $0.standIn ?? Certificate.StandIn(path: $0.path, keyPath: $0.keyPath) }
        }
    }
}

extension Settings.TLS.Certificate.StandIn {
    /// Whether it is served, for one of these names.
    fileprivate func isFor(_ names: [String], _ served: [ServedCertificate]) -> Bool {
        let file = ConcealedValues.hide(in: path)
        return served.contains { certificate in
            certificate.file == file
                && certificate.names.contains { name in
                    names.contains { CertificateName.covers(name, $0) }
                }
        }
    }
}
