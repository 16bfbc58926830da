internal import Gatekeeper

/// Why there is no certificate yet.
struct AcmeError: Error, Equatable, Sendable {
    let reason: Reason
    /// One sentence for an admin, with what to do. Holds no key and no token.
    let text: String
    /// The authority's word for it (RFC 8555 § 6.7), without its namespace; empty where it gave none.
    var problem = ""
    /// Before then another attempt is of no use.
    var retryMilliseconds: Int64?

    /// For programs, and for counting.
    enum Reason: String, CaseIterable, Sendable {
        /// No answer, or one that says that something is wrong on the other side.
        case unreachable
        /// An answer that makes no sense.
        case answer
        case rateLimited = "rate_limited"
        /// The authority doesn't want to.
        case refused
        /// It couldn't make sure of a name.
        case challenge
        /// It couldn't be shown what it wants to see.
        case window
        case program
        case storage
        case timeout
        case clock
        /// This process ends; nothing is wrong.
        case stopped
    }

    init(_ reason: Reason, _ text: String, problem: String = "", retryMilliseconds: Int64? = nil) {
        self.reason = reason
        self.text = text
        self.problem = problem
        self.retryMilliseconds = retryMilliseconds
    }

    init(_ error: SystemError) {
        self.init(.storage, "cannot \(error); see that the service may write there, and that there is room")
    }

    /// What OpenSSL couldn't do, which has nothing to do with the authority.
    static func storage<Value>(_ body: () throws(ServerError) -> Value) throws(AcmeError) -> Value {
        do throws(ServerError) {
            return try body()
        } catch {
            throw AcmeError(.storage, "\(error)")
        }
    }

    static let stopped = AcmeError(.stopped, "the service ends")

    /// The order that it happened to leads nowhere any more.
    var endsOrder: Bool { reason == .challenge || reason == .refused && problem != "badNonce" }
}

/// What an authority says is wrong (RFC 7807, RFC 8555 § 6.7): harmless and bounded.
struct AcmeProblem: Equatable, Sendable {
    /// `badNonce`
    var type = ""
    /// Its own words, in quotation marks, of each name where it says more; empty where there are none.
    var words = ""

    private static let namespace = "urn:ietf:params:acme:error:"
    private static let lengthMax = 300
    private static let partsMax = 10

    init(_ json: JSON?) {
        guard let json else { return }
        let full = json.string("type") ?? ""
        type = Self.bounded(full.hasPrefix(Self.namespace) ? String(full.dropFirst(Self.namespace.count)) : full)
        var parts = [Self.bounded(json.string("detail") ?? "")]
        if case .array(let others)? = json["subproblems"] {
            parts += others.prefix(Self.partsMax).map { other in
                Self.bounded("\(other["identifier"]?.string("value") ?? ""): \(other.string("detail") ?? "")")
            }
        }
        words = parts.filter { !$0.isEmpty }.map { "“\($0)”" }.joined(separator: ", ")
    }

    static func bounded(_ text: String) -> String {
        let scalars = text.unicodeScalars
        return VisibleText.of(String(String.UnicodeScalarView(scalars.prefix(lengthMax)))) + (scalars.count > lengthMax ? "…" : "")
    }

    /// What an admin can do.
    var advice: String {
        switch type {
        case "rateLimited": "there is nothing to do but to wait; it is tried again by itself"
        case "externalAccountRequired": "set eab to what the authority gave you"
        case "userActionRequired": "do what it asks for"
        case "caa": "have the CAA records of the name allow this authority"
        case "dns": "look at the records of the name"
        case "connection", "tls": "does the name lead here, and may everybody reach the port?"
        case "unauthorized", "incorrectResponse":
            "does the name lead to this machine, in A and in AAAA records, and does this process listen there?"
        case "rejectedIdentifier", "unsupportedIdentifier": "it gives no certificate for that name; take another name, or another directory"
        case "invalidContact", "unsupportedContact": "correct contact"
        case "invalidProfile": "set profile to one that it has, or leave it out"
        case "serverInternal": "it is tried again by itself"
        default: "it is tried again by itself; if it stays so, ask the authority"
        }
    }
}
