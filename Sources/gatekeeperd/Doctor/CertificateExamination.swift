internal import Gatekeeper

/// Would a vendor's client trust the certificate, and is it the one that is served?
///
/// Looks at the files and not at the listener: this host is a stranger there like any other, and would be denied and counted.
struct CertificateExamination: Equatable, Sendable {
    var files: [File]
    /// Nil where no service answers.
    var served: [ServiceState.Certificate]?

    struct File: Equatable, Sendable {
        var path: String
        /// Why it can't be loaded with its key.
        var obstacle: String?
        var faults: [CertificateFault] = []
        /// Of the leaf; empty where it can't be read.
        var fingerprint = ""
        /// What is to be said of it if all is well.
        var summary = ""
        /// Nil where it can't be read.
        var check: CertificateCheck?
        /// The names of one that is ordered and isn't there yet.
        var awaitedFor: [String] = []
    }

    var findings: [ExaminationFinding] { files.flatMap(findings) }

    private func findings(_ file: File) -> [ExaminationFinding] {
        guard file.awaitedFor.isEmpty else {
            return [
                .note(
                    .certificate, "no certificate for \(file.awaitedFor.joined(separator: ", ")) is there yet: clients get an alert",
                    advice: "the service orders it; `gatekeeperd certificates` says how far it is")
            ]
        }
        var findings: [ExaminationFinding] = []
        if let obstacle = file.obstacle {
            findings.append(
                .wrong(
                    .certificate, obstacle,
                    advice: "put a certificate and its own key there; a running service keeps the pair that it has until it is started anew"
                ))
        }
        // The clock's to tell.
        findings += file.faults.filter { $0.kind != .notYetValid }.map(finding)
        if isOutdated(file) {
            findings.append(
                .wrong(
                    .certificate, "the service still shows another certificate than the one that is in \(file.path) now",
                    advice: "`gatekeeperd reload` takes the new one, or says why it can't be taken"))
        }
        return findings.isEmpty ? [.ok(.certificate, file.summary)] : findings
    }

    private func isOutdated(_ file: File) -> Bool {
        // The service tells of a path as its configuration has it.
        let shown = ConcealedValues.hide(in: file.path)
        guard !file.fingerprint.isEmpty, let served = served?.first(where: { ConcealedValues.hide(in: $0.file) == shown }) else {
            return false
        }
        return served.fingerprint != file.fingerprint
    }

    private func finding(_ fault: CertificateFault) -> ExaminationFinding {
        let advice = fault.advice
        return fault.kind == .rootIncluded
            ? .note(.certificate, fault.message, advice: advice) : .wrong(.certificate, fault.message, advice: advice)
    }
}

extension CertificateExamination.File {
    /// All that are on disk now.
    static func all(_ certificates: [Settings.TLS.Certificate], _ dryRun: DryRun?, at now: WallTime) -> [Self] {
        var files = certificates.map { Self($0, dryRun, at: now) }
        for case (let index, let fault?) in CertificateCheck.doubles(among: files.map(\.check)).enumerated() {
            files[index].faults.append(fault)
        }
        return files
    }

    /// What is on disk now.
    init(_ certificate: Settings.TLS.Certificate, _ dryRun: DryRun?, at now: WallTime) {
        path = certificate.path
        guard !certificate.isAwaited else {
            awaitedFor = certificate.awaitedFor ?? []
            return
        }
        do throws(ServerError) {
            let chain = try CertificateChain(path: path)
            let check = CertificateCheck(path: path, chain: chain)
            self.check = check
            faults = check.faults(at: now)
            fingerprint = chain.leaf.fingerprint
            summary = "\(path) is for \(chain.leaf.names.joined(separator: " ")), complete, and good until \(chain.leaf.end.text)"
            try dryRun?.load(certificate)
        } catch {
            obstacle = "\(error)"
        }
    }
}
