internal import Gatekeeper

/// What is to be said of the certificate's file, or of its key's.
struct CertificateSight {
    /// Complete.
    var path: String
    /// By which clients know the door; nil where nobody said.
    var name: String?
    var now: WallTime

    private static let certbotFolder = "/etc/letsencrypt/"
    private static let hook = "/usr/share/gatekeeper/certbot/gatekeeper"
    private static let hookPlace = "/etc/letsencrypt/renewal-hooks/deploy/gatekeeper"

    var sight: InitSight {
        guard FileStamp(path: path) != nil else {
            return InitSight(lines: ["\(path) isn't there."] + advice, isDoubtful: true)
        }
        do throws(ServerError) {
            return sight(of: try CertificateChain(path: path))
        } catch {
            return InitSight(lines: ["It can't be used: \(error)."], isDoubtful: true)
        }
    }

    private func sight(of chain: CertificateChain) -> InitSight {
        let leaf = chain.leaf
        let names = leaf.names.isEmpty ? "no name" : leaf.names.joined(separator: " ")
        var sight = InitSight()
        let left = leaf.end > now ? "good for \(TimeText.duration(milliseconds: leaf.end.milliseconds(since: now)))" : "over"
        sight.lines = ["It is for \(names), \(leaf.isSelfSigned ? "self-signed" : "by \(leaf.issuer)"), and \(left) (\(leaf.end.text))."]
        if let name, !leaf.isFor(name) {
            sight.lines.append("It isn't for \(name): clients of that name refuse it. Get one that is, or give the name that it is for.")
            sight.isDoubtful = true
        }
        for fault in CertificateCheck(path: path, chain: chain).faults(at: now) {
            sight.lines += ["\(fault.message).", "What to do: \(fault.advice)."]
            if fault.isError || fault.kind == .nameless || fault.kind == .wrongPurpose { sight.isDoubtful = true }
        }
        if path.hasPrefix(Self.certbotFolder) {
            sight.lines.append(
                "\(Self.certbotFolder) is root's alone: certbot's hook copies certificate and key to where the service reads:")
            sight.lines += Self.hookLines.map { "    \($0)" }
            sight.isDoubtful = true
        }
        return sight
    }

    private static var hookLines: [String] { ["ln -s \(hook) \(hookPlace)"] }

    /// How one is got, or the one that somebody has is put in place.
    private var advice: [String] {
        let name = name ?? "tickets.example.org"
        let certbot =
            ["apt-get install certbot openssl"] + Self.hookLines
            + ["certbot certonly --standalone -d \(name)", "RENEWED_LINEAGE=/etc/letsencrypt/live/\(name) \(Self.hookPlace)"]
        let key = InitQuestion.key.usual(in: InitConfiguration(certificate: path)).first ?? ""
        let copying = [
            "install -m 644 CERTIFICATE \(InitText.shell(path))", "install -m 640 -g gatekeeper KEY \(InitText.shell(key))",
        ]
        return ["If you have one, put it there with its key, in another window:"] + copying.map { "    \($0)" }
            + [
                "If not, type \(InitQuestion.order): the service gets one itself. Or certbot gets one that everybody trusts and puts it into /etc/gatekeeper/tls; port 80 has to be open to all for it:"
            ]
            + certbot.map { "    \($0)" }
    }

    // MARK: The key

    /// - Parameter keyPath: complete.
    func sight(ofKey keyPath: String) -> InitSight {
        guard FileStamp(path: keyPath) != nil else {
            return InitSight(lines: ["\(keyPath) isn't there. It comes with the certificate."], isDoubtful: true)
        }
        guard FileStamp(path: path) != nil else {
            return InitSight(lines: ["\(keyPath) is there; whether it fits shows when the certificate is there too."])
        }
        let certificate = Settings.TLS.Certificate(path: path, keyPath: keyPath)
        do throws(ServerError) {
            try DryRun(.empty).load(certificate)
            return InitSight(lines: ["It is the certificate's."])
        } catch {
            return InitSight(lines: ["\(error.advised)."], isDoubtful: true)
        }
    }
}
