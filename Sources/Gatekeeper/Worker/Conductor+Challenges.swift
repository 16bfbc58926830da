/// Who comes while a challenge is pending.
extension Conductor {
    /// Has it looked what a stranger wants.
    func visit(_ visitor: ChallengeVisitor, on descriptor: Int32) {
        do throws(SystemError) {
            visit(visitor, over: try Socket(Descriptor(owning: descriptor), on: context.loop))
        } catch {
            context.deny(visitor.peer, proxy: visitor.proxy, on: visitor.listener, because: visitor.reason ?? .descriptors)
        }
    }

    func visit(_ visitor: ChallengeVisitor, over socket: Socket) {
        guard let window = context.snapshot.window else {
            socket.reset()
            return context.deny(visitor.peer, proxy: visitor.proxy, on: visitor.listener, because: visitor.reason ?? .notListed)
        }
        let visit = ChallengeVisit(visitor, over: socket, visits: window.visits, worker: context)
        guard enter(visit) else { return settle(visit, visit.deny()) }
        follow(visit)
        begin(.visit(ObjectIdentifier(visit)))
    }

    /// From its beginning to its end.
    func runVisit(_ key: ObjectIdentifier) async {
        guard let visit = visits[key] else { return }
        settle(visit, await visit.run())
        finishIfDone()
    }

    /// Whether an admitted connection is an authority's, which is shown the challenge here, or over. Anybody else goes on to TLS with all that it
    /// sent.
    func isVisit(_ admitted: Admitted, over socket: Socket) async -> Bool {
        guard let window = context.snapshot.window, window.isOpen(at: context.loop.now) else { return false }
        let visit = ChallengeVisit(
            ChallengeVisitor(
                peer: admitted.peer, proxy: admitted.proxy, listener: admitted.listener, accepted: admitted.accepted,
                wants: .handshake(denied: nil)),
            over: socket, visits: window.visits, worker: context)
        follow(visit)
        let timeout = admitted.snapshot.timeouts.handshakeMilliseconds
        guard let handshake = await visit.hello(until: admitted.accepted.advanced(byMilliseconds: timeout)) else {
            visit.waiter.end()
            visits[ObjectIdentifier(visit)] = nil
            socket.readiness.insert(.readable)
            // It may have left the list meanwhile.
            guard context.entry(for: admitted.peer) == nil else { return false }
            socket.reset()
            forgetRevoked(admitted)
            return true
        }
        forget(admitted.peer, admitted.source, requests: 0)
        if enter(visit), await visit.begin() {
            settle(visit, await visit.show(handshake))
        } else {
            socket.reset()
            visit.waiter.end()
            settle(visit, visit.conclude(.crowded, name: handshake.name))
        }
        finishIfDone()
        return true
    }

    func endVisit(in place: ChallengeVisits.Place) {
        visits.values.first { $0.place == place }?.end(givingWay: true)
    }

    private func enter(_ visit: ChallengeVisit) -> Bool {
        visit.place = visit.visits.enter(
            from: visit.visitor.peer, names: context.snapshot.window?.nameCount ?? 1, now: context.loop.now, giveWay: context.endVisit)
        return visit.place != nil
    }

    private func follow(_ visit: ChallengeVisit) {
        visits[ObjectIdentifier(visit)] = visit
        if isStopped { visit.end() }
    }

    private func settle(_ visit: ChallengeVisit, _ outcome: ChallengeOutcome) {
        visits[ObjectIdentifier(visit)] = nil
        if let place = visit.place { visit.visits.leave(place) }
        visit.visits.count(outcome)
        if outcome == .denied, visit.visitor.reason == .notListed, visit.visitor.proxy == nil { gauge.deny() }
    }

    // MARK: Pages

    /// Shows pages to whoever connects to this listening socket, instead of the one before; nil to nobody. False where it can't.
    @discardableResult
    func showPages(on descriptor: Int32?) -> Bool {
        pages?.stop()
        pages = nil
        guard let descriptor else { return true }
        let listening = Descriptor(owning: descriptor)
        guard !context.isDraining else { return false }
        do throws(SystemError) {
            pages = try PageAcceptor(listening, worker: context)
            acceptorsRunning += 1
            begin(.acceptPages)
            return true
        } catch {
            context.report(.failed, code: error.code, listener: PageAcceptor.listener)
            return false
        }
    }

    func acceptPages() async {
        await pages?.run { [unowned self] in visit($0, on: $1) }
        acceptorsRunning -= 1
        finishIfDone()
    }
}
