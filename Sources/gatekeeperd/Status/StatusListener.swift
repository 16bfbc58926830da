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
    private let conversations: Conversations<StatusConversation>
    private var wrongTokens = WrongTokens()

    static let readersMax = 16

    /// - Parameter isShared: see `PlainListener`.
    init(on address: SocketAddress, gate: StatusGate, isShared: Bool) throws(ServerError) {
        listener = try PlainListener(on: address, isShared: isShared)
        wanted = address
        self.gate = gate
        let conversations: Conversations<StatusConversation>?
        do throws(SystemError) {
            conversations = try Conversations(of: listener.number)
        } catch {
            throw ServerError(error)
        }
        guard let conversations else { throw ServerError(settings: "status: the kernel has no room to watch another socket") }
        self.conversations = conversations
    }

    /// What it is bound to.
    var address: SocketAddress { listener.address }

    /// Readable when `turn` has something to do.
    var number: Int32 { conversations.number }

    /// When to call `turn` even if nothing is readable.
    var nextDeadline: Instant? {
        [conversations.nextDeadline, wrongTokens.deadline].compactMap(\.self).min()
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
        for conversation in other.conversations.takeAll() {
            if conversation.isAsking { conversation.end(with: .moved) }
            conversations.add(conversation)
        }
        wrongTokens = other.wrongTokens
    }

    /// Accepts nothing more, because another process does; readers that are connected are served.
    func stop() {
        conversations.stopAccepting()
        listener.stop()
    }

    // MARK: Turns

    /// Accepts, reads, looks at `service`, and answers; never waits.
    func turn(_ service: some ObservedService, by clock: ControlClock) {
        let now = clock.now().instant
        conversations.turn(at: now) {
            accept(at: now)
        } advance: { conversation in
            conversation.advance(cache, gate, service, by: clock)
            if conversation.takeWrongToken() { wrongTokens.note(conversation.peer) }
        } expire: {
            $0.end(with: .tooSlow)
        }
        if let summary = wrongTokens.take(at: now) { service.report(summary) }
    }

    private func accept(at now: Instant) -> Conversations<StatusConversation>.Accepted {
        switch listener.accept() {
        case .none: return .none
        case .exhausted: return .exhausted
        case .connection(let connection):
            admit(StatusConversation(connection, at: now))
            return .connection
        }
    }

    private func admit(_ conversation: StatusConversation) {
        if makeRoom() { conversations.add(conversation) } else { conversation.end(with: .busy) }
    }

    /// False when everyone is being answered.
    private func makeRoom() -> Bool {
        let readers = conversations.members
        guard readers.count >= Self.readersMax else { return true }
        // Who has had his answer has nothing to lose.
        if let answered = readers.values.first(where: \.isParting) {
            conversations.remove(answered)
            return true
        }
        guard let idlest = readers.values.filter(\.isAsking).min(by: { $0.deadline < $1.deadline }) else { return false }
        idlest.end(with: .busy)
        conversations.remove(idlest)
        return true
    }
}
