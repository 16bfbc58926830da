internal import Gatekeeper

/// Who comes after this process, and who was before it.
final class Succession {
    private let configuration: ConfigurationInForce
    private let parts: ServiceParts
    /// Where our binary lies.
    private let program: String?
    /// Drains beside us for a while, and knows of this generation.
    private let predecessor: Predecessor?
    private var generationTold: UInt64 = 1
    /// On its way to take over.
    private var successor: Successor?

    init(of configuration: ConfigurationInForce, parts: ServiceParts, program: String?, predecessor: Predecessor?) {
        self.configuration = configuration
        self.parts = parts
        self.program = program
        self.predecessor = predecessor
    }

    // MARK: Before us

    /// Whatever has put another configuration in force, whoever drains beside us learns of it, once the ledger says the same.
    func tellPredecessor() {
        guard generationTold != configuration.generation else { return }
        generationTold = configuration.generation
        predecessor?.tell()
    }

    // MARK: After us

    /// Readable when the successor has something to say.
    var number: Int32? { successor?.number }
    /// When we stop waiting for it.
    var deadline: Instant? { successor?.deadline }

    func begin(at now: Moment) {
        if successor != nil { return Console.complain("SIGUSR2: a successor is on its way already") }
        if parts.phase.isLeaving { return Console.complain("SIGUSR2: \(ServicePhase.leaving)") }
        if parts.lockdown.isLostBySuccession {
            return Console.complain("SIGUSR2: a new binary would know nothing of the lockdown, which is kept nowhere; end it first")
        }
        // The successor goes by the file as it is now.
        if let next = try? configuration.source.read(), let obstacle = parts.state.obstacle(to: next.configuration, at: now.wallTime) {
            return Console.complain("SIGUSR2: \(obstacle)")
        }
        guard let program else { return Console.complain("SIGUSR2: where this binary lies is not known") }
        do throws(SystemError) {
            let history = parts.history.lend(at: now.instant)
            successor = try Successor(
                program: program, arguments: CommandLine.arguments, sockets: parts.plane.listeners, history: history?.number,
                at: now.instant)
            parts.phase.isHandingOver = true
            parts.problems.failures.succession = nil
            parts.plane.lendListeners(true)
            parts.plane.event("succession", [JournalField("state", "begun")])
        } catch {
            parts.history.takeBack()
            parts.problems.failures.succession = ServiceFailures.Failure(at: now.wallTime, lines: ["cannot \(error)"])
            Console.complain("SIGUSR2: cannot \(error)")
        }
    }

    /// The successor when it serves and we are to go.
    func follow(isReadable: Bool, at now: Moment) -> Successor? {
        guard let successor, let outcome = successor.outcome(isReadable: isReadable, at: now.instant) else { return nil }
        self.successor = nil
        parts.phase.isHandingOver = false
        switch outcome {
        case .serves:
            parts.plane.event("succession", [JournalField("state", "handed_over"), JournalField("process", successor.process)])
            parts.notification.replaced(by: successor.process, status: parts.statusLine)
            return successor
        case .failed(let reason, let words):
            parts.plane.lendListeners(false)
            parts.history.takeBack()
            parts.problems.failures.succession = ServiceFailures.Failure(at: now.wallTime, lines: [reason])
            let said = words.isEmpty ? [] : [JournalField("said", words)]
            parts.plane.event("succession", [JournalField("state", "failed"), JournalField("error", reason)] + said)
            Console.complain("the new binary did not take over: \(reason); this one goes on")
            return nil
        }
    }

    /// It is not to take over: it would go on behind the back of whoever ends us.
    func abandon() {
        guard let successor else { return }
        self.successor = nil
        successor.abandon()
        parts.phase.isHandingOver = false
        parts.history.takeBack()
        parts.plane.lendListeners(false)
    }
}
