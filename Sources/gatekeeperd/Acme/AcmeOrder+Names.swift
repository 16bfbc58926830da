internal import Gatekeeper

/// How the authority is made sure that a name is ours (RFC 8555 § 7.5).
extension AcmeOrder {
    private static let namesAtOnce = 4

    /// What the authority wants to be shown for one name.
    private struct Demand {
        var authorization: String
        var challenge: String
        var name: String
        var token: String
        /// It hasn't been told to look yet.
        var isUntold: Bool
    }

    /// False when there is no name that it has to be shown anything for.
    mutating func authorize(_ order: JSON) throws(AcmeError) -> Bool {
        let urls = order["authorizations"]?.texts ?? []
        guard (1...settings.names.count).contains(urls.count) else {
            throw AcmeError(.answer, "\(settings.directory): the order has \(urls.count) authorizations; it is tried again by itself")
        }
        var demands: [Demand] = []
        for url in urls { if let demand = try demand(url) { demands.append(demand) } }
        guard !demands.isEmpty else { return false }
        let outcome: Result<Void, AcmeError>
        do throws(AcmeError) {
            try show(demands)
            // Each of them brings several validators at once, for whom there is room at our door.
            for start in stride(from: 0, to: demands.count, by: Self.namesAtOnce) {
                let some = Array(demands[start...].prefix(Self.namesAtOnce))
                for demand in some where demand.isUntold { _ = try session.post(demand.challenge, .object([])) }
                try wait(for: some)
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        board.clear()
        do throws(AcmeError) {
            try takeBack()
        } catch {
            if case .success = outcome { throw error }
        }
        try outcome.get()
        return true
    }

    private func demand(_ url: String) throws(AcmeError) -> Demand? {
        let authorization = try session.fetch(url).json(of: AcmeURL(url))
        let value = authorization["identifier"]?.string("value")?.lowercased() ?? ""
        guard let name = settings.names.lazy.map(CertificateName.domain).first(where: { Self.isSame($0, value) }) else {
            throw AcmeError(.answer, "\(settings.directory): the authority asks about a name that isn't ours; it is tried again by itself")
        }
        let status = authorization.string("status") ?? ""
        if status == "valid" { return nil }
        guard status == "pending" else { throw failure(of: authorization, name) }
        guard case .array(let challenges)? = authorization["challenges"],
            let challenge = challenges.first(where: { $0.string("type") == settings.challenge.type })
        else {
            throw AcmeError(
                .refused,
                "the authority doesn't offer \(settings.challenge.type) for \(name); set challenge to another, or take another directory")
        }
        guard let token = challenge.string("token"), AcmeSession.isToken(token), let address = challenge.string("url") else {
            throw AcmeError(.answer, "\(settings.directory): a challenge lacks its token or its address; it is tried again by itself")
        }
        return Demand(
            authorization: url, challenge: address, name: name, token: token, isUntold: challenge.string("status") ?? "pending" == "pending"
        )
    }

    private mutating func show(_ demands: [Demand]) throws(AcmeError) {
        guard let key = session.key else { return }
        let endsAt = clock.now().instant.advanced(byMilliseconds: Self.windowMilliseconds)
        var shown: [PendingChallenge] = []
        for demand in demands {
            let authorization = "\(demand.token).\(key.thumbprint)"
            let digest = Fingerprint.digest(of: Array(authorization.utf8))
            switch settings.challenge {
            case .handshake: shown.append(PendingChallenge(name: demand.name, proof: .handshake(digest: digest), endsAt: endsAt))
            case .page:
                shown.append(
                    PendingChallenge(name: demand.name, proof: .page(token: demand.token, keyAuthorization: authorization), endsAt: endsAt))
            case .program:
                let made = RecordProgram.Record(name: "_acme-challenge.\(demand.name).", value: Base64.encodeForURL(digest))
                if !record.records.contains(made) { record.records.append(made) }
            }
        }
        if case .program(let path) = settings.challenge {
            try save()
            for made in record.records { try RecordProgram(path: path).present(made) }
            return
        }
        do throws(ServerError) {
            try board.show(shown)
        } catch {
            throw AcmeError(.window, "the authority can't be shown what it wants to see: \(error)")
        }
    }

    private func wait(for demands: [Demand]) throws(AcmeError) {
        var failures: [AcmeError] = []
        for demand in demands {
            while true {
                let reply = try session.fetch(demand.authorization)
                let authorization = try reply.json(of: AcmeURL(demand.authorization))
                let status = authorization.string("status") ?? ""
                if status == "valid" { break }
                guard !["invalid", "deactivated", "expired", "revoked"].contains(status) else {
                    failures.append(failure(of: authorization, demand.name))
                    break
                }
                try session.rest(milliseconds: Self.pause(reply))
            }
        }
        guard let first = failures.first else { return }
        throw AcmeError(.challenge, failures.map(\.text).joined(separator: " · "), problem: first.problem)
    }

    /// In the authority's words.
    private func failure(of authorization: JSON, _ name: String) -> AcmeError {
        var problem = AcmeProblem(nil)
        if case .array(let challenges)? = authorization["challenges"] {
            for challenge in challenges {
                guard case .object? = challenge["error"] else { continue }
                problem = AcmeProblem(challenge["error"])
                guard let token = challenge.string("token"), !token.isEmpty else { break }
                problem.words = problem.words.replacing(token, with: "…")
                break
            }
        }
        let status = AcmeProblem.bounded(authorization.string("status") ?? "nothing")
        return AcmeError(
            .challenge, "the authority doesn't take \(name) for ours: it is \(status)\(Self.quoted(problem)); \(problem.advice)",
            problem: problem.type)
    }

    /// Has the program remove what it has put into the DNS; one that fails at that doesn't keep a certificate away.
    mutating func takeBack() throws(AcmeError) {
        guard !record.records.isEmpty else { return }
        if case .program(let path) = settings.challenge {
            for made in record.records { try? RecordProgram(path: path).cleanUp(made) }
        }
        record.records = []
        try save()
    }

    static func isSame(_ name: String, _ other: String) -> Bool {
        if name == other.lowercased() { return true }
        guard let address = try? PeerAddress(parsing: name) else { return false }
        return address == (try? PeerAddress(parsing: other))
    }
}

extension AcmeSettings.Challenge {
    /// As authorities call it.
    var type: String {
        switch self {
        case .handshake: "tls-alpn-01"
        case .page: "http-01"
        case .program: "dns-01"
        }
    }
}
