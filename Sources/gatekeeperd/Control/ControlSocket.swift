internal import Gatekeeper

/// Where commands reach the running service: a UNIX socket, turned by the control thread whenever `number` is readable.
///
/// No thread of its own and no wait: each turn does what can be done now. What a client can cost is bounded by `clientsMax` conversations,
/// each with a bounded request, a bounded answer and a deadline.
final class ControlSocket {
    private let listener: UnixListener
    private let readiness: ReadinessSet
    private let ownUser: UInt32
    private var conversations: [Int32: ControlConversation] = [:]
    /// While there is no descriptor for another connection the listener rests, or the loop would turn without end.
    private var restsUntil: Instant?

    static let clientsMax = 16
    /// Connections taken in one turn: however fast they come, the control thread gets on to its other work.
    private static let acceptsMax = 32
    private static let restMilliseconds = 1000

    /// Makes the socket. `takingOver` replaces one on which another process answers, as an upgraded binary does.
    init(path: String, takingOver: Bool = false, ownUser: UInt32 = UserName.ownUser) throws(UnixListenerError) {
        listener = try UnixListener(path: path, takingOver: takingOver)
        self.ownUser = ownUser
        do {
            readiness = try ReadinessSet()
        } catch {
            throw .system(error)
        }
        guard readiness.add(listener.number, .readable) else {
            throw .unusable("the kernel has no room to watch another socket")
        }
    }

    /// Readable when `turn` has something to do.
    var number: Int32 { readiness.number }

    /// When to call `turn` even if nothing is readable.
    var nextDeadline: Instant? {
        (conversations.values.map(\.deadline) + [restsUntil].compactMap(\.self)).min()
    }

    /// Accepts, reads, has `service` do what was asked, and answers; never waits.
    func turn(_ service: some ControlledService, at now: Instant, wallTime: WallTime) {
        if let moment = restsUntil, moment <= now, readiness.add(listener.number, .readable) { restsUntil = nil }
        for number in readiness.ready() {
            if number == listener.number {
                accept(at: now)
            } else if let conversation = conversations[number] {
                let before = conversation.next
                conversation.advance(service, at: now, wallTime: wallTime)
                settle(conversation, before: before)
            }
        }
        for conversation in conversations.values where conversation.deadline <= now {
            conversation.timeOut()
            settle(conversation, before: conversation.next)
        }
    }

    private func settle(_ conversation: ControlConversation, before: ReadinessSet.Interest?) {
        switch conversation.next {
        case nil: conversations[conversation.number] = nil
        case before?: break
        case .readable?, .writable?:
            // What can't be watched any more is over.
            if !readiness.change(conversation.number, to: .writable) { conversations[conversation.number] = nil }
        }
    }

    private func accept(at now: Instant) {
        for _ in 0..<Self.acceptsMax {
            switch listener.accept() {
            case .none: return
            case .exhausted:
                readiness.remove(listener.number)
                restsUntil = now.advanced(byMilliseconds: Self.restMilliseconds)
                return
            case .connection(let stream): admit(stream, at: now)
            }
        }
    }

    private func admit(_ stream: consuming UnixStream, at now: Instant) {
        guard let peer = stream.peerCredentials(), peer.mayCommand(ownUser: ownUser, socketGroup: listener.group) else {
            return refuse(stream, ControlFailure(.forbidden, "only root, the service's user and the socket's group may command it"))
        }
        guard conversations.count < Self.clientsMax else {
            return refuse(stream, ControlFailure(.busy, "\(Self.clientsMax) clients are connected already"))
        }
        let requester = Requester(user: peer.user, name: UserName.of(peer.user))
        let conversation = ControlConversation(stream, requester: requester, at: now)
        guard readiness.add(conversation.number, .readable) else { return }
        conversations[conversation.number] = conversation
    }

    /// A fresh socket has room for the line; if not, the client learns it from the end of the stream.
    private func refuse(_ stream: borrowing UnixStream, _ failure: ControlFailure) {
        _ = stream.send(ControlReply(failure).line[...])
    }
}
