/// What is wrong with the certificates in force, or soon will be.
extension Circumstances {
    var certificateProblems: [Problem] { ServedCertificate.problems(of: certificates, at: now) + authorities.problems(at: now) }
}

extension ServedCertificate {
    /// What is wrong with those that are in force together.
    static func problems(of certificates: [ServedCertificate], at now: WallTime) -> [Problem] {
        let doubles = CertificateCheck.doubles(among: certificates.map(\.check))
        return zip(certificates, doubles).flatMap { certificate, double in
            certificate.problems(at: now) + (double.flatMap(certificate.problem).map { [$0] } ?? [])
        }
    }

    /// Judged as `check` judges the file, but for what only an admin can know: whether clients trust an authority that this system doesn't.
    func problems(at now: WallTime) -> [Problem] {
        var problems: [Problem] = []
        if let setback {
            problems.append(
                Problem(
                    .certificateUnfit, of: file, "the certificate that was put into \(file) isn't trusted by clients: \(setback)",
                    cure: "put the whole chain there (certbot's fullchain.pem, not cert.pem)", since: loadedAt))
        }
        guard let check else { return problems }
        for fault in check.faults(at: now) {
            guard let problem = problem(fault), !problems.contains(where: problem.isSame) else { continue }
            problems.append(problem)
        }
        return problems
    }

    private func problem(_ fault: CertificateFault) -> Problem? {
        let cure = fault.advice
        switch fault.kind {
        case .rootIncluded, .selfSigned, .unknownIssuer: return nil
        case .expired:
            return Problem(.certificateExpired, of: file, fault.message, cure: cure, since: endsAt)
        case .expiring:
            return Problem(.certificateEnding, of: file, fault.message, cure: cure, since: lifetime.warnings.first ?? endsAt)
        default:
            // A renewal's setback and a chain that isn't whole are one problem.
            return Problem(
                .certificateUnfit, of: fault.kind == .missingIntermediate ? file : "\(file) \(fault.kind)", fault.message, cure: cure,
                since: loadedAt)
        }
    }
}
