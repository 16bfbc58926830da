/// How it stands with one certificate that is ordered from an authority: a value for whoever reports it.
struct AcmeState: Equatable, Sendable {
    var names: [String]
    /// The directory's URL.
    var directory: String
    var step = Step.resting
    /// When it is ordered next, and why then; nil before that is known.
    var due: RenewalPlan.Due?
    /// Nothing is tried before; nil where nothing has failed of late.
    var pausedUntil: WallTime?
    /// Of the certificate that is there; nil without one.
    var lifetime: CertificateLifetime?
    /// Of the certificate that is there: by whom; empty without one.
    var issuer = ""
    /// The account's URL, for CAA records (RFC 8657); nil before there is one.
    var account: String?
    /// The last attempt, if it failed.
    var failure: Failure?
    /// Since the start, by reason.
    var failureCounts: [AcmeError.Reason: Int] = [:]
    /// Certificates that came, since the start.
    var issuedCount = 0
    /// How often somebody has asked for it, since the start.
    var askedCount = 0
    /// The last dry run; nil without one since the start.
    var dryRun: DryRunOutcome?

    enum Step: String, Sendable {
        /// Nothing is to be done now.
        case resting
        /// Another process of ours orders.
        case locked
        /// Something else than this process is to order.
        case withheld
        case ordering, authorizing, finalizing, downloading
    }

    struct Failure: Equatable, Sendable {
        var at: WallTime
        var reason: AcmeError.Reason
        /// A sentence with what to do.
        var text: String
    }

    struct DryRunOutcome: Equatable, Sendable {
        /// Tells it from others.
        var number: Int
        var at: WallTime
        /// Nil when a certificate was issued.
        var failure: String?
    }
}
