/// Takes connections off one listening socket and has each judged before a byte of it is read.
///
/// ```
///   accept4 ─▶ decide ─▶ admitted: a task of its own
///      │           └───▶ denied:   reset or close, one record for the journal
///      └─▶ from a load balancer: a `ProxyGreeting` first, then the same for the address that it names
///          while a challenge is pending: a `ChallengeVisit` for who would be denied
/// ```
///
/// A stranger costs three system calls and one lookup. Accepting never ends because of what a peer or the network did; only the worker
/// ends it.
final class Acceptor {
    /// Connections taken in one go before the worker's other tasks get their turn.
    private static let budget = 64
    /// How long to leave the queue alone when not even the reserve can shed.
    private static let pauseMilliseconds = 50
    private static let reportMilliseconds = 60_000

    /// What records of the log name the listener by.
    let index: Int
    private let socket: Socket
    private let waiter: Waiter
    private let worker: WorkerContext
    private let gauge: FloodGauge
    private let handler: AcceptHandler
    /// As the settings call the listener.
    private let wanted: SocketAddress
    /// What the newest settings that know the listener say of it.
    private var policy: Snapshot.ListenerPolicy
    private var reserve = DescriptorReserve()
    /// Whom the kernel lets through to us; nil: everybody.
    private var filter: SocketFilter?
    /// The value of the kernel's counter that was reported last; nil if another process or acceptor of the same socket reports it.
    private var dropsSeen: UInt32?
    private let isShared: Bool
    /// Another process accepts on the socket, or is about to.
    private var isLent = false
    /// When it was last said that descriptors ran out.
    private var exhaustionReported: Instant?
    private(set) var isStopped = false

    /// Takes over the listening descriptor.
    ///
    /// - Parameter isShared: another worker accepts on the same socket.
    init(
        _ listener: consuming Descriptor, wanted: SocketAddress, index: Int, isShared: Bool = false, worker: WorkerContext,
        gauge: FloodGauge,
        handler: AcceptHandler
    ) throws(SystemError) {
        guard let policy = worker.snapshot.listenerPolicies[wanted] else { throw SystemError("find the settings of \(wanted)", code: 0) }
        self.index = index
        self.worker = worker
        self.gauge = gauge
        self.handler = handler
        self.wanted = wanted
        self.policy = policy
        waiter = Waiter(on: worker.loop)
        socket = try Socket(listener, on: worker.loop, readiness: [.readable])
        socket.waiter = waiter
        socket.interest = [.readable]
        self.isShared = isShared
        dropsSeen = isShared ? nil : System.drops(at: socket.descriptor)
        // A process before us may have left another on an inherited socket.
        do throws(SystemError) {
            try replaceFilter(by: worker.snapshot.filters[wanted])
        } catch {
            worker.reportFilter(error, listener: index)
        }
    }

    /// Runs until `stop`.
    func run() async {
        while !isStopped {
            if await acceptSome() {
                await waiter.yield()
            } else if !isStopped, !socket.isReadable {
                _ = await waiter.wait(until: .distantFuture)
            }
        }
        // What completed its handshake before we stopped is not left to a reset; more than the backlog came later.
        for _ in 0..<Int(System.backlog) / Self.budget {
            guard await acceptSome() else { break }
        }
        let descriptor = socket.descriptor
        countDrops()
        // The service manager may hold the socket, too: whoever is listed by the time that it is accepted on again must get there.
        if filter != nil, !isLent { System.detachFilter(from: descriptor) }
        socket.close()
        waiter.end()
        handler.ended(descriptor)
    }

    func stop() {
        isStopped = true
        waiter.wake()
    }

    // MARK: The filter

    /// Follows the newest settings, unless they don't know this listener: then it is about to close, and what was said of it last holds.
    ///
    /// - Parameter isForced: the socket may have another filter than we gave it.
    func followFilter(isForced: Bool) throws(SystemError) {
        guard worker.snapshot.listenerPolicies[wanted] != nil else { return }
        let next = worker.snapshot.filters[wanted]
        if isForced || next != filter { try replaceFilter(by: next) }
    }

    /// On an error the kernel lets everybody through to us: nobody who is listed may be kept out by an old filter.
    private func replaceFilter(by next: SocketFilter?) throws(SystemError) {
        countDrops()
        filter = nil
        guard let next else { return System.detachFilter(from: socket.descriptor) }
        do throws(SystemError) {
            try System.attach(next, to: socket.descriptor)
        } catch {
            System.detachFilter(from: socket.descriptor)
            throw error
        }
        filter = next
    }

    /// Leaves filter and counter to another process, or (false) takes the counter back. Packets that are dropped between our last count and
    /// the other's first are counted by neither.
    func lend(_ isLent: Bool) {
        countDrops()
        self.isLent = isLent
        dropsSeen = isLent || isShared ? nil : System.drops(at: socket.descriptor)
    }

    /// Tells of the packets that were dropped since the last time.
    func countDrops() {
        guard let seen = dropsSeen else { return }
        let drops = System.drops(at: socket.descriptor)
        dropsSeen = drops
        // Without a filter the kernel drops for other reasons, as when the queue is full.
        guard filter != nil, drops != seen else { return }
        gauge.drop(UInt64(drops &- seen))
        worker.journal.deniedUnseen(UInt64(drops &- seen), reason: .dropped)
    }

    // MARK: Accepting

    /// True when the budget is used up and more may wait.
    private func acceptSome() async -> Bool {
        for _ in 0..<Self.budget {
            switch System.accept(socket.descriptor) {
            case .connection(let descriptor, let peer):
                judge(descriptor, peer.address, port: peer.port)
            case .wouldBlock:
                socket.readiness.remove(.readable)
                return false
            case .aborted:
                continue
            case .exhausted(let code):
                await shed(code)
            case .failed(let code):
                worker.report(.failed, code: code, listener: index)
                _ = await waiter.wait(until: worker.loop.now.advanced(byMilliseconds: Self.pauseMilliseconds))
            }
        }
        return true
    }

    private func judge(_ descriptor: Int32, _ peer: PeerAddress, port: UInt16) {
        let snapshot = worker.snapshot
        // One that is about to close serves by what was said of it last.
        if let newest = snapshot.listenerPolicies[wanted] { policy = newest }
        if policy.expectsHeader(from: peer) { return receive(descriptor, from: peer, port: port, snapshot) }
        switch snapshot.decide(peer, nowUnixSeconds: worker.loop.wallUnixSeconds, now: worker.loop.now) {
        case .admitted(let entry):
            forgetFilter(of: descriptor)
            handler.admit(
                Admitted(
                    descriptor: descriptor, peer: peer, port: port, proxy: nil, entry: entry, listener: index,
                    accepted: worker.loop.now, tls: policy.tls[worker.index], snapshot: snapshot))
        case .denied(let reason):
            if let window = snapshot.window, window.isOpen(to: reason, at: worker.loop.now) {
                forgetFilter(of: descriptor)
                return handler.visit(
                    ChallengeVisitor(
                        peer: peer, proxy: nil, listener: index, accepted: worker.loop.now, wants: .handshake(denied: reason)),
                    descriptor)
            }
            deny(descriptor, peer, reason, snapshot)
        }
    }

    /// A load balancer's connection is counted while it is waited for the header.
    private func receive(_ descriptor: Int32, from balancer: PeerAddress, port: UInt16, _ snapshot: Snapshot) {
        if let reason = snapshot.admission.reserve() { return deny(descriptor, balancer, reason, snapshot) }
        forgetFilter(of: descriptor)
        handler.greet(
            ProxyArrival(
                descriptor: descriptor, balancer: balancer, port: port, listener: index, accepted: worker.loop.now,
                wanted: wanted, policy: policy, snapshot: snapshot))
    }

    /// Connections inherit the listener's filter. Its packets pass, but they needn't be looked at, and a filter that was replaced needn't live as
    /// long as they do.
    private func forgetFilter(of descriptor: Int32) {
        if filter != nil { System.detachFilter(from: descriptor) }
    }

    private func deny(_ descriptor: Int32, _ peer: PeerAddress, _ reason: DenialReason, _ snapshot: Snapshot) {
        if reason == .notListed || reason == .lockdown { gauge.deny() }
        if snapshot.onDeny != .close { System.setResetOnClose(descriptor, true) }
        System.close(descriptor)
        worker.deny(peer, on: index, because: reason)
    }

    /// Out of descriptors: turn the waiting connection away rather than leave it hanging. Each counts as a denial; that descriptors are short
    /// is said once a minute.
    private func shed(_ code: Int32) async {
        let now = worker.loop.now
        if exhaustionReported.map({ now >= $0.advanced(byMilliseconds: Self.reportMilliseconds) }) ?? true {
            exhaustionReported = now
            worker.report(.descriptorsExhausted, code: code, listener: index)
        }
        if let peer = reserve.shed(from: socket.descriptor) {
            if worker.entry(for: peer) == nil { gauge.deny() }
            return worker.deny(peer, on: index, because: .descriptors)
        }
        _ = await waiter.wait(until: worker.loop.now.advanced(byMilliseconds: Self.pauseMilliseconds))
    }
}

/// What becomes of the connections that an acceptor takes.
struct AcceptHandler {
    /// Starts the task of one that has just been admitted.
    let admit: (Admitted) -> Void
    /// Starts the task of one that a load balancer has just opened.
    let greet: (ProxyArrival) -> Void
    /// Has it looked what a stranger wants who came by this descriptor, while a challenge is pending.
    let visit: (ChallengeVisitor, Int32) -> Void
    /// The listener on this descriptor is closed.
    let ended: (Int32) -> Void
}
