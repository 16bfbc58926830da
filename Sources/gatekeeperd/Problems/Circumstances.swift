internal import Gatekeeper

/// What the service knows of itself at one moment, as far as something may be wrong with it: facts in, problems out.
///
/// Collected without waiting for a worker, a peer or the disk. What each fact means for an admin is judged in the files beside this one.
struct Circumstances: Sendable {
    var now: WallTime
    /// Nil where flags say everything.
    var configurationFile: String?
    var failures = ServiceFailures()
    /// What `check` warns of, in the configuration that is in force.
    var warnings: [Finding] = []
    var allowListIsEmpty = false
    var shieldDoubt: String?
    /// Listened on, and not this machine's any more.
    var absentAddresses: [SocketAddress] = []
    /// Likewise of the status page.
    var absentStatusAddress: SocketAddress?
    /// When this configuration came into force.
    var loadedAt: WallTime
    var certificates: [ServedCertificate] = []
    var authorities = AuthoritiesInForce()
    /// Those that are gone for longer than a renewal takes.
    var absentFiles: [AbsentFiles.File] = []
    var upstreams: [ServerStatus.Upstream] = []
    var answers: [AnswerRuns.Run] = []
    var limited: [LimitedSources.Source] = []
    var log: JournalTrouble?
    var ledger: [LedgerTrouble] = []
    var clockJump: ClockWatch.Jump?
    var notifiers: [NotifierState] = []
    var windows: [OpenedChallenge] = []
    var lockdown: Lockdown?
    /// Why the record of one that is over is still there.
    var lockdownLeftover: String?
    var lists: [ListReport] = []
    /// Why what was accepted of them can't be read or written.
    var listTrouble: String?
    var orders: [OrderReport.Certificate] = []
    var silences: [Silence] = []

    init(at now: WallTime) {
        self.now = now
        loadedAt = now
    }

    /// Those of which there are few first, then what would stop the service; what there may be many of comes last.
    var problems: [Problem] {
        lockdownProblems + listProblems + machineProblems + challengeProblems + noticeProblems + upstreamProblems + fileProblems
            + configurationProblems + orderProblems + certificateProblems + silenceProblems + sourceProblems
    }
}
