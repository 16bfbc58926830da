internal import Gatekeeper

/// What is wrong with the certificates in a file, or soon will be.
struct CertificateCheck {
    let path: String
    let chain: CertificateChain

    /// Time enough for whoever renews by hand; whoever renews by a timer has failed several times by then.
    static let renewalMilliseconds: Int64 = 21 * 86_400_000

    func faults(at now: WallTime) -> [CertificateFault] {
        var faults = names() + order()
        for index in chain.certificates.indices where !isSuperfluous(index) { faults += dates(index, at: now) }
        return faults
    }

    private func names() -> [CertificateFault] {
        guard chain.leaf.names.isEmpty else { return [] }
        return [fault(.nameless, "\(path) is for no name: without a subjectAltName clients don't accept it")]
    }

    /// Leaf first, each issued by the one behind it, up to an authority that clients know.
    private func order() -> [CertificateFault] {
        let certificates = chain.certificates
        guard let last = certificates.last else { return [] }
        if let index = certificates.indices.dropLast().first(where: { !certificates[$0].isIssuedByNext }) {
            let (certificate, next) = (certificates[index], certificates[index + 1])
            return [
                fault(
                    .outOfOrder,
                    "\(path) is out of order: \(next.subject) did not issue \(certificate.subject) before it, which is by \(certificate.issuer)"
                )
            ]
        }
        if certificates.count > 1, last.isSelfSigned {
            return [
                fault(
                    .rootIncluded,
                    "\(path) ends with \(last.subject), which is self-signed: clients know it or don't trust it, so leave it out")
            ]
        }
        if (try? CertificateChain.isKnownToSystem(path: path)) ?? false { return [] }
        if last.isSelfSigned { return [fault(.selfSigned, "\(path) is self-signed: clients must be told to trust it")] }
        return [
            fault(
                .unknownIssuer,
                "\(path) ends with \(last.subject), whose issuer \(last.issuer) this system doesn't know: "
                    + "append the issuer's certificate, unless clients have it")
        ]
    }

    private func isSuperfluous(_ index: Int) -> Bool {
        index > 0 && chain.certificates[index].isSelfSigned
    }

    private func dates(_ index: Int, at now: WallTime) -> [CertificateFault] {
        let certificate = chain.certificates[index]
        let name = index == 0 ? path : "\(path): \(certificate.subject) behind the leaf"
        let start = WallTime(milliseconds: certificate.startsAtUnixSeconds * 1000)
        let end = certificate.end
        if start > now { return [fault(.notYetValid, "\(name) is not valid before \(start.text)")] }
        if end <= now { return [fault(.expired, "\(name) expired on \(end.text)")] }
        guard end.milliseconds(since: now) < Self.renewalMilliseconds else { return [] }
        return [fault(.expiring, "\(name) expires \(TimeText.until(end, from: now))")]
    }

    private func fault(_ kind: CertificateFault.Kind, _ message: String) -> CertificateFault {
        CertificateFault(kind: kind, message: message)
    }
}

extension CertificateFault {
    /// As the value of the key `key`, which was written at `origin`.
    func diagnostic(_ origin: Origin, at key: String) -> Diagnostic {
        isError ? .error(origin, at: key, message) : .warning(origin, at: key, message)
    }
}

extension CertificateChain.Certificate {
    var end: WallTime { WallTime(milliseconds: endsAtUnixSeconds * 1000) }
}
