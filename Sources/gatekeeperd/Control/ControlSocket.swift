internal import Gatekeeper

/// Where commands reach the running service: a UNIX socket, turned by the control thread whenever `number` is readable.
///
/// No thread of its own and no wait: each turn does what can be done now. What a client can cost is bounded by `clientsMax` conversations,
/// each with a bounded request, a bounded answer and a deadline.
final class ControlSocket {
    private let listener: UnixListener
    private let conversations: Conversations<ControlConversation>
    private let ownUser: UInt32

    static let clientsMax = 16

    /// Makes the socket. `takingOver` replaces one on which another process answers, as an upgraded binary does.
    init(path: String, takingOver: Bool = false, ownUser: UInt32 = UserName.ownUser) throws(UnixListenerError) {
        listener = try UnixListener(path: path, takingOver: takingOver)
        self.ownUser = ownUser
        let conversations: Conversations<ControlConversation>?
        do throws(SystemError) {
            conversations = try Conversations(of: listener.number)
        } catch {
            throw .system(error)
        }
        guard let conversations else { throw .unusable("the kernel has no room to watch another socket") }
        self.conversations = conversations
    }

    /// Readable when `turn` has something to do.
    var number: Int32 { conversations.number }

    /// When to call `turn` even if nothing is readable.
    var nextDeadline: Instant? { conversations.nextDeadline }

    /// Accepts, reads, has `service` do what was asked, and answers; never waits.
    func turn(_ service: some ControlledService, by clock: ControlClock) {
        let now = clock.now().instant
        conversations.turn(at: now) {
            accept(at: now)
        } advance: {
            $0.advance(service, by: clock)
        } expire: {
            $0.timeOut()
        }
    }

    private func accept(at now: Instant) -> Conversations<ControlConversation>.Accepted {
        switch listener.accept() {
        case .none: return .none
        case .exhausted: return .exhausted
        case .connection(let stream):
            admit(stream, at: now)
            return .connection
        }
    }

    private func admit(_ stream: consuming UnixStream, at now: Instant) {
        guard let peer = stream.peerCredentials(), peer.mayCommand(ownUser: ownUser, socketGroup: listener.group) else {
            return refuse(stream, ControlFailure(.forbidden, "only root, the service's user and the socket's group may command it"))
        }
        guard conversations.members.count < Self.clientsMax else {
            return refuse(stream, ControlFailure(.busy, "\(Self.clientsMax) clients are connected already"))
        }
        let requester = Requester(user: peer.user, name: UserName.of(peer.user))
        conversations.add(ControlConversation(stream, requester: requester, at: now))
    }

    /// A fresh socket has room for the line; if not, the client learns it from the end of the stream.
    private func refuse(_ stream: borrowing UnixStream, _ failure: ControlFailure) {
        _ = stream.send(ControlReply(failure).line[...])
    }
}
