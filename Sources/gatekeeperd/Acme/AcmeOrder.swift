internal import Gatekeeper

/// One order, from wherever it was left to a certificate that is on the disk (RFC 8555 § 7.4). Each step is written down before the next one.
///
/// ```
/// newOrder ─▶ pending ─ each name is shown to the validators ─▶ ready ─ finalize ─▶ processing ─▶ valid ─ download ─▶ current
///               └────────────────────── invalid: the authority says why ◀──────────────┘
/// ```
struct AcmeOrder {
    let settings: AcmeSettings
    let store: AcmeStore
    let session: AcmeSession
    let board: any ChallengeBoard
    let clock: ControlClock
    var record: AcmeRecord
    /// Told of each step, by its word.
    let onStep: (AcmeState.Step) -> Void

    static let windowMilliseconds = 600_000
    private static let pollMilliseconds: Int64 = 1_000
    private static let pollMillisecondsMax: Int64 = 30_000

    private var folder: String { store.folder(of: settings.names) }
    private var keyPath: String { folder + "/key.pem" }

    /// Throws what went wrong; `record` says then whether there is something to be taken up.
    ///
    /// - Parameter replaced: what the authority calls the certificate that this one is for; nil for none.
    mutating func run(replacing replaced: String?) throws(AcmeError) {
        try store.prepare(folder)
        if record.order == nil { try takeBack() }
        let account = AcmeAccount(settings: settings, store: store, session: session)
        do throws(AcmeError) {
            try account.open()
            do throws(AcmeError) {
                try advance(replacing: replaced)
            } catch {
                guard error.problem == "accountDoesNotExist" else { throw error }
                try forget()
                try account.openAgain()
                try advance(replacing: replaced)
            }
        } catch {
            if error.endsOrder { try? forget() }
            throw error
        }
    }

    private mutating func advance(replacing replaced: String?) throws(AcmeError) {
        var reply = try opened(replacing: replaced)
        while true {
            guard let url = record.order else { throw AcmeError(.answer, "there is no order") }
            let order = try reply.json(of: AcmeURL(url))
            switch order.string("status") {
            case "pending":
                onStep(.authorizing)
                if try authorize(order) { reply = try session.fetch(url) } else { reply = try polled(url, reply) }
            case "ready":
                onStep(.finalizing)
                reply = try finalized(order, url, reply)
                if try reply.json(of: AcmeURL(url)).string("status") == "ready" { reply = try polled(url, reply) }
            case "valid":
                onStep(.downloading)
                return try install(order)
            case "invalid":
                let problem = AcmeProblem(order["error"])
                throw AcmeError(
                    .challenge,
                    "the order of \(settings.names.joined(separator: ", ")) has failed\(Self.quoted(problem)); \(problem.advice)",
                    problem: problem.type)
            default:
                reply = try polled(url, reply)
            }
        }
    }

    private func polled(_ url: String, _ reply: AcmeSession.Reply) throws(AcmeError) -> AcmeSession.Reply {
        try session.rest(milliseconds: Self.pause(reply))
        return try session.fetch(url)
    }

    static func pause(_ reply: AcmeSession.Reply) -> Int64 {
        min(max(reply.retryMilliseconds ?? pollMilliseconds, pollMilliseconds), pollMillisecondsMax)
    }

    static func quoted(_ problem: AcmeProblem) -> String {
        (problem.type.isEmpty ? "" : " (\(problem.type))") + (problem.words.isEmpty ? "" : ": \(problem.words)")
    }

    // MARK: The order

    /// The one that was begun, or another where there is none.
    private mutating func opened(replacing replaced: String?) throws(AcmeError) -> AcmeSession.Reply {
        if let url = record.order {
            do throws(AcmeError) {
                return try session.fetch(url)
            } catch {
                guard error.endsOrder, error.problem != "accountDoesNotExist" else { throw error }
                try forget()
            }
        }
        onStep(.ordering)
        let directory = try session.directory()
        if let profile = settings.profile, !directory.profiles.isEmpty, !directory.profiles.contains(profile) {
            throw AcmeError(
                .refused,
                "\(settings.directory) has no profile \(profile); set profile to one that it has: "
                    + directory.profiles.prefix(10).map(AcmeProblem.bounded).joined(separator: ", "))
        }
        // A key of its own for each.
        try store.remove(keyPath)
        let reply = try ordered(directory, replacing: directory.renewalInfo == nil ? nil : replaced)
        guard let url = reply.answer["location"] else {
            throw AcmeError(.answer, "\(settings.directory): the authority doesn't say where the order is; it is tried again by itself")
        }
        _ = try AcmeURL(url)
        record.order = url
        try save()
        return reply
    }

    private func ordered(_ directory: AcmeSession.Directory, replacing replaced: String?) throws(AcmeError) -> AcmeSession.Reply {
        let names = settings.names.map { name in
            JSON.object(of: ("type", .string((try? PeerAddress(parsing: name)) == nil ? "dns" : "ip")), ("value", .string(name)))
        }
        func payload(_ replaced: String?) -> JSON {
            .object(
                of: ("identifiers", .array(names)), ("profile", settings.profile.map { .string($0) }),
                ("replaces", replaced.map { .string($0) }))
        }
        do throws(AcmeError) {
            return try session.post(directory.newOrder, payload(replaced))
        } catch {
            // It has been replaced already, or belongs to an account of before (RFC 9773 § 5).
            guard replaced != nil, ["alreadyReplaced", "malformed", "unauthorized", "conflict"].contains(error.problem) else { throw error }
            return try session.post(directory.newOrder, payload(nil))
        }
    }

    private mutating func forget() throws(AcmeError) {
        record.order = nil
        try save()
        try takeBack()
    }

    func save() throws(AcmeError) {
        try store.write(record, of: settings.names)
    }

    // MARK: The certificate

    private func finalized(_ order: JSON, _ url: String, _ before: AcmeSession.Reply) throws(AcmeError) -> AcmeSession.Reply {
        guard let finalize = order.string("finalize") else {
            throw AcmeError(.answer, "\(settings.directory): the order doesn't say where it is finalized; it is tried again by itself")
        }
        let key = try store.key(keyPath)
        let request = try AcmeError.storage { () throws(ServerError) in try key.certificateRequest(for: settings.names) }
        do throws(AcmeError) {
            return try session.post(finalize, .object(of: ("csr", .string(Base64.encodeForURL(request)))))
        } catch {
            guard error.problem == "orderNotReady" else { throw error }
            return try polled(url, before)
        }
    }

    private mutating func install(_ order: JSON) throws(AcmeError) {
        guard let url = order.string("certificate") else {
            throw AcmeError(.answer, "\(settings.directory): the order doesn't say where its certificate is; it is tried again by itself")
        }
        let answer = try session.fetch(url, bytesMax: AcmeSession.certificateBytesMax).answer
        guard answer.isWhole else {
            throw AcmeError(.answer, "\(settings.directory): the certificate is too long, or cut short; it is tried again by itself")
        }
        let key = try store.key(keyPath)
        let pem = try AcmeError.storage { () throws(ServerError) in try key.pem() }
        do throws(AcmeError) {
            try store.install(answer.body, pem, of: settings.names, unless: objection)
        } catch {
            if error.reason == .answer { try forget() }
            throw error
        }
        record.order = nil
        record.issuer = settings.issuer
        record.plan = RenewalPlan()
        try save()
    }

    private func objection(to path: String, _ keyPath: String) throws(AcmeError) {
        func wrong(_ words: String) -> AcmeError { AcmeError(.answer, "the authority gave a certificate that can't be used: \(words)") }
        let leaf: CertificateChain.Certificate
        do throws(ServerError) {
            leaf = try CertificateChain(path: path).leaf
            try DryRun(.empty).load(Settings.TLS.Certificate(path: path, keyPath: keyPath))
        } catch {
            throw wrong("\(error)")
        }
        if let missing = settings.names.first(where: { name in !leaf.names.contains { Self.isSame(name, $0) } }) {
            throw wrong("it isn't for \(missing); it is tried again by itself")
        }
        guard leaf.endsAtUnixSeconds * 1000 > clock.now().wallTime.milliseconds else {
            throw wrong("it has ended already; look at this machine's clock")
        }
    }
}
