internal import Gatekeeper

/// One command as it comes over the control socket: a line of JSON, `{"gatekeeper":1,"command":"revoke","address":"192.0.2.9"}`.
///
/// Whatever isn't exactly a known command is refused with the reason: a field that is ignored today means something tomorrow.
enum ControlRequest: Equatable, Sendable {
    case status
    case reload
    /// `file` is an absolute path, read by the service.
    case apply(file: String, confirmWithinSeconds: Int?)
    case confirm
    case grant(GrantRequest)
    /// `all`: those that have ended too.
    case grants(all: Bool)
    case revoke(AddressPrefix)
    case denials(DenialQuery)
    case lists
    /// `digest`: of what was shown; nil for what was shown last.
    case acceptList(label: String, digest: String?)
    /// `keep`: the names of entries, which the service knows.
    case lockdown(keep: [String], seconds: Int?)
    case endLockdown
    case learned(LearnedQuery)
    case digest(DigestQuery)
    /// Sends a test to everybody who is told of problems; what came of it is said by `notifiers`.
    case notifyTest
    case notifiers
    case certificates
    /// Those whose first name this is, or all; `isUndue` also before their time.
    case renewCertificates(name: String?, isUndue: Bool)
    /// Orders as in earnest, from where nothing counts; what came of it is said by `certificates`.
    case tryOrders(name: String?)
    case openChallenge(ChallengeRequest)
    case closeChallenge(name: String)

    /// The protocol's version, under the name that says whose protocol it is.
    static let version = 1
    static let versionField = "gatekeeper"
    static let confirmSecondsMax = 86_400
    /// So many are told to whoever asks for what there isn't.
    private static let namesMax = 12

    private static let fields: [(command: String, fields: [String])] = [
        ("status", []), ("reload", []), ("apply", ["file", "confirm_seconds"]), ("confirm", []),
        ("grant", ["address", "for_seconds", "reason", "label", "during_lockdown"]), ("grants", ["all"]), ("revoke", ["address"]),
        ("lists", []), ("lists_accept", ["label", "digest"]),
        ("lockdown", ["keep", "for_seconds"]), ("lockdown_end", []),
        ("denials", ["since_seconds", "top"]), ("digest", ["since_seconds"]), ("learned", ["since_seconds", "label"]),
        ("notify_test", []), ("notifiers", []),
        ("certificates", []), ("certificates_renew", ["name", "now"]), ("certificates_dry_run", ["name"]),
        ("challenge_open", ["name", "digest"]), ("challenge_close", ["name"]),
    ]

    init(_ line: [UInt8]) throws(ControlFailure) {
        guard let json = JSONReader.read(line), case .object(let members) = json else {
            throw ControlFailure(.invalid, "a request is one JSON object on one line")
        }
        guard let version = json[Self.versionField]?.integer else {
            throw ControlFailure(.version, "a request says \"\(Self.versionField)\":\(Self.version), the version of the protocol")
        }
        guard version == Self.version else {
            throw ControlFailure(.version, "version \(version) of the protocol isn't spoken here; this service speaks \(Self.version)")
        }
        guard let command = json.string("command") else { throw ControlFailure(.invalid, "a request has a \"command\"") }
        guard let known = Self.fields.first(where: { $0.command == command }) else {
            let names = Self.fields.map(\.command)
            let some = names.prefix(Self.namesMax).joined(separator: ", ")
            let hint = Suggestion.question(about: command, among: names) ?? " (\(some), …)"
            throw ControlFailure(.invalid, "\(Quantity.quoted(command)) is no command\(hint)")
        }
        for member in members where member.name != Self.versionField && member.name != "command" && !known.fields.contains(member.name) {
            let takes = known.fields.isEmpty ? "takes none" : "takes \(known.fields.joined(separator: ", "))"
            throw ControlFailure(.invalid, "\(command) has no field \(Quantity.quoted(member.name)); it \(takes)")
        }
        do {
            self = try Self.request(command, json)
        } catch {
            throw ControlFailure(.invalid, error.message)
        }
    }

    private static func request(_ command: String, _ json: JSON) throws(ValueMistake) -> ControlRequest {
        switch command {
        case "reload": return .reload
        case "confirm": return .confirm
        case "notify_test": return .notifyTest
        case "notifiers": return .notifiers
        case "apply":
            return .apply(
                file: try applied(try text("file", json)),
                confirmWithinSeconds: try json["confirm_seconds"].map { _ throws(ValueMistake) in
                    try confirmSeconds(try integer("confirm_seconds", json))
                })
        case "grant":
            var request = try GrantRequest(
                address: try text("address", json), seconds: try integer("for_seconds", json), reason: try text("reason", json),
                label: try json["label"].map { _ throws(ValueMistake) in try text("label", json) })
            guard let isDuringLockdown = (json["during_lockdown"] ?? .boolean(false)).boolean else {
                throw ValueMistake("during_lockdown is true or false")
            }
            request.isDuringLockdown = isDuringLockdown
            return .grant(request)
        case "lists": return .lists
        case "lists_accept":
            return .acceptList(
                label: try text("label", json), digest: try json["digest"].map { _ throws(ValueMistake) in try text("digest", json) })
        case "lockdown":
            guard let keep = (json["keep"] ?? .array([])).texts, keep.count <= keepMax else {
                throw ValueMistake("keep is a list of at most \(keepMax) labels")
            }
            return .lockdown(
                keep: keep,
                seconds: try json["for_seconds"].map { _ throws(ValueMistake) in try lockdownSeconds(try integer("for_seconds", json)) })
        case "lockdown_end": return .endLockdown
        case "grants":
            guard let all = json["all"] else { return .grants(all: false) }
            guard let all = all.boolean else { throw ValueMistake("all is true or false") }
            return .grants(all: all)
        case "revoke": return .revoke(try GrantRequest.address(try text("address", json)))
        case "denials":
            let usual = DenialQuery.usual
            return .denials(
                try DenialQuery(
                    seconds: json["since_seconds"] == nil ? usual.seconds : try integer("since_seconds", json),
                    top: json["top"] == nil ? usual.top : try integer("top", json)))
        case "learned":
            return .learned(
                try LearnedQuery(
                    seconds: json["since_seconds"] == nil ? LearnedQuery.usual.seconds : try integer("since_seconds", json),
                    label: try json["label"].map { _ throws(ValueMistake) in try text("label", json) }))
        case "digest":
            guard json["since_seconds"] != nil else { return .digest(.usual) }
            return .digest(try DigestQuery(seconds: try integer("since_seconds", json)))
        case "certificates": return .certificates
        case "certificates_dry_run": return .tryOrders(name: try json["name"].map { _ throws(ValueMistake) in try text("name", json) })
        case "certificates_renew":
            guard let isUndue = (json["now"] ?? .boolean(false)).boolean else { throw ValueMistake("now is true or false") }
            return .renewCertificates(
                name: try json["name"].map { _ throws(ValueMistake) in try text("name", json) }, isUndue: isUndue)
        case "challenge_open":
            return .openChallenge(try ChallengeRequest(name: try text("name", json), digest: try text("digest", json)))
        case "challenge_close": return .closeChallenge(name: try ChallengeRequest.name(try text("name", json)))
        default: return .status
        }
    }

    /// What a client may ask to be applied: the service has a working directory of its own.
    static func applied(_ file: String) throws(ValueMistake) -> String {
        guard file.hasPrefix("/"), !file.utf8.contains(0), file.utf8.count < 4096 else {
            throw ValueMistake("file is an absolute path")
        }
        return file
    }

    static func confirmSeconds(_ seconds: Int) throws(ValueMistake) -> Int {
        guard (1...confirmSecondsMax).contains(seconds) else {
            throw ValueMistake("the time to confirm in is between 1s and 1d")
        }
        return seconds
    }

    static let keepMax = 100

    static func lockdownSeconds(_ seconds: Int) throws(ValueMistake) -> Int {
        guard (1...Lockdown.secondsMax).contains(seconds) else {
            throw ValueMistake("a lockdown lasts between 1s and 30d, or without --for until it is ended")
        }
        return seconds
    }

    private static func text(_ name: String, _ json: JSON) throws(ValueMistake) -> String {
        guard let value = json[name] else { throw ValueMistake("\(name) is missing") }
        guard case .string(let text) = value else { throw ValueMistake("\(name) is a string") }
        return text
    }

    private static func integer(_ name: String, _ json: JSON) throws(ValueMistake) -> Int {
        guard let value = json[name] else { throw ValueMistake("\(name) is missing") }
        guard let number = value.integer else { throw ValueMistake("\(name) is a whole number") }
        return number
    }

    /// For how long a client waits for the answer: judging a large configuration takes a while, the rest is done at once.
    var timeoutMilliseconds: Int {
        switch self {
        case .reload, .apply: 60_000
        case .status, .confirm, .grant, .grants, .revoke, .denials, .lists, .acceptList, .lockdown, .endLockdown, .notifyTest, .notifiers,
            .certificates, .renewCertificates, .tryOrders,
            .openChallenge, .closeChallenge, .learned, .digest:
            15_000
        }
    }

    /// As it is sent, without the line's end.
    var json: JSON {
        let (command, fields): (String, [(name: String, value: JSON?)]) =
            switch self {
            case .status: ("status", [])
            case .reload: ("reload", [])
            case .apply(let file, let seconds): ("apply", [("file", .string(file)), ("confirm_seconds", seconds.map { .number($0) })])
            case .confirm: ("confirm", [])
            case .notifyTest: ("notify_test", [])
            case .notifiers: ("notifiers", [])
            case .certificates: ("certificates", [])
            case .renewCertificates(let name, let isUndue):
                ("certificates_renew", [("name", name.map { .string($0) }), ("now", isUndue ? .boolean(true) : nil)])
            case .tryOrders(let name): ("certificates_dry_run", [("name", name.map { .string($0) })])
            case .openChallenge(let request):
                ("challenge_open", [("name", .string(request.name)), ("digest", .string(request.digestText))])
            case .closeChallenge(let name): ("challenge_close", [("name", .string(name))])
            case .grant(let grant):
                (
                    "grant",
                    [
                        ("address", .string(grant.address.description)), ("for_seconds", .number(grant.seconds)),
                        ("reason", .string(grant.reason)), ("label", grant.label.map { .string($0) }),
                        ("during_lockdown", grant.isDuringLockdown ? .boolean(true) : nil),
                    ]
                )
            case .grants(let all): ("grants", [("all", .boolean(all))])
            case .revoke(let address): ("revoke", [("address", .string(address.description))])
            case .lockdown(let keep, let seconds):
                ("lockdown", [("keep", .strings(keep)), ("for_seconds", seconds.map { .number($0) })])
            case .endLockdown: ("lockdown_end", [])
            case .lists: ("lists", [])
            case .acceptList(let label, let digest):
                ("lists_accept", [("label", .string(label)), ("digest", digest.map { .string($0) })])
            case .learned(let query):
                ("learned", [("since_seconds", .number(query.seconds)), ("label", query.label.map { .string($0) })])
            case .digest(let query): ("digest", [("since_seconds", .number(query.seconds))])
            case .denials(let query): ("denials", [("since_seconds", .number(query.seconds)), ("top", .number(query.top))])
            }
        return .object(of: [(Self.versionField, .number(Self.version)), ("command", .string(command))] + fields)
    }
}
