internal import Gatekeeper

/// A certificate that is in force, as its file said when it was loaded.
struct ServedCertificate: Equatable, Sendable {
    let file: String
    let names: [String]
    let startsAt: WallTime
    let endsAt: WallTime
    /// SHA-256 of the leaf, in hexadecimal.
    let fingerprint: String

    /// Before its end: when whoever renews by hand should, and when whoever does by a timer has waited for it in vain.
    private static let warningMilliseconds: [Int64] = [CertificateCheck.renewalMilliseconds, 7 * 86_400_000, 86_400_000, 0]

    /// Those of these settings that can be read; one that can't isn't in force.
    static func all(of settings: Settings) -> [ServedCertificate] {
        settings.tls.certificates.compactMap { certificate in
            do throws(ServerError) {
                return ServedCertificate(try CertificateChain(path: certificate.path).leaf, from: certificate.path)
            } catch {
                return nil
            }
        }
    }

    private init(_ leaf: CertificateChain.Certificate, from file: String) {
        self.file = ConcealedValues.hide(in: file)
        names = leaf.names
        startsAt = leaf.start
        endsAt = leaf.end
        fingerprint = leaf.fingerprint
    }

    init(file: String, names: [String], startsAt: WallTime = WallTime(milliseconds: 0), endsAt: WallTime, fingerprint: String = "") {
        self.file = file
        self.startsAt = startsAt
        self.names = names
        self.endsAt = endsAt
        self.fingerprint = fingerprint
    }

    /// Whether a warning was due before: whoever has just begun to look hasn't heard it.
    func isNearEnd(at now: WallTime) -> Bool {
        endsAt.advanced(byMilliseconds: -CertificateCheck.renewalMilliseconds) <= now
    }

    /// When a warning is due next; nil when the last one was.
    func nextWarning(after now: WallTime) -> WallTime? {
        Self.warningMilliseconds.map { endsAt.advanced(byMilliseconds: -$0) }.filter { $0 > now }.min()
    }

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
