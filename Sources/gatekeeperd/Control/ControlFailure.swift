/// Why a command was not done, as the requester is told.
struct ControlFailure: Error, Equatable, Sendable {
    var code: Code
    /// One sentence without a full stop.
    var message: String
    /// A line each, such as the mistakes of a configuration.
    var details: [String] = []

    /// What scripts tell failures apart by. Names are of the protocol; they stay.
    enum Code: String, CaseIterable, Sendable {
        /// The request itself can't be read or asks for what can't be.
        case invalid
        /// A version of the protocol that isn't spoken here.
        case version
        /// The requester may not command the service.
        case forbidden
        /// The new configuration can't be used; the old one stays.
        case kept
        /// What it is about isn't there: no such grant, nothing to confirm.
        case missing
        /// No service is there to answer: what the client itself says.
        case absent
        /// The disk, another process or a bound of ours stands against it.
        case unavailable
        /// Too many ask at once.
        case busy
        /// The requester was too slow.
        case timeout
        /// The answer is larger than an answer may be.
        case tooLarge = "too_large"
    }

    /// What the command's process ends with: 2 where asking again without a change is of no use.
    var exitStatus: Int32 {
        switch code {
        case .invalid, .kept, .missing: ExitStatus.misuse
        case .version, .forbidden, .absent, .unavailable, .busy, .timeout, .tooLarge: ExitStatus.failure
        }
    }

    init(_ code: Code, _ message: String, details: [String] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    init(_ error: LedgerError) {
        self.init(.unavailable, error.message)
    }
}
