internal import Gatekeeper

/// A certificate that is in force, as its file said when it was loaded.
struct ServedCertificate: Equatable, Sendable {
    let file: String
    let names: [String]
    let lifetime: CertificateLifetime
    /// SHA-256 of the leaf, in hexadecimal.
    let fingerprint: String
    /// Nil for one that a test makes.
    private var chain: CertificateChain?
    var issuer: String { chain?.leaf.issuer ?? "" }
    private var isKnown = false
    /// Why clients don't trust it that trusted the one before it in the same file.
    private(set) var setback: String?
    /// The last one in this file that had none, if this one has.
    private var better: CertificateChain?
    private var betterWasKnown = false
    private(set) var loadedAt: WallTime

    var endsAt: WallTime { lifetime.end }

    /// Those of these settings that can be read; one that can't isn't in force.
    ///
    /// - Parameter before: those that were in force until now, with which a renewal is compared.
    static func all(of settings: Settings, after before: [ServedCertificate] = [], at now: WallTime) -> [ServedCertificate] {
        settings.tls.certificates.compactMap { certificate in
            do throws(ServerError) {
                let path = certificate.isAwaited ? certificate.standIn?.path ?? certificate.path : certificate.path
                let chain = try CertificateChain(path: path)
                let shown = ConcealedValues.hide(in: path)
                let old = before.first { $0.file == shown }
                if let old, old.chain == chain { return old }
                return ServedCertificate(chain, from: path, after: old, at: now)
            } catch {
                return nil
            }
        }
    }

    private init(_ chain: CertificateChain, from file: String, after old: ServedCertificate?, at now: WallTime) {
        let leaf = chain.leaf
        self.file = ConcealedValues.hide(in: file)
        names = leaf.names
        lifetime = CertificateLifetime(start: leaf.start, end: leaf.end)
        fingerprint = leaf.fingerprint
        self.chain = chain
        isKnown = (try? CertificateChain.isKnownToSystem(path: file)) ?? false
        loadedAt = now
        let reference = old.flatMap { $0.setback == nil ? $0.chain : $0.better }
        let wasKnown = old.map { $0.setback == nil ? $0.isKnown : $0.betterWasKnown } ?? false
        setback = isKnown ? nil : reference.flatMap { Self.setback(of: chain, after: $0, isKnown: wasKnown) }
        if setback != nil { (better, betterWasKnown) = (reference, wasKnown) }
    }

    init(file: String, names: [String], lifetime: CertificateLifetime, fingerprint: String = "") {
        self.file = file
        self.names = names
        self.lifetime = lifetime
        self.fingerprint = fingerprint
        loadedAt = lifetime.start
    }

    /// What a chain that leads to no authority of this system's had in its place before. By itself such a chain may be a private authority's,
    /// which clients have been told to trust.
    private static func setback(of chain: CertificateChain, after before: CertificateChain, isKnown: Bool) -> String? {
        guard let last = chain.certificates.last, let lastBefore = before.certificates.last else { return nil }
        if last.isSelfSigned {
            return lastBefore.isSelfSigned || chain.certificates.count > 1
                ? nil : "it is self-signed, and the one before it was issued by \(before.leaf.issuer)"
        }
        if before.certificates.contains(where: { $0.subject == last.issuer && !$0.isSelfSigned }) {
            return "it came without the certificate of its issuer, \(last.issuer), which the one before it had"
        }
        return isKnown
            ? "it ends with \(last.subject), whose issuer \(last.issuer) this system doesn't know, and the one before it was complete" : nil
    }

    /// As `check` judges the file; nil for one that a test makes.
    var check: CertificateCheck? { chain.map { CertificateCheck(path: file, chain: $0, isKnown: isKnown) } }

    // MARK: Warnings in the log

    /// Whether a warning was due before: whoever has just begun to look hasn't heard it.
    func isNearEnd(at now: WallTime) -> Bool { lifetime.isOver(at: now) || lifetime.isEnding(at: now) }

    /// When a warning is due next; nil when the last one was.
    func nextWarning(after now: WallTime) -> WallTime? { lifetime.nextWarning(after: now) }

    /// The same certificate in the same file.
    func isSame(as other: ServedCertificate) -> Bool { file == other.file && fingerprint == other.fingerprint }

    /// Fields of a `certificate` line in the log.
    ///
    /// - Parameter state: `changed`, `expires` or `expired`.
    func fields(state: String) -> [JournalField] {
        [
            JournalField("state", state), JournalField("file", file), JournalField("names", names.joined(separator: " ")),
            JournalField("until", endsAt.text),
        ]
    }
}
