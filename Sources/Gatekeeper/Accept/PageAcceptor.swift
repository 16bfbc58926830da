/// Takes connections off the socket where pages are shown to authorities, while one is pending. One worker has it.
final class PageAcceptor {
    /// What records of the log have in a listener's place: it is none of the settings'.
    static let listener = Int(UInt16.max)
    private static let budget = 64

    private let socket: Socket
    private let waiter: Waiter
    private let worker: WorkerContext
    private var isStopped = false
    private var hasBegun = false

    /// Takes over the listening descriptor, also when it throws.
    init(_ descriptor: consuming Descriptor, worker: WorkerContext) throws(SystemError) {
        self.worker = worker
        waiter = Waiter(on: worker.loop)
        socket = try Socket(descriptor, on: worker.loop, readiness: [.readable])
        socket.waiter = waiter
        socket.interest = [.readable]
    }

    /// Runs until `stop`, once; whoever isn't accepted by then is reset.
    func run(_ visit: (ChallengeVisitor, Int32) -> Void) async {
        guard !hasBegun else { return }
        hasBegun = true
        while !isStopped {
            if acceptSome(visit) { await waiter.yield() } else { _ = await waiter.wait(until: .distantFuture) }
        }
        waiter.end()
    }

    /// Closed at once, so that another may listen in its place.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        socket.close()
        waiter.wake()
    }

    /// True when the budget is used up and more may wait. When descriptors are short the next connection is the next try.
    private func acceptSome(_ visit: (ChallengeVisitor, Int32) -> Void) -> Bool {
        for _ in 0..<Self.budget {
            switch System.accept(socket.descriptor) {
            case .connection(let descriptor, let peer):
                visit(
                    ChallengeVisitor(
                        peer: peer.address, proxy: nil, listener: Self.listener, accepted: worker.loop.now, wants: .page), descriptor)
            case .aborted: continue
            case .wouldBlock, .exhausted, .failed:
                return false
            }
        }
        return true
    }
}
