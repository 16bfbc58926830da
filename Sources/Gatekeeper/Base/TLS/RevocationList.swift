internal import CTLS

/// What a revocation list says of itself: facts for the admin.
package struct RevocationList: Sendable, Equatable {
    /// Of the authority whose certificates it revokes, on one line.
    package var issuer = ""
    package var startsAtUnixSeconds: Int64 = 0
    /// When the next one is due, from when on this one is worth nothing; nil where it doesn't say.
    package var endsAtUnixSeconds: Int64?

    /// Those of a PEM file; throws when there is none in it, or one that can't be read.
    package static func read(path: String) throws(ServerError) -> [RevocationList] {
        let lists: [OpenSSLObject]
        do throws(TLSSetupError) {
            lists = try PEMFile(path, .revocations).revocationLists()
        } catch {
            throw ServerError(settings: error.description)
        }
        return lists.map { list in
            // SAFETY: name and times belong to the list, which is held.
            var facts = RevocationList()
            facts.issuer = unsafe CertificateFacts.text(of: X509_CRL_get_issuer(list.pointer))
            facts.startsAtUnixSeconds = unsafe CertificateFacts.seconds(X509_CRL_get0_lastUpdate(list.pointer))
            if let end = unsafe X509_CRL_get0_nextUpdate(list.pointer) {
                facts.endsAtUnixSeconds = unsafe CertificateFacts.seconds(end)
            }
            return facts
        }
    }
}
