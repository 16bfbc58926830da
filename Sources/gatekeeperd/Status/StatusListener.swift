internal import Gatekeeper

/// Where the status page is read: a TCP socket, turned by the control thread whenever `number` is readable.
///
/// No thread of its own and no wait: each turn does what can be done now. What readers can cost is bounded by `readersMax` conversations,
/// each with a bounded request and deadlines; one more takes the place of whoever has waited longest without asking.
final class StatusListener {
    /// As the configuration has it; the port may be 0.
    let wanted: SocketAddress
    private let listener: PlainListener
    private var gate: StatusGate
    private let cache = StatusCache()
    private let readiness: ReadinessSet
    private var conversations: [Int32: StatusConversation] = [:]
    /// While there is no descriptor for another connection the listener rests, or the loop would turn without end.
    private var restsUntil: Instant?
    private var isStopped = false
    private var wrongTokens = WrongTokens()

    static let readersMax = 16
    /// Connections taken in one turn: however fast they come, the control thread gets on to its other work.
    private static let acceptsMax = 32
    private static let restMilliseconds = 1_000

    /// - Parameter isShared: see `PlainListener`.
    init(on address: SocketAddress, gate: StatusGate, isShared: Bool) throws(ServerError) {
        listener = try PlainListener(on: address, isShared: isShared)
        wanted = address
        self.gate = gate
        do throws(SystemError) {
            readiness = try ReadinessSet()
        } catch {
            throw ServerError(error)
        }
        guard readiness.add(listener.number, .readable) else {
            throw ServerError(settings: "status: the kernel has no room to watch another socket")
        }
    }

    /// What it is bound to.
    var address: SocketAddress { listener.address }

    /// Readable when `turn` has something to do.
    var number: Int32 { readiness.number }

    /// When to call `turn` even if nothing is readable.
    var nextDeadline: Instant? {
        (conversations.values.map(\.deadline) + [restsUntil, wrongTokens.deadline].compactMap(\.self)).min()
    }

    // MARK: Changes

    /// Whose requests are answered from now on.
    func admit(by gate: StatusGate) {
        self.gate = gate
    }

    /// Comes in another's place: whoever is being answered there gets the rest here.
    ///
    /// Who hasn't asked yet has to come anew. He may have come by an address where a token was required, and must not be judged as one who
    /// came by an address where none is.
    func takeReaders(of other: StatusListener) {
        for conversation in other.conversations.values {
            if conversation.isAsking { conversation.end(with: .moved) }
            guard let next = conversation.next, readiness.add(conversation.number, next) else { continue }
            conversations[conversation.number] = conversation
        }
        other.conversations = [:]
        wrongTokens = other.wrongTokens
    }

    /// Accepts nothing more, because another process does; readers that are connected are served.
    func stop() {
        readiness.remove(listener.number)
        listener.stop()
        restsUntil = nil
        isStopped = true
    }

    // MARK: Turns

    /// Accepts, reads, looks at `service`, and answers; never waits.
    func turn(_ service: some ObservedService, at now: Instant, wallTime: WallTime) {
        if let moment = restsUntil, moment <= now, !isStopped, readiness.add(listener.number, .readable) { restsUntil = nil }
        for number in readiness.ready() {
            if number == listener.number {
                accept(at: now)
            } else if let conversation = conversations[number] {
                let before = conversation.next
                conversation.advance(cache, gate, service, at: now, wallTime: wallTime)
                if conversation.takeWrongToken() { wrongTokens.note(conversation.peer) }
                settle(conversation, before: before)
            }
        }
        for conversation in conversations.values where conversation.deadline <= now {
            conversation.end(with: .tooSlow)
            conversations[conversation.number] = nil
        }
        if let summary = wrongTokens.take(at: now) { service.report(summary) }
    }

    private func settle(_ conversation: StatusConversation, before: ReadinessSet.Interest?) {
        guard let next = conversation.next else { return conversations[conversation.number] = nil }
        guard next != before else { return }
        // What can't be watched any more is over.
        if !readiness.change(conversation.number, to: next) { conversations[conversation.number] = nil }
    }

    private func accept(at now: Instant) {
        for _ in 0..<Self.acceptsMax {
            switch listener.accept() {
            case .none: return
            case .exhausted:
                readiness.remove(listener.number)
                restsUntil = now.advanced(byMilliseconds: Self.restMilliseconds)
                return
            case .connection(let connection): admit(StatusConversation(connection, at: now))
            }
        }
    }

    private func admit(_ conversation: StatusConversation) {
        guard makeRoom() else { return conversation.end(with: .busy) }
        guard readiness.add(conversation.number, .readable) else { return }
        conversations[conversation.number] = conversation
    }

    /// False when everyone is being answered.
    private func makeRoom() -> Bool {
        guard conversations.count >= Self.readersMax else { return true }
        // Who has had his answer has nothing to lose.
        if let answered = conversations.values.first(where: \.isParting) {
            conversations[answered.number] = nil
            return true
        }
        guard let idlest = conversations.values.filter(\.isAsking).min(by: { $0.deadline < $1.deadline }) else { return false }
        idlest.end(with: .busy)
        conversations[idlest.number] = nil
        return true
    }
}
