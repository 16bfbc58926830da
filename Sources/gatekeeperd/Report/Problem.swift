/// Something that an admin should do something about, told alike by all of these: `status`, its page, metrics, `doctor`, the log.
///
/// Nothing in it is what a file says, or a value that came from the environment: it is read by whoever may read the page or the log.
struct Problem: Equatable, Sendable {
    var kind: Kind
    /// What it is about, where there may be several of a kind: a file, a ticket system, a label.
    var subject = ""
    /// What is wrong: a sentence without a full stop.
    var text: String
    /// What to do about it, likewise.
    var cure: String
    var since: WallTime
    /// What helps whoever sits at a terminal, a line each: shown with the problem there, and never sent to anybody.
    var details: [String] = []

    /// The words are a script's to rely on.
    enum Kind: String, CaseIterable, Sendable {
        /// A configuration that was asked for isn't in force.
        case reloadFailed = "reload_failed"
        /// Files that the configuration names have changed and can't be used.
        case filesUnusable = "files_unusable"
        /// The next start would fail by what the configuration file says now.
        case configurationUnusable = "configuration_unusable"
        /// The next start would fail for want of a file.
        case fileMissing = "file_missing"
        /// What `check` warns of.
        case configurationWarning = "configuration_warning"
        /// Everybody is shut out but a few.
        case lockdown
        /// The disk says something else of a lockdown than what is so, and a restart would go by it.
        case lockdownUnrecorded = "lockdown_unrecorded"
        /// A list that changes differs from what is admitted of it, and waits for a person.
        case listChanged = "list_changed"
        /// A list that changes can't be looked at, or holds what may not be admitted.
        case listFailed = "list_failed"
        case allowListEmpty = "allow_list_empty"
        /// An address that is listened on isn't this machine's any more.
        case listenerAbsent = "listener_absent"
        case certificateEnding = "certificate_ending"
        case certificateExpired = "certificate_expired"
        /// One that is ordered hasn't come yet.
        case certificateAwaited = "certificate_awaited"
        case certificateOrderFailed = "certificate_order_failed"
        /// Clients won't trust it, or give it up.
        case certificateUnfit = "certificate_unfit"
        case upstreamDown = "upstream_down"
        /// Requests of somebody are answered 502, as no connection there can come from that client's address.
        case upstreamTransparent = "upstream_transparent"
        /// Every request of somebody is answered 401 or 403 by the ticket system.
        case requestsUnauthorized = "requests_unauthorized"
        /// Every request of somebody fails there for another reason.
        case requestsFailing = "requests_failing"
        /// Every request of somebody is refused here.
        case requestsRefused = "requests_refused"
        /// A source of the list is turned away by a limit.
        case sourceLimited = "source_limited"
        /// A source of the list stays away for longer than is its habit.
        case sourceSilent = "source_silent"
        case logLost = "log_lost"
        case ledgerFailed = "ledger_failed"
        case ledgerReplaced = "ledger_replaced"
        case shieldUnavailable = "shield_unavailable"
        case successionFailed = "succession_failed"
        case clockJumped = "clock_jumped"
        /// A window for the validation of a name is open for another ACME client.
        case challengeOpen = "challenge_open"
        /// Somebody who is to be told of problems can't be.
        case noticeUndelivered = "notice_undelivered"
        /// There are more than a list for people holds.
        case moreProblems = "more_problems"
    }

    init(_ kind: Kind, of subject: String = "", _ text: String, cure: String, since: WallTime) {
        self.kind = kind
        self.subject = ConcealedValues.hide(in: subject)
        self.text = ConcealedValues.hide(in: text)
        self.cure = ConcealedValues.hide(in: cure)
        self.since = since
    }

    func isSame(as other: Problem) -> Bool { kind == other.kind && subject == other.subject }

    /// For people: the sentence and since when, then what to do.
    func lines(at now: WallTime) -> [String] {
        ["\(text) (\(kind.rawValue), since \(since.text), \(TimeText.since(since, until: now)))", "do: \(cure)"] + details
    }
}
