internal import Gatekeeper

/// What is wrong with the certificates in a file, or soon will be.
struct CertificateCheck: Equatable, Sendable {
    let path: String
    let chain: CertificateChain

    /// Whether this system's authorities lead to it.
    let isKnown: Bool

    /// - Parameter isKnown: nil to find out, which reads all of the system's authorities.
    init(path: String, chain: CertificateChain, isKnown: Bool? = nil) {
        self.path = path
        self.chain = chain
        self.isKnown = isKnown ?? (try? CertificateChain.isKnownToSystem(path: path)) ?? false
    }

    func faults(at now: WallTime) -> [CertificateFault] {
        var faults = names() + leaf() + order()
        for index in chain.certificates.indices where !isSuperfluous(index) { faults += strength(index) }
        for index in chain.certificates.indices where !isSuperfluous(index) { faults += dates(index, at: now) }
        return faults
    }

    private func names() -> [CertificateFault] {
        guard chain.leaf.names.isEmpty else { return [] }
        return [fault(.nameless, "\(path) is for no name: without a subjectAltName clients don't accept it")]
    }

    /// What clients look for in a leaf beside its names and its dates.
    private func leaf() -> [CertificateFault] {
        let leaf = chain.leaf
        var faults: [CertificateFault] = []
        if !leaf.mayServe {
            faults.append(
                fault(.wrongPurpose, "\(path) is not for servers: its extended key usage lacks serverAuth, so clients refuse it"))
        } else if !leaf.maySign {
            faults.append(
                fault(.wrongPurpose, "\(path) may not sign: its key usage lacks digitalSignature, so clients refuse its handshakes"))
        } else if leaf.isAuthority, !leaf.isSelfSigned {
            faults.append(fault(.wrongPurpose, "\(path) is an authority's own certificate, which some clients refuse in a server's place"))
        }
        if leaf.wantsStapling {
            faults.append(
                fault(
                    .mustStaple,
                    "\(path) demands a stapled OCSP answer (must-staple), which isn't given: strict clients refuse it"))
        }
        return faults
    }

    private func strength(_ index: Int) -> [CertificateFault] {
        let certificate = chain.certificates[index]
        let name = name(index)
        var faults: [CertificateFault] = []
        let key = certificate.key
        if key.isWeak {
            faults.append(fault(.weakKey, "\(name) has a weak key (\(key.text)): clients want RSA of 2048 bits or P-256 at least"))
        } else if index == 0, key.isUnusual {
            faults.append(fault(.unusualKey, "\(name) has a key (\(key.text)) that many clients can't use: RSA and P-256 are known to all"))
        }
        if certificate.isSignedWeakly {
            faults.append(fault(.weakSignature, "\(name) is signed with SHA-1 or older, which clients refuse"))
        }
        return faults
    }

    private func name(_ index: Int) -> String {
        index == 0 ? path : "\(path): \(chain.certificates[index].subject) behind the leaf"
    }

    /// Names for which another certificate is shown in each one's place: of two with the same kind of key the first is, always.
    ///
    /// - Returns: one fault at most for each, in the order of `checks`.
    static func doubles(among checks: [CertificateCheck?]) -> [CertificateFault?] {
        checks.indices.map { index in
            guard let check = checks[index] else { return nil }
            let names = Set(check.chain.leaf.names.map { $0.lowercased() })
            for case let other? in checks[..<index] where other.chain.leaf.key.kind == check.chain.leaf.key.kind {
                let common = other.chain.leaf.names.filter { names.contains($0.lowercased()) }
                guard let first = common.first else { continue }
                let more = common.count > 1 ? " and \(common.count - 1) more" : ""
                return check.fault(
                    .doubled,
                    "\(check.path) is for \(first)\(more) as \(other.path) is, with the same kind of key (\(check.chain.leaf.key.kind)): "
                        + "it is never shown for that")
            }
            return nil
        }
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
        if isKnown { return [] }
        if last.isSelfSigned { return [fault(.selfSigned, "\(path) is self-signed: clients must be told to trust it")] }
        if last.hasPublicIssuer {
            return [
                fault(
                    .missingIntermediate,
                    "\(path) ends with \(last.subject) and lacks the certificate of its issuer, \(last.issuer): "
                        + "append it, for clients don't look for it")
            ]
        }
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
        let name = name(index)
        let (start, end) = (certificate.start, certificate.end)
        if start > now { return [fault(.notYetValid, "\(name) is not valid before \(start.text)")] }
        if end <= now { return [fault(.expired, "\(name) expired on \(end.text)")] }
        guard CertificateLifetime(start: start, end: end).isEnding(at: now) else { return [] }
        return [fault(.expiring, "\(name) expires \(TimeText.until(end, from: now))")]
    }

    private func fault(_ kind: CertificateFault.Kind, _ message: String) -> CertificateFault {
        CertificateFault(kind: kind, message: message)
    }
}

extension CertificateChain.Key {
    /// As an admin would call it: `RSA 2048`, `EC P-256`.
    var text: String { curve.isEmpty ? (isRSA || kind == "DSA" ? "\(kind) \(bits)" : kind) : "\(kind) \(curve)" }

    /// Below 112 bits of security.
    var isWeak: Bool { isRSA ? bits < 2048 : kind == "DSA" || kind == "EC" && bits < 224 }

    /// Schannel, browsers and old Java know RSA and the curves of NIST, and not all of them the largest.
    var isUnusual: Bool { kind == "EC" ? curve != "P-256" && curve != "P-384" : kind != "RSA" && !kind.isEmpty }
}

extension CertificateChain.Certificate {
    var start: WallTime { WallTime(milliseconds: startsAtUnixSeconds * 1000) }
    var end: WallTime { WallTime(milliseconds: endsAtUnixSeconds * 1000) }
}
