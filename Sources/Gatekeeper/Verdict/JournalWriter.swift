/// A worker's pen: turns what happened into records in the worker's ring.
///
/// No lock, no allocation, no system call but one, when the journal sleeps. Belongs to its worker's thread. Every text is copied, so it may
/// live in a buffer that is given back afterwards. A text longer than `textBytesMax` is cut and ends with `…`.
package final class JournalWriter {
    /// Whether exchanges that weren't refused get a line (`log.access`). Refused ones always do.
    package var writesAccess: Bool
    /// Whether the journal is to be told of exchanges that get none (`learn`).
    package var learns: Bool

    /// Of a path; other texts are cut at `wordBytesMax`.
    static let textBytesMax = 8192
    static let wordBytesMax = 255

    /// What was said so far, whether it found room in the ring or not.
    private(set) var verdicts = VerdictTally()
    /// The same of each source.
    private(set) var answerTallies = AnswerTallies()
    private var hasLeftCounts = false
    /// What the worker's loop marks its turns with.
    let mark: TurnMark
    private var records: JournalRing.Writer
    private let signal: JournalSignal
    private let answers: AnswerRuns

    init(
        ring: JournalRing, signal: JournalSignal, mark: TurnMark = TurnMark(), answers: AnswerRuns = AnswerRuns(), writesAccess: Bool,
        learns: Bool = false
    ) {
        records = JournalRing.Writer(ring)
        self.mark = mark
        self.signal = signal
        self.answers = answers
        self.writesAccess = writesAccess
        self.learns = learns
    }

    /// A connection was turned away at accept. Counted even when the ring is full.
    ///
    /// - Parameter proxy: the load balancer that named the peer.
    package func denied(
        peer: PeerAddress, proxy: PeerAddress? = nil, listener: Int, reason: DenialReason, wallMilliseconds: Int64
    ) {
        verdicts.count(reason)
        records.denied(peer: peer, proxy: proxy, listener: listener, reason: reason, wallMilliseconds: wallMilliseconds)
        signal.wakeIfSleeping()
    }

    /// Strangers were turned away of whom nothing but the reason is known. Always counted.
    package func deniedUnseen(_ count: UInt64, reason: DenialReason) {
        records.dropDenials(count, reason)
        signal.wakeIfSleeping()
    }

    /// A TLS handshake, or the TLS stream after it, failed.
    ///
    /// - Parameters:
    ///   - reason: what the TLS library calls it; cut at 255 bytes.
    ///   - alert: the alert sent or received, by its number (RFC 8446 §6); 0 (`close_notify`, no failure) for none.
    package func tlsFailed(
        peer: PeerAddress, proxy: PeerAddress? = nil, listener: Int, reason: String, alert: UInt8 = 0, wallMilliseconds: Int64
    ) {
        verdicts.countTLSFailure(reason)
        records.tlsFailed(
            peer: peer, proxy: proxy, listener: listener, reason: reason, alert: alert, wallMilliseconds: wallMilliseconds)
        signal.wakeIfSleeping()
    }

    /// An exchange has ended: a `refused` line if that is its outcome, else a `request` line.
    package func request(_ verdict: borrowing ExchangeVerdict, _ texts: borrowing VerdictTexts) {
        verdicts.count(verdict)
        answerTallies.count(verdict)
        answers.note(verdict, at: verdict.answerCell)
        let hasLine = writesAccess || verdict.outcome == .refused
        guard hasLine || learns else { return }
        records.exchange(verdict, texts, hasLine: hasLine)
        signal.wakeIfSleeping()
    }

    /// Leaves behind what was counted: the worker is about to end, and can't be asked any more.
    func leaveCounts() {
        guard !hasLeftCounts else { return }
        hasLeftCounts = true
        answers.departed.add(verdicts, answerTallies)
    }

    /// Anything else that is rare (`upstream_down`): a line with these fields after the common ones. Cut to 16 fields.
    package func event(
        _ name: StaticString, stage: Stage? = nil, peer: PeerAddress? = nil, listener: Int? = nil, fields: [JournalField] = [],
        wallMilliseconds: Int64
    ) {
        records.event(name, stage: stage, peer: peer, listener: listener, fields: fields, wallMilliseconds: wallMilliseconds)
        signal.wakeIfSleeping()
    }
}
