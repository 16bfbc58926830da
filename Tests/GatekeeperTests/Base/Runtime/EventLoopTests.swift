import Glibc
import Testing

@testable import Gatekeeper

struct EventLoopTests {
    @Test("jobs enqueued from other threads all run on the loop's thread")
    func oneThread() async throws {
        let loop = try EventLoop()
        let seen = ThreadLog()
        let worker = try Thread(name: "loop-under-test") {
            seen.remember(owner: pthread_self())
            loop.run()
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<50 {
                        await Task(executorPreference: loop) {
                            seen.note(pthread_self())
                            await Task.yield()
                            seen.note(pthread_self())
                        }.value
                    }
                }
            }
        }
        await Task(executorPreference: loop) { loop.finish() }.value
        worker.join()
        #expect(seen.count == 800)
        #expect(seen.isOneThread)
    }

    @Test("jobs that wait before the loop runs are the first it runs, in order")
    func queuedBefore() throws {
        let loop = try EventLoop()
        let log = OrderLog()
        for number in 0..<100 {
            Task(executorPreference: loop) { log.append(number) }
        }
        Task(executorPreference: loop) { loop.finish() }
        loop.run()
        #expect(log.numbers == Array(0..<100))
    }

    @Test("the clock stands still within a turn and goes on between turns")
    func clock() async throws {
        try await SmallWorker.run { worker in
            let loop = worker.loop
            let before = loop.now
            let waiter = Waiter(on: loop)
            while System.now() == before {}
            #expect(loop.now == before)
            await waiter.yield()
            #expect(loop.now > before)
            #expect(loop.now <= System.now())
        }
    }

    @Test("a deadline wakes a loop that has nothing else to do, not before it has passed")
    func deadlineWakes() async throws {
        try await SmallWorker.run { worker in
            let waiter = Waiter(on: worker.loop)
            let deadline = worker.loop.now.advanced(byMilliseconds: 5)
            let wake = await waiter.wait(until: deadline)
            #expect(wake == .deadlineExceeded)
            #expect(worker.loop.now >= deadline)
        }
    }

    @Test("an event that was meant for the last owner of a descriptor number doesn't reach the next")
    func staleEvent() async throws {
        try await SmallWorker.run { worker in
            let loop = worker.loop
            let (first, second, third) = (try ConnectionPair.local(), try ConnectionPair.local(), try ConnectionPair.local())
            let firstSocket = try Socket(Descriptor(owning: first.near), on: loop)
            let secondSocket = try Socket(Descriptor(owning: second.near), on: loop)
            let replacement = Replacement(of: second.near, by: third.near, on: loop)
            for socket in [firstSocket, secondSocket] {
                let waiter = Waiter(on: loop)
                waiter.rest(replacement)
                socket.waiter = waiter
                socket.interest = [.readable]
            }
            // Both are reported in one batch; the first report gives the second's number to another socket.
            first.far.send("a".utf8)
            second.far.send("b".utf8)
            let waiter = Waiter(on: loop)
            await waiter.yield()
            let replaced = try #require(replacement.socket)
            #expect(replaced.descriptor == second.near)
            #expect(!replaced.isReadable)
            #expect(replacement.awakenings == 1)

            third.far.send("c".utf8)
            await waiter.yield()
            #expect(replaced.isReadable, "the new owner's own events do reach it")
            replaced.close()
            firstSocket.close()
        }
    }

    @Test("a socket that was closed hears of nothing more")
    func closedSocket() async throws {
        try await SmallWorker.run { worker in
            let pair = try ConnectionPair.local()
            let socket = try Socket(Descriptor(owning: pair.near), on: worker.loop, readiness: [])
            socket.interest = [.readable, .writable]
            pair.far.send("a".utf8)
            socket.close()
            socket.close()
            await Waiter(on: worker.loop).yield()
            #expect(socket.readiness == [])
            #expect(pair.far.receive() == .failed(ECONNRESET), "what was unread is lost, and the peer is told")
        }
    }
}

/// Puts another file behind a descriptor's number when it is awoken, as closing and accepting would, but without a moment in between in
/// which another thread could be given the number.
private final class Replacement: WakeTarget {
    private let number: Int32
    private let source: Int32
    private let loop: EventLoop
    private(set) var socket: Socket?
    private(set) var awakenings = 0

    init(of number: Int32, by source: Int32, on loop: EventLoop) {
        (self.number, self.source, self.loop) = (number, source, loop)
    }

    func awake() {
        awakenings += 1
        guard socket == nil else { return }
        dup2(source, number)
        close(source)
        // The first owner of a number has generation 0, so the number is its token.
        loop.detach(UInt64(number))
        socket = try? Socket(Descriptor(owning: number), on: loop, readiness: [])
    }
}
