import Testing

@testable import Gatekeeper

struct WaiterTests {
    @Test("a wake ends a wait long before its deadline")
    func wake() async throws {
        try await SmallWorker.run { worker in
            let waiter = Waiter(on: worker.loop)
            worker.start {
                waiter.wake()
            }
            let wake = await waiter.wait(until: worker.patience)
            #expect(wake == .ready)
        }
    }

    @Test("the first of two causes ends the wait, the second ends nothing")
    func firstCause() async throws {
        try await SmallWorker.run { worker in
            let waiter = Waiter(on: worker.loop)
            worker.start {
                waiter.wake()
                waiter.wake()
                waiter.deadlineReached()
            }
            var wake = await waiter.wait(until: worker.patience)
            #expect(wake == .ready)
            wake = await waiter.wait(until: worker.loop.now.advanced(byMilliseconds: 1))
            #expect(wake == .deadlineExceeded)
        }
    }

    @Test("a wake while nobody waits is forgotten")
    func unheard() async throws {
        try await SmallWorker.run { worker in
            let waiter = Waiter(on: worker.loop)
            waiter.wake()
            let wake = await waiter.wait(until: worker.loop.now.advanced(byMilliseconds: 1))
            #expect(wake == .deadlineExceeded)
        }
    }

    @Test("an abort ends the wait and every later one")
    func abort() async throws {
        try await SmallWorker.run { worker in
            let waiter = Waiter(on: worker.loop)
            worker.start {
                waiter.abort()
            }
            for _ in 0..<3 {
                let wake = await waiter.wait(until: .distantFuture)
                #expect(wake == .aborted)
            }
            #expect(waiter.isAborted)
        }
    }

    @Test("a deadline that moved earlier wakes in time, one that moved later doesn't wake")
    func movedDeadline() async throws {
        try await SmallWorker.run { worker in
            let waiter = Waiter(on: worker.loop)
            worker.start {
                waiter.wake()
            }
            var wake = await waiter.wait(until: worker.patience)
            #expect(wake == .ready)
            let early = worker.loop.now.advanced(byMilliseconds: 1)
            wake = await waiter.wait(until: early)
            #expect(wake == .deadlineExceeded)
            #expect(worker.loop.now >= early)

            // Parked at the early deadline, due at the late one.
            waiter.expect(worker.loop.now.advanced(byMilliseconds: 1))
            let late = worker.loop.now.advanced(byMilliseconds: 60)
            wake = await waiter.wait(until: late)
            #expect(wake == .deadlineExceeded)
            #expect(worker.loop.now >= late)
        }
    }

    @Test("a task that yields lets the others run, then goes on")
    func yielding() async throws {
        try await SmallWorker.run { worker in
            let log = OrderLog()
            let busy = worker.start {
                let waiter = Waiter(on: worker.loop)
                for number in [0, 10, 20] {
                    log.append(number)
                    await waiter.yield()
                }
            }
            let other = worker.start {
                log.append(1)
            }
            await other.value
            await busy.value
            #expect(log.numbers == [0, 1, 10, 20])
        }
    }

    @Test("a task that always yields doesn't keep the loop from sockets and deadlines")
    func yieldingIsFair() async throws {
        try await SmallWorker.run { worker in
            let pair = try ConnectionPair.local()
            let socket = try Socket(Descriptor(owning: pair.near), on: worker.loop)
            let (busy, reading, waiting) = (Waiter(on: worker.loop), Waiter(on: worker.loop), Waiter(on: worker.loop))
            socket.waiter = reading
            socket.interest = [.readable]
            let hog = worker.start {
                while !busy.isAborted { await busy.yield() }
            }
            var timerWake: Waiter.Wake?
            let timer = worker.start {
                timerWake = await waiting.wait(until: worker.loop.now.advanced(byMilliseconds: 1))
            }
            worker.start {
                pair.far.send("a".utf8)
            }
            let wake = await reading.wait(until: worker.patience)
            #expect(wake == .ready)
            #expect(socket.isReadable)
            await timer.value
            #expect(timerWake == .deadlineExceeded)
            busy.abort()
            await hog.value
            socket.close()
        }
    }

    @Test("whoever rests is awoken by the first cause and told of no second")
    func rest() throws {
        let waiter = Waiter(on: try EventLoop())
        let wakeTarget = Bed()
        waiter.rest(wakeTarget)
        #expect(wakeTarget.awakenings == 0)
        waiter.wake()
        waiter.wake()
        waiter.deadlineReached()
        waiter.abort()
        #expect(wakeTarget.awakenings == 1)
        waiter.rest(wakeTarget)
        #expect(wakeTarget.awakenings == 2, "aborted for good, so there is no rest")
    }

    @Test("a rest ends at its deadline")
    func restDeadline() async throws {
        try await SmallWorker.run { worker in
            let (waiter, clock) = (Waiter(on: worker.loop), Waiter(on: worker.loop))
            let wakeTarget = Bed(ringing: clock)
            let deadline = worker.loop.now.advanced(byMilliseconds: 3)
            waiter.expect(deadline)
            waiter.rest(wakeTarget)
            let wake = await clock.wait(until: worker.patience)
            #expect(wake == .ready)
            #expect(wakeTarget.awakenings == 1)
            #expect(worker.loop.now >= deadline)
        }
    }

    @Test("the wheel lets go of a waiter that has ended")
    func end() async throws {
        try await SmallWorker.run { worker in
            var waiter: Waiter? = Waiter(on: worker.loop)
            weak let observer = waiter
            waiter?.expect(worker.patience)
            #expect(waiter?.position != nil)
            waiter?.end()
            #expect(waiter?.position == nil)
            waiter = nil
            #expect(observer == nil)
        }
    }
}

private final class Bed: WakeTarget {
    private(set) var awakenings = 0
    private let clock: Waiter?

    init(ringing clock: Waiter? = nil) {
        self.clock = clock
    }

    func awake() {
        awakenings += 1
        clock?.wake()
    }
}
