internal import Gatekeeper

/// What is wrong with the certificates in a file, or soon will be.
struct CertificateCheck {
    let path: String
    let chain: CertificateChain
    let origin: Origin
    let key: String

    /// Time enough for whoever renews by hand; whoever renews by a timer has failed several times by then.
    static let renewalMilliseconds: Int64 = 21 * 86_400_000

    func findings(at now: WallTime) -> [Diagnostic] {
        var findings = names() + order()
        for index in chain.certificates.indices where !isSuperfluous(index) { findings += dates(index, at: now) }
        return findings
    }

    private func names() -> [Diagnostic] {
        guard chain.leaf.names.isEmpty else { return [] }
        return [warning("\(path) is for no name: without a subjectAltName clients don't accept it")]
    }

    /// Leaf first, each issued by the one behind it, up to an authority that clients know.
    private func order() -> [Diagnostic] {
        let certificates = chain.certificates
        guard let last = certificates.last else { return [] }
        if let index = certificates.indices.dropLast().first(where: { !certificates[$0].isIssuedByNext }) {
            let (certificate, next) = (certificates[index], certificates[index + 1])
            return [
                error(
                    "\(path) is out of order: \(next.subject) did not issue \(certificate.subject) before it, which is by \(certificate.issuer)"
                )
            ]
        }
        if certificates.count > 1, last.isSelfSigned {
            return [warning("\(path) ends with \(last.subject), which is self-signed: clients know it or don't trust it, so leave it out")]
        }
        if (try? CertificateChain.isKnownToSystem(path: path)) ?? false { return [] }
        if last.isSelfSigned { return [warning("\(path) is self-signed: clients must be told to trust it")] }
        return [
            warning(
                "\(path) ends with \(last.subject), whose issuer \(last.issuer) this system doesn't know: "
                    + "append the issuer's certificate, unless clients have it")
        ]
    }

    private func isSuperfluous(_ index: Int) -> Bool {
        index > 0 && chain.certificates[index].isSelfSigned
    }

    private func dates(_ index: Int, at now: WallTime) -> [Diagnostic] {
        let certificate = chain.certificates[index]
        let name = index == 0 ? path : "\(path): \(certificate.subject) behind the leaf"
        let start = WallTime(milliseconds: certificate.startsAtUnixSeconds * 1000)
        let end = certificate.end
        if start > now { return [error("\(name) is not valid before \(start.text)")] }
        if end <= now { return [error("\(name) expired on \(end.text)")] }
        guard end.milliseconds(since: now) < Self.renewalMilliseconds else { return [] }
        return [warning("\(name) expires \(TimeText.until(end, from: now))")]
    }

    private func error(_ message: String) -> Diagnostic { .error(origin, at: key, message) }
    private func warning(_ message: String) -> Diagnostic { .warning(origin, at: key, message) }
}

extension CertificateChain.Certificate {
    var end: WallTime { WallTime(milliseconds: endsAtUnixSeconds * 1000) }
}
