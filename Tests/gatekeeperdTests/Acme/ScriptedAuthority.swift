import Foundation
import Gatekeeper
import Synchronization

@testable import gatekeeperd

/// An authority in memory: checks what an authority checks (RFC 8555 § 6), and does what a test wants.
final class ScriptedAuthority: AcmeTransport {
    /// What a test sets.
    struct Script: Sendable {
        /// Of 100 signed requests, so many nonces are refused.
        var badNoncePercent = 0
        var lifetimeMilliseconds = 90 * RenewalPlan.day
        /// Authorizations of before count.
        var reusesAuthorizations = false
        /// What is said of a name, whatever is shown.
        var objections: [String: (type: String, detail: String)] = [:]
        var wantsBinding = false
        var profiles: [String] = []
        /// Nil for an authority without renewal information.
        var window: (@Sendable (_ lastIssue: WallTime?) -> (start: String, end: String)?)?
        var windowRetry = "21600"
        var takesReplaces = true
        /// A certificate takes a while.
        var isSlow = true
        /// In place of the certificate.
        var download: [UInt8]?
        var offers = ["http-01", "tls-alpn-01", "dns-01", "dance-01"]
        /// In place of an answer, by the number of the call from 1 and the path; `.failure` after which the request has been served or not.
        var override: (@Sendable (_ call: Int, _ path: String) -> Override?)?
    }

    enum Override: Sendable {
        case answer(UpstreamAnswer)
        /// No answer, before the request is looked at.
        case lost
        /// No answer, after it was served.
        case answerLost
    }

    struct Account: Sendable {
        var x, y: [UInt8]
        var contacts: [String]
        var isActive = true
        var binding: String?
    }

    struct Order: Sendable {
        var account: String
        var names: [String]
        var authorizations: [Int]
        var status = "pending"
        var profile: String?
        var replaces: String?
        var certificate: [UInt8]?
        var polls = 0
    }

    struct Authorization: Sendable {
        var name: String
        var isWildcard: Bool
        var status = "pending"
        var token: String
        var problem: (type: String, detail: String)?
        var isTold = false
    }

    struct State: Sendable {
        var script = Script()
        var calls: [String] = []
        var nonces: Set<String> = []
        var nonceNumber = 0
        var accounts: [String: Account] = [:]
        var orders: [Order] = []
        var authorizations: [Authorization] = []
        var issuedAt: [WallTime] = []
        /// What was wrong with requests, the tests' own complaint.
        var complaints: [String] = []
        var random = SeededGenerator(seed: 1)
    }

    let state = Mutex(State())
    let board: FakeBoard
    private let clock: TurnedClock
    private let began: Moment
    private let issuer: TestIssuer
    static let root = "https://acme.example"

    init(_ clock: TurnedClock, _ board: FakeBoard) throws {
        self.clock = clock
        began = clock.now
        self.board = board
        issuer = try TestIssuer()
    }

    /// By its own clock, which goes as long as ours goes and isn't set.
    let keepsTime = Mutex(false)
    private var now: WallTime {
        guard keepsTime.withLock({ $0 }) else { return clock.now.wallTime }
        return began.wallTime.advanced(byMilliseconds: Int64(clock.now.instant.nanoseconds(since: began.instant) / 1_000_000))
    }

    func set(_ change: (inout Script) -> Void) { state.withLock { change(&$0.script) } }

    func exchange(_ request: AcmeRequest) throws(AcmeError) -> UpstreamAnswer {
        let path = request.url.target
        let override = state.withLock { state in
            state.calls.append(path)
            return state.script.override?(state.calls.count, path)
        }
        let lost = AcmeError(.unreachable, "\(request.url.authority) can't be asked: it closed the connection; it is tried again by itself")
        switch override {
        case .answer(var answer)?:
            if answer.body.count > request.bodyBytesMax {
                answer.body = Array(answer.body.prefix(request.bodyBytesMax))
                answer.isWhole = false
            }
            return answer
        case .lost?: throw lost
        default: break
        }
        var answer = state.withLock { serve(request, path, &$0) }
        if case .answerLost? = override { throw lost }
        answer.fields.append(.init(name: "date", value: Self.date(now)))
        return answer
    }

    static func date(_ time: WallTime) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
    }

    // MARK: Answers

    static func answer(_ json: JSON?, status: UInt16 = 200, _ fields: [(String, String)] = []) -> UpstreamAnswer {
        UpstreamAnswer(
            status: status, fields: fields.map { .init(name: $0.0, value: $0.1) }, body: json.map { Array($0.text.utf8) } ?? [])
    }

    static func problem(_ type: String, _ detail: String, status: UInt16 = 403, _ fields: [(String, String)] = []) -> UpstreamAnswer {
        answer(
            .object(of: ("type", .string("urn:ietf:params:acme:error:\(type)")), ("detail", .string(detail))), status: status, fields)
    }

    private func serve(_ request: AcmeRequest, _ path: String, _ state: inout State) -> UpstreamAnswer {
        state.nonceNumber += 1
        let nonce = "nonce-\(state.nonceNumber)"
        state.nonces.insert(nonce)
        var answer = request.post == nil ? serveGet(path, &state) : servePost(request, path, &state)
        // An authority may put it on any answer; one that it forgets costs a call.
        if path == "/nonce" || state.random.next() % 4 != 0 { answer.fields.append(.init(name: "replay-nonce", value: nonce)) }
        return answer
    }

    private func serveGet(_ path: String, _ state: inout State) -> UpstreamAnswer {
        let root = Self.root
        if path == "/nonce" { return UpstreamAnswer(status: 204) }
        if path == "/dir" {
            let profiles = state.script.profiles.map { ($0, JSON?.some(.string("a profile"))) }
            return Self.answer(
                .object(
                    of: ("newNonce", .string("\(root)/nonce")), ("newAccount", .string("\(root)/account")),
                    ("newOrder", .string("\(root)/order")),
                    ("renewalInfo", state.script.window == nil ? nil : .string("\(root)/ari")), ("dance", .array([.null])),
                    (
                        "meta",
                        .object(
                            of: ("externalAccountRequired", .boolean(state.script.wantsBinding)),
                            ("profiles", profiles.isEmpty ? nil : JSON.object(of: profiles.map { (name: $0.0, value: $0.1) })))
                    )))
        }
        if path.hasPrefix("/ari/"), let window = state.script.window?(state.issuedAt.last) {
            return Self.answer(
                .object(of: ("suggestedWindow", .object(of: ("start", .string(window.start)), ("end", .string(window.end))))),
                [("retry-after", state.script.windowRetry)])
        }
        return Self.problem("malformed", "no such thing", status: 404)
    }

    private func complain(_ text: String, _ state: inout State) -> UpstreamAnswer {
        state.complaints.append(text)
        return Self.problem("malformed", text, status: 400)
    }

    private func servePost(_ request: AcmeRequest, _ path: String, _ state: inout State) -> UpstreamAnswer {
        guard request.post?.fields.contains(.init(name: "Content-Type", value: "application/jose+json")) == true,
            let body = request.post.flatMap({ JSONReader.read($0.body) }), let head = body.string("protected").flatMap(Base64.decodeForURL),
            let payload = body.string("payload").flatMap(Base64.decodeForURL),
            let signature = body.string("signature").flatMap(Base64.decodeForURL),
            let head = JSONReader.read(head)
        else { return complain("no JWS at \(path)", &state) }
        guard head.string("alg") == "ES256", head.string("url") == request.url.text else {
            return complain("wrong head at \(path)", &state)
        }
        let isNew = path == "/account"
        guard (head["jwk"] != nil) == isNew, (head["kid"] != nil) != isNew else { return complain("jwk or kid at \(path)", &state) }
        let account = head.string("kid") ?? ""
        let known = state.accounts[account]
        let x = isNew ? head["jwk"]?.string("x").flatMap(Base64.decodeForURL) : known?.x
        let y = isNew ? head["jwk"]?.string("y").flatMap(Base64.decodeForURL) : known?.y
        guard let x, let y else { return Self.problem("accountDoesNotExist", "never heard of it", status: 400) }
        let signed = "\(body.string("protected") ?? "").\(body.string("payload") ?? "")"
        guard TestIssuer.verify(signature, of: Array(signed.utf8), x: x, y: y) else {
            return complain("wrong signature at \(path)", &state)
        }
        guard let nonce = head.string("nonce"), state.nonces.remove(nonce) != nil else {
            return complain("a nonce twice at \(path)", &state)
        }
        if Int(state.random.next() % 100) < state.script.badNoncePercent { return Self.problem("badNonce", "not that one", status: 400) }
        if known?.isActive == false { return Self.problem("unauthorized", "account is deactivated") }
        let json = payload.isEmpty ? nil : JSONReader.read(payload)
        if isNew { return newAccount(json, x, y, request.url.text, &state) }
        return signedRequest(path, account, json, x, y, &state)
    }

    private func newAccount(_ json: JSON?, _ x: [UInt8], _ y: [UInt8], _ url: String, _ state: inout State) -> UpstreamAnswer {
        if let (known, account) = state.accounts.first(where: { $0.value.x == x }) {
            guard account.isActive else { return Self.problem("unauthorized", "account is deactivated") }
            return Self.answer(.object(of: ("status", .string("valid"))), [("location", known)])
        }
        guard json?["termsOfServiceAgreed"]?.boolean == true else { return complain("terms", &state) }
        var binding: String?
        if let outer = json?["externalAccountBinding"] {
            guard let head = outer.string("protected").flatMap(Base64.decodeForURL).flatMap({ JSONReader.read($0) }),
                head.string("alg") == "HS256",
                head.string("url") == url,
                let inner = outer.string("payload").flatMap(Base64.decodeForURL).flatMap({ JSONReader.read($0) }),
                inner.string("x").flatMap(Base64.decodeForURL) == x,
                outer.string("signature").flatMap(Base64.decodeForURL)
                    == MessageAuthentication.code(
                        of: Array("\(outer.string("protected") ?? "").\(outer.string("payload") ?? "")".utf8), key: Array("secret".utf8))
            else { return complain("binding", &state) }
            binding = head.string("kid")
        }
        if state.script.wantsBinding, binding == nil { return Self.problem("externalAccountRequired", "customers only") }
        let url = "\(Self.root)/account/\(state.accounts.count + 1)"
        state.accounts[url] = Account(x: x, y: y, contacts: json?["contact"]?.texts ?? [], binding: binding)
        return Self.answer(.object(of: ("status", .string("valid"))), status: 201, [("location", url)])
    }

    private func signedRequest(
        _ path: String, _ account: String, _ json: JSON?, _ x: [UInt8], _ y: [UInt8], _ state: inout State
    ) -> UpstreamAnswer {
        let parts = path.split(separator: "/").map(String.init)
        if path == "/order" { return newOrder(json, account, &state) }
        guard parts.count == 2, let number = Int(parts[1]) else { return complain("no such path \(path)", &state) }
        switch parts[0] {
        case "account":
            state.accounts[account]?.contacts = json?["contact"]?.texts ?? []
            return Self.answer(.object([]))
        case "order" where state.orders.indices.contains(number): return order(number, &state)
        case "authz" where state.authorizations.indices.contains(number):
            if state.authorizations[number].isTold { judge(number, x, y, &state) }
            return Self.answer(authorization(state.authorizations[number], number, state.script))
        case "chall" where state.authorizations.indices.contains(number):
            guard json == .object([]) else { return complain("a challenge is answered by {}", &state) }
            state.authorizations[number].isTold = true
            look(number, x, y, &state)
            return Self.answer(.object(of: ("status", .string("processing"))))
        case "finalize" where state.orders.indices.contains(number): return finalize(number, json, &state)
        case "cert" where state.orders.indices.contains(number):
            guard let pem = state.orders[number].certificate else { return complain("no certificate yet", &state) }
            return UpstreamAnswer(status: 200, body: pem)
        default: return Self.problem("malformed", "no such thing", status: 404)
        }
    }

    private func newOrder(_ json: JSON?, _ account: String, _ state: inout State) -> UpstreamAnswer {
        guard case .array(let identifiers)? = json?["identifiers"] else { return complain("no identifiers", &state) }
        let names = identifiers.compactMap { $0.string("value") }
        for identifier in identifiers {
            let isAddress = (try? PeerAddress(parsing: identifier.string("value") ?? "")) != nil
            guard identifier.string("type") == (isAddress ? "ip" : "dns") else { return complain("type of identifier", &state) }
        }
        let replaces = json?.string("replaces")
        if replaces != nil, !state.script.takesReplaces { return Self.problem("alreadyReplaced", "by another", status: 409) }
        // As Let's Encrypt: an order that isn't done is given again.
        let open = state.orders.indices.last { index in
            ["pending", "ready"].contains(state.orders[index].status) && state.orders[index].names == names
                && state.orders[index].account == account
        }
        if let open { return order(open, &state, status: 201) }
        var order = Order(account: account, names: names, authorizations: [])
        (order.profile, order.replaces) = (json?.string("profile"), replaces)
        for name in names {
            let base = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
            var made = Authorization(name: base, isWildcard: base != name, token: "token-\(state.authorizations.count)")
            if state.script.reusesAuthorizations, state.authorizations.contains(where: { $0.name == base && $0.status == "valid" }) {
                made.status = "valid"
            }
            order.authorizations.append(state.authorizations.count)
            state.authorizations.append(made)
        }
        state.orders.append(order)
        return self.order(state.orders.count - 1, &state, status: 201)
    }

    private func order(_ number: Int, _ state: inout State, status: UInt16 = 200) -> UpstreamAnswer {
        let statuses = state.orders[number].authorizations.map { state.authorizations[$0].status }
        if state.orders[number].status == "pending" {
            if statuses.contains("invalid") { state.orders[number].status = "invalid" }
            if statuses.allSatisfy({ $0 == "valid" }) { state.orders[number].status = "ready" }
        }
        if state.orders[number].status == "processing" {
            state.orders[number].polls += 1
            if state.orders[number].polls > 1 { state.orders[number].status = "valid" }
        }
        let order = state.orders[number]
        return Self.answer(
            .object(
                of: ("status", .string(order.status)),
                ("authorizations", .strings(order.authorizations.map { "\(Self.root)/authz/\($0)" })),
                ("finalize", .string("\(Self.root)/finalize/\(number)")),
                ("certificate", order.status == "valid" ? .string("\(Self.root)/cert/\(number)") : nil)), status: status,
            [("location", "\(Self.root)/order/\(number)"), ("retry-after", "3")])
    }

    private func authorization(_ authorization: Authorization, _ number: Int, _ script: Script) -> JSON {
        let challenges = script.offers.map { type in
            JSON.object(
                of: ("type", .string(type)), ("url", .string("\(Self.root)/chall/\(number)")), ("token", .string(authorization.token)),
                ("status", .string(authorization.status)),
                (
                    "error",
                    authorization.problem.map {
                        .object(of: ("type", .string("urn:ietf:params:acme:error:\($0.type)")), ("detail", .string($0.detail)))
                    }
                ))
        }
        return .object(
            of: ("status", .string(authorization.status)),
            (
                "identifier",
                .object(of: ("type", .string("dns")), ("value", .string(authorization.name)))
            ), ("wildcard", authorization.isWildcard ? .boolean(true) : nil), ("challenges", .array(challenges)))
    }

    // MARK: Validation

    /// Looks at once, but tells of it only when it is asked: as `judge`.
    private func look(_ number: Int, _ x: [UInt8], _ y: [UInt8], _ state: inout State) {
        let authorization = state.authorizations[number]
        guard authorization.status == "pending", authorization.problem == nil else { return }
        if let objection = state.script.objections[authorization.name] {
            state.authorizations[number].problem = objection
            return
        }
        let jwk = JSON.object(
            of: ("crv", .string("P-256")), ("kty", .string("EC")), ("x", .string(Base64.encodeForURL(x))),
            ("y", .string(Base64.encodeForURL(y))))
        let proof = "\(authorization.token).\(Base64.encodeForURL(Fingerprint.digest(of: Array(jwk.text.utf8))))"
        if !board.shows(authorization.name, proof) {
            state.authorizations[number].problem = ("unauthorized", "nothing of \(authorization.token) is shown")
        }
    }

    private func judge(_ number: Int, _ x: [UInt8], _ y: [UInt8], _ state: inout State) {
        guard state.authorizations[number].status == "pending" else { return }
        state.authorizations[number].status = state.authorizations[number].problem == nil ? "valid" : "invalid"
        guard state.authorizations[number].status == "invalid" else { return }
        for index in state.orders.indices where state.orders[index].authorizations.contains(number) {
            state.orders[index].status = "invalid"
        }
    }

    private func finalize(_ number: Int, _ json: JSON?, _ state: inout State) -> UpstreamAnswer {
        guard state.orders[number].status == "ready" else { return Self.problem("orderNotReady", "not yet") }
        guard let request = json?.string("csr").flatMap(Base64.decodeForURL),
            let made = issuer.issue(
                request, from: now.advanced(byMilliseconds: -RenewalPlan.hour),
                until: now.advanced(byMilliseconds: state.script.lifetimeMilliseconds - RenewalPlan.hour)),
            made.names == state.orders[number].names
        else { return complain("the request isn't for what was ordered", &state) }
        state.orders[number].status = state.script.isSlow ? "processing" : "valid"
        state.orders[number].certificate = state.script.download ?? made.pem
        state.issuedAt.append(now)
        return order(number, &state)
    }
}

/// What is shown to validators.
final class FakeBoard: ChallengeBoard {
    struct State: Sendable {
        var shown: [PendingChallenge] = []
        var history: [Int] = []
        var isBroken = false
    }

    let state = Mutex(State())
    /// Where a program has written what it was called with.
    let records: String?

    init(records: String? = nil) {
        self.records = records
    }

    func show(_ challenges: [PendingChallenge]) throws(ServerError) {
        let isBroken = state.withLock { state in
            if !state.isBroken { state.shown = challenges }
            state.history.append(challenges.count)
            return state.isBroken
        }
        if isBroken { throw ServerError(settings: "listen on 0.0.0.0:80: Address already in use") }
    }

    func clear() { state.withLock { $0.shown = [] } }

    var isClear: Bool { state.withLock(\.shown.isEmpty) }

    func shows(_ name: String, _ proof: String) -> Bool {
        let digest = Fingerprint.digest(of: Array(proof.utf8))
        if let records, let text = try? String(contentsOfFile: records, encoding: .utf8) {
            return text.contains("present _acme-challenge.\(name). \(Base64.encodeForURL(digest))\n")
        }
        return state.withLock { state in
            state.shown.contains { challenge in
                guard challenge.name == name else { return false }
                return switch challenge.proof {
                case .handshake(let shown): shown == digest
                case .page(let token, let authorization): authorization == proof && proof.hasPrefix(token)
                }
            }
        }
    }
}
