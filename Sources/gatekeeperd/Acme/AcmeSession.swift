internal import Gatekeeper

/// Requests to one authority, signed where they must be (RFC 8555 § 6), for as long as an order takes. Belongs to one thread.
final class AcmeSession {
    /// What the authority offers, and where.
    struct Directory: Equatable {
        var newNonce, newAccount, newOrder: String
        /// Nil where it suggests no times (RFC 9773).
        var renewalInfo: String?
        var wantsBinding: Bool
        /// None where it says nothing of them.
        var profiles: [String]

        init?(_ json: JSON) {
            guard let newNonce = json.string("newNonce"), let newAccount = json.string("newAccount"), let newOrder = json.string("newOrder")
            else { return nil }
            (self.newNonce, self.newAccount, self.newOrder) = (newNonce, newAccount, newOrder)
            renewalInfo = json.string("renewalInfo")
            wantsBinding = json["meta"]?["externalAccountRequired"]?.boolean ?? false
            if case .object(let members)? = json["meta"]?["profiles"] { profiles = members.map(\.name) } else { profiles = [] }
        }
    }

    struct Reply {
        var answer: UpstreamAnswer
        var retryMilliseconds: Int64?

        func json(of url: AcmeURL) throws(AcmeError) -> JSON {
            guard answer.isWhole, let json = JSONReader.read(answer.body), case .object = json else {
                throw AcmeError(
                    .answer,
                    "\(url.authority) gives an answer that is no JSON object, or too long; is that the directory of an ACME server?")
            }
            return json
        }
    }

    let settings: AcmeSettings
    /// What requests are signed with.
    var key: SigningKey?
    /// The account's URL, by which the authority knows the key; nil before there is an account.
    var account: String?
    /// The authority's clock at its last answer; nil where it doesn't tell.
    private(set) var date: WallTime?
    private let transport: any AcmeTransport
    private let clock: ControlClock
    /// Waits so many milliseconds; false when this process ends.
    private let pause: (Int64) -> Bool
    private let end: Instant
    private var nonces: [String] = []
    private var known: Directory?

    /// Of a session. What isn't done by then is taken up again with the next attempt.
    static let milliseconds = 600_000
    private static let noncesMax = 8
    /// One in two is refused where an authority tests its clients.
    private static let badNoncesMax = 20
    private static let repetitionsMax = 2
    private static let repetitionMilliseconds: Int64 = 2_000
    private static let jsonBytesMax = 64 << 10
    static let certificateBytesMax = 256 << 10
    private static let retryMillisecondsMax: Int64 = 86_400_000
    private static let tokenBytesMax = 512

    init(_ settings: AcmeSettings, transport: any AcmeTransport, clock: ControlClock, pause: @escaping (Int64) -> Bool) {
        self.settings = settings
        self.transport = transport
        self.clock = clock
        self.pause = pause
        end = clock.now().instant.advanced(byMilliseconds: Self.milliseconds)
    }

    func directory() throws(AcmeError) -> Directory {
        if let known { return known }
        let url = try AcmeURL(settings.directory)
        guard let directory = Directory(try get(settings.directory).json(of: url)) else {
            throw AcmeError(.answer, "\(settings.directory) is no directory of an ACME server; correct directory")
        }
        known = directory
        return directory
    }

    func get(_ url: String) throws(AcmeError) -> Reply { try exchange(url, payload: nil) }

    /// What is there, by a request that says who asks (RFC 8555 § 6.3).
    func fetch(_ url: String, bytesMax: Int = jsonBytesMax) throws(AcmeError) -> Reply {
        try exchange(url, payload: "", bytesMax: bytesMax)
    }

    func post(_ url: String, _ payload: JSON) throws(AcmeError) -> Reply { try exchange(url, payload: payload.text) }

    /// Waits, at most as long as the session may last.
    func rest(milliseconds: Int64) throws(AcmeError) {
        let now = clock.now().instant
        guard now < end else {
            throw AcmeError(
                .timeout,
                "\(settings.directory): the order isn't done after \(Quantity.describe(milliseconds: Self.milliseconds)); "
                    + "it is taken up again by itself")
        }
        guard pause(min(milliseconds, Int64(end.nanoseconds(since: now) / 1_000_000) + 1)) else { throw .stopped }
    }

    // MARK: One request

    private func exchange(_ url: String, payload: String?, bytesMax: Int = jsonBytesMax) throws(AcmeError) -> Reply {
        let url = try AcmeURL(url)
        var (badNonces, repetitions) = (0, 0)
        while true {
            try rest(milliseconds: 0)
            let failure: AcmeError
            do throws(AcmeError) {
                let post = try payload.map { payload throws(AcmeError) in try signed(payload, for: url) }
                let answer = try transport.exchange(
                    AcmeRequest(url: url, authorityPath: settings.authorityPath, post: post, bodyBytesMax: bytesMax))
                note(answer)
                if (200..<300).contains(answer.status) { return Reply(answer: answer, retryMilliseconds: retryMilliseconds(of: answer)) }
                failure = objection(to: answer, of: url)
            } catch {
                failure = error
            }
            if failure.problem == "badNonce", badNonces < Self.badNoncesMax {
                badNonces += 1
            } else if failure.reason == .unreachable, repetitions < Self.repetitionsMax,
                failure.retryMilliseconds ?? 0 <= Self.repetitionMilliseconds
            {
                repetitions += 1
                try rest(milliseconds: Self.repetitionMilliseconds)
            } else {
                throw failure
            }
        }
    }

    private func note(_ answer: UpstreamAnswer) {
        date = answer["date"].flatMap(HTTPDate.unixSeconds).map { WallTime(milliseconds: $0 * 1000) }
        guard let nonce = answer["replay-nonce"], Self.isToken(nonce) else { return }
        nonces.append(nonce)
        if nonces.count > Self.noncesMax { nonces.removeFirst() }
    }

    /// Of the alphabet that nonces and tokens are made of (RFC 8555 § 6.5.1, § 8.1).
    static func isToken(_ text: String) -> Bool {
        (1...tokenBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// In seconds or as a date (RFC 9110 § 10.2.3), of what is sane.
    private func retryMilliseconds(of answer: UpstreamAnswer) -> Int64? {
        guard let text = answer["retry-after"] else { return nil }
        let now = date ?? clock.now().wallTime
        let milliseconds =
            Int64(text).map { $0.multipliedReportingOverflow(by: 1000) }.map { $0.overflow ? Int64.max : $0.partialValue }
            ?? HTTPDate.unixSeconds(text).map { WallTime(milliseconds: $0 * 1000).milliseconds(since: now) }
        return milliseconds.map { min(max($0, 0), Self.retryMillisecondsMax) }
    }

    private func objection(to answer: UpstreamAnswer, of url: AcmeURL) -> AcmeError {
        let problem = AcmeProblem(answer.isWhole ? JSONReader.read(answer.body) : nil)
        let words = problem.words.isEmpty ? "" : ": \(problem.words)"
        let isLimited = answer.status == 429 || problem.type == "rateLimited"
        let retry = retryMilliseconds(of: answer)
        switch answer.status {
        case 300..<400:
            return AcmeError(
                .answer,
                "\(url.authority) answers \(answer.status), and a redirect isn't followed; name the address that it leads to by directory")
        case 500... where !isLimited:
            return AcmeError(
                .unreachable, "\(url.authority) answers \(answer.status)\(words); it is tried again by itself", problem: problem.type,
                retryMilliseconds: retry)
        default:
            let word = problem.type.isEmpty ? "\(answer.status)" : problem.type
            // An account that somebody has closed stays closed.
            let advice =
                problem.type == "unauthorized"
                ? "if the account was deactivated, remove its folder in acme/accounts below state, and another is made" : problem.advice
            return AcmeError(
                isLimited ? .rateLimited : .refused, "\(url.authority) refuses (\(word))\(words); \(advice)", problem: problem.type,
                retryMilliseconds: isLimited || answer.status == 503 ? retry : nil)
        }
    }

    // MARK: Signatures

    /// As the body of a request (RFC 8555 § 6.2).
    private func signed(_ payload: String, for url: AcmeURL) throws(AcmeError) -> UpstreamQuestion.Post {
        guard let key else { throw AcmeError(.storage, "there is no account key") }
        let who: (String, JSON?) = account.map { ("kid", .string($0)) } ?? ("jwk", key.jwk)
        let nonce = try takeNonce()
        let head = JSON.object(of: ("alg", .string("ES256")), who, ("nonce", .string(nonce)), ("url", .string(url.text)))
        let body = try JSON.signed(payload, head: head) { input throws(AcmeError) in
            try AcmeError.storage { () throws(ServerError) in try key.signature(of: input) }
        }
        return UpstreamQuestion.Post(
            fields: [.init(name: "Content-Type", value: "application/jose+json")], body: Array(body.text.utf8))
    }

    private func takeNonce() throws(AcmeError) -> String {
        if nonces.isEmpty {
            let url = try directory().newNonce
            _ = try get(url)
        }
        guard let nonce = nonces.popLast() else {
            throw AcmeError(.answer, "\(settings.directory): the authority gives no nonce; is that the directory of an ACME server?")
        }
        return nonce
    }

    /// Binds our account to one that the authority knows already (RFC 8555 § 7.3.4).
    static func bound(_ key: SigningKey, by binding: AcmeSettings.Binding, to url: String) -> JSON {
        let head = JSON.object(of: ("alg", .string("HS256")), ("kid", .string(binding.identifier)), ("url", .string(url)))
        return JSON.signed(key.jwk.text, head: head) { MessageAuthentication.code(of: $0, key: binding.key) }
    }
}

extension SigningKey {
    /// The public part (RFC 7517), its members in the order of their names.
    var jwk: JSON {
        .object(
            of: ("crv", .string("P-256")), ("kty", .string("EC")), ("x", .string(Base64.encodeForURL(x))),
            ("y", .string(Base64.encodeForURL(y))))
    }

    /// RFC 7638.
    var thumbprint: String { Base64.encodeForURL(Fingerprint.digest(of: Array(jwk.text.utf8))) }
}

extension JSON {
    /// A JSON Web Signature (RFC 7515) in its flattened form.
    fileprivate static func signed<Failure>(
        _ payload: String, head: JSON, by sign: ([UInt8]) throws(Failure) -> [UInt8]
    ) throws(Failure) -> JSON {
        let (head, payload) = (Base64.encodeForURL(Array(head.text.utf8)), Base64.encodeForURL(Array(payload.utf8)))
        let signature = try sign(Array("\(head).\(payload)".utf8))
        return .object(
            of: ("protected", .string(head)), ("payload", .string(payload)), ("signature", .string(Base64.encodeForURL(signature))))
    }
}
