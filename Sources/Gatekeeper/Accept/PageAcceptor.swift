/// Takes connections off the socket where pages are shown to authorities, while one is pending. One worker has it.
final class PageAcceptor {
    /// What records of the log have in a listener's place: it is none of the settings'.
    static let listener = Int(UInt16.max)
    private static let budget = 64
    /// When descriptors are short, until the next try.
    private static let pauseMilliseconds = 100

    private let socket: Socket
    private let waiter: Waiter
    private let worker: WorkerContext
    private var isStopped = false
    private var hasBegun = false
    private var hasReported = false

    private enum Waiting {
        case none
        /// The budget is used up.
        case more
        case failed(WorkerContext.ListenerTrouble, code: Int32)
    }

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
            switch acceptSome(visit) {
            case .more: await waiter.yield()
            case .none: _ = await waiter.wait(until: .distantFuture)
            case .failed(let trouble, let code):
                // Of a trouble that lasts, one line a window is enough.
                if !hasReported { worker.report(trouble, code: code, listener: Self.listener) }
                hasReported = true
                _ = await waiter.wait(until: worker.loop.now.advanced(byMilliseconds: Self.pauseMilliseconds))
            }
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

    private func acceptSome(_ visit: (ChallengeVisitor, Int32) -> Void) -> Waiting {
        for _ in 0..<Self.budget {
            switch System.accept(socket.descriptor) {
            case .connection(let descriptor, let peer):
                visit(
                    ChallengeVisitor(
                        peer: peer.address, proxy: nil, listener: Self.listener, accepted: worker.loop.now, wants: .page), descriptor)
            case .aborted: continue
            case .wouldBlock: return .none
            case .exhausted(let code): return .failed(.descriptorsExhausted, code: code)
            case .failed(let code): return .failed(.failed, code: code)
            }
        }
        return .more
    }
}
