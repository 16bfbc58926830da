internal import Gatekeeper
internal import Synchronization

/// Those who are told of problems, from one configuration to the next. Each is told by a thread of its own that lasts for one notice: nobody waits
/// for whoever is told.
final class NotifiersInForce: TimedPart {
    /// Nil when it was taken, else why not. Called on a thread of its own, and may wait.
    typealias Deliver = @Sendable (Notice, Notifier) -> String?

    private let plane: any DataPlane
    /// Nil where nothing outlives the process.
    private let ledger: ServiceLedger?
    private let deliver: Deliver
    private var mailboxes: [Mailbox]
    private var problems: [Problem] = []
    /// Made with the first delivery.
    private var results: Results?
    private var lastNumber = 0
    /// Those under way, by number; one that no mailbox waits for is of a notifier that has left.
    private var deliveries: Set<Int> = []

    /// What deliveries came to, for the control thread to fetch.
    private final class Results: Sendable {
        let bell: ReadinessPipe
        private let list = Mutex<[(number: Int, failure: String?)]>([])

        init() throws(SystemError) {
            bell = try ReadinessPipe()
        }

        func add(_ number: Int, _ failure: String?) {
            list.withLock { $0.append((number, failure)) }
            ReadinessPipe.speak(on: bell.writing)
        }

        func take() -> [(number: Int, failure: String?)] {
            list.withLock { results in
                defer { results = [] }
                return results
            }
        }
    }

    init(
        _ notifiers: [Notifier], on plane: any DataPlane, ledger: ServiceLedger? = nil, deliver: @escaping Deliver = NoticeCourier.deliver
    ) {
        self.plane = plane
        self.ledger = ledger
        self.deliver = deliver
        mailboxes = notifiers.map { Mailbox($0, told: ledger?.told(of: $0.fingerprint) ?? []) }
    }

    var states: [NotifierState] { mailboxes.map(\.state) }

    /// Those that stay know what they were told.
    func follow(_ notifiers: [Notifier], at now: Instant) {
        mailboxes = notifiers.map { notifier in
            if let known = mailboxes.first(where: { $0.notifier == notifier }) { return known }
            var mailbox = Mailbox(notifier, told: ledger?.told(of: notifier.fingerprint) ?? [])
            mailbox.follow(problems, at: now)
            return mailbox
        }
    }

    /// These are the problems now.
    func tell(_ problems: [Problem], at now: Moment) {
        self.problems = problems
        for index in mailboxes.indices { mailboxes[index].follow(problems, at: now.instant) }
        pass(at: now)
    }

    /// The day's digest, once.
    func tell(_ report: DigestReport, at now: Moment) {
        let text = DigestText(report: report, isNotice: true)
        let digest = Notice.Digest(title: DigestText.fitted(text.title), lines: text.body.map(DigestText.fitted))
        for index in mailboxes.indices { mailboxes[index].bring(digest) }
        pass(at: now)
    }

    func test(at now: Moment) {
        for index in mailboxes.indices { mailboxes[index].beginTest(at: now.instant) }
        pass(at: now)
    }

    /// Under way at once, those included whose notifier has left meanwhile.
    private static let deliveriesMax = 32

    // MARK: Time

    /// Readable when a delivery has ended; nil while there is none.
    var number: Int32? { deliveries.isEmpty ? nil : results?.bell.reading.number }

    var next: DueTime? { mailboxes.compactMap(\.next).min().map { .instant($0) } }

    /// What came of deliveries is taken in, and those that are due begin.
    func pass(at now: Moment) {
        for (number, failure) in results?.take() ?? [] { finish(number, failure, at: now) }
        for index in mailboxes.indices {
            guard deliveries.count < Self.deliveriesMax, let notice = mailboxes[index].take(at: now.instant) else { continue }
            lastNumber += 1
            mailboxes[index].delivery = lastNumber
            begin(notice, to: mailboxes[index].notifier, as: lastNumber, at: now)
        }
    }

    /// To be called when `number` is readable.
    func ring() {
        if let results { _ = ReadinessPipe.hasSpoken(results.bell.reading) }
    }

    private func begin(_ notice: Notice, to notifier: Notifier, as number: Int, at now: Moment) {
        deliveries.insert(number)
        do throws(SystemError) {
            let (results, deliver) = (try openResults(), deliver)
            try Thread(name: "notifier") { results.add(number, deliver(notice, notifier)) }.detach()
        } catch {
            finish(number, "cannot \(error)", at: now)
        }
    }

    private func openResults() throws(SystemError) -> Results {
        if let results { return results }
        let opened = try Results()
        results = opened
        return opened
    }

    private func finish(_ number: Int, _ failure: String?, at now: Moment) {
        deliveries.remove(number)
        guard let index = mailboxes.firstIndex(where: { $0.delivery == number }) else { return }
        let notifier = mailboxes[index].notifier
        let (wasFailing, told) = (mailboxes[index].trouble != nil, mailboxes[index].told)
        let outcome = mailboxes[index].finish(failure, at: now)
        if mailboxes[index].told != told { ledger?.remember(mailboxes[index].told, of: notifier.fingerprint) }
        if let failure, !wasFailing { event("notice_failed", notifier, [JournalField("error", failure)]) }
        guard case .lost(let notice) = outcome else { return }
        event("notice_lost", notifier, [JournalField("begun", notice.begun.count), JournalField("over", notice.over.count)])
    }

    private func event(_ name: String, _ notifier: Notifier, _ fields: [JournalField]) {
        plane.event(name, [JournalField("notifier", notifier.name)] + fields)
    }
}
