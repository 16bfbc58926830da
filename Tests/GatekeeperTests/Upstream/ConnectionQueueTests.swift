import Testing

@testable import Gatekeeper

/// Requests that wait for a connection, on a kernel whose time a test has pass.
struct ConnectionQueueTests {
    @Test("requests of one source are served in the order in which they came, whichever worker they wait with")
    func order() throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let requests = (0..<6).map { line.begin(client: 1, with: $0 % 2, on: worker) }
            await worker.pass(milliseconds: 1)
            var holder: UInt32 = 9
            for served in requests.indices {
                await line.giveBack(client: holder, on: worker)
                holder = 1
                let expected = requests.indices.map { $0 <= served ? "slot" : nil }
                #expect(requests.map(\.end) == expected)
            }
            #expect(!line.slots.isContended)
        }
    }

    @Test("whoever has many requests waiting keeps no other's from its turn")
    func turns() throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let many = (1...3).map { _ in line.begin(client: 1, on: worker) }
            let other = line.begin(client: 2, on: worker)
            await worker.pass(milliseconds: 1)
            await line.giveBack(client: 9, on: worker)
            await line.giveBack(client: 1, on: worker)
            #expect(many.map(\.end) == ["slot", nil, nil] && other.end == "slot")
            for request in many { request.waiter.abort() }
            await worker.pass(milliseconds: 1)
        }
    }

    @Test("who has waited until its deadline is told so, not before, and leaves its place to others")
    func deadline() throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let request = line.begin(client: 1, milliseconds: 500, on: worker)
            let patient = line.begin(client: 1, on: worker)
            await worker.pass(milliseconds: 499)
            #expect(request.end == nil)
            await worker.pass(milliseconds: 20)
            #expect(request.end == "timed out" && patient.end == nil)
            await line.giveBack(client: 9, on: worker)
            #expect(patient.end == "slot" && !line.slots.isContended)
        }
    }

    @Test("neither a wake without cause nor a deadline that is another's ends the wait")
    func spurious() throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let request = line.begin(client: 1, milliseconds: 500, on: worker)
            for _ in 1...3 {
                await worker.pass(milliseconds: 50)
                request.waiter.wake()
                await worker.pass(milliseconds: 50)
                request.waiter.deadlineReached()
            }
            await worker.pass(milliseconds: 150)
            #expect(request.end == nil && line.slots.isContended)
            await line.giveBack(client: 9, on: worker)
            #expect(request.end == "slot")
        }
    }

    @Test("of a client that goes, or a worker that ends it, the turn passes to the next", arguments: [false, true])
    func leaves(isAborted: Bool) throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let requests = (1...3).map { _ in line.begin(client: 1, on: worker) }
            await worker.pass(milliseconds: 1)
            if isAborted { requests[0].waiter.abort() } else { requests[0].go() }
            await worker.pass(milliseconds: 1)
            #expect(requests.map(\.end) == [isAborted ? "aborted" : "abandoned", nil, nil])
            await line.giveBack(client: 9, on: worker)
            #expect(requests[1].end == "slot" && requests[2].end == nil)
            await line.giveBack(client: 1, on: worker)
            #expect(requests[2].end == "slot" && line.slots.count == 1)
        }
    }

    @Test("a wait that takes long is said to, once")
    func long() throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let request = line.begin(client: 1, milliseconds: 1_000, on: worker)
            await worker.pass(milliseconds: 99)
            #expect(request.longWaits == 0)
            await worker.pass(milliseconds: 50)
            #expect(request.longWaits == 1 && request.end == nil)
            await worker.pass(milliseconds: 900)
            #expect(request.longWaits == 1 && request.end == "timed out")
        }
    }

    @Test("a client that has gone before it waits takes no place")
    func hasGone() throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let request = line.begin(client: 1, isGone: true, on: worker)
            await worker.pass(milliseconds: 1)
            #expect(request.end == "abandoned" && !line.slots.isContended)
        }
    }

    @Test(
        "a slot that was granted in the moment in which the wait ended otherwise is held, not lost",
        arguments: ["timed out", "aborted", "abandoned"])
    func grantedMeanwhile(ending: String) throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let request = line.begin(client: 1, milliseconds: 500, on: worker)
            await worker.pass(milliseconds: 100)
            // Nobody has told its worker yet.
            line.slots.give(back: PoolScene.client(9), worker: 0)
            switch ending {
            case "aborted": request.waiter.abort()
            case "abandoned": request.go()
            default: await worker.pass(milliseconds: 420)
            }
            await worker.pass(milliseconds: 1)
            #expect(request.end == "slot" && line.slots.count == 1)
            #expect(line.slots.takeGranted(worker: 0) == [])
            line.slots.give(back: PoolScene.client(1), worker: 0)
            #expect(line.slots.take(for: PoolScene.client(2), worker: 0))
        }
    }

    @Test("a connection that another has done with is given to the request that it is for, and to no other")
    func connection() throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop)
            let requests = (1...2).map { _ in line.begin(client: 9, on: worker) }
            await worker.pass(milliseconds: 1)
            guard case .ticket(let number) = line.slots.handOver(from: PoolScene.client(9), worker: 0, now: worker.loop.now) else {
                Issue.record("the first that waits is of the same source and worker")
                return
            }
            let descriptor = try System.streamSocket(family: SocketAddress(address: PoolScene.client(1), port: 1).family)
            let connection = UpstreamConnection(try Socket(descriptor, on: worker.loop))
            line.queues[1].grant(.connection(connection), to: number)
            await worker.pass(milliseconds: 1)
            #expect(requests.map(\.end) == [nil, nil], "another worker's queue has nobody by this number")
            line.queues[0].grant(.connection(connection), to: number)
            await worker.pass(milliseconds: 1)
            #expect(requests.map(\.end) == ["connection", nil] && requests[0].connection === connection)
            requests[1].waiter.abort()
            await worker.pass(milliseconds: 1)
            connection.close()
        }
    }

    @Test("when as many wait as may, the next is told at once, and one that leaves makes room")
    func full() throws {
        try SmallWorker.simulate { worker in
            let line = Line(worker.loop, waitingMax: 2)
            let first = line.begin(client: 1, on: worker)
            let second = line.begin(client: 2, on: worker)
            let third = line.begin(client: 3, on: worker)
            await worker.pass(milliseconds: 1)
            #expect([first, second, third].map(\.end) == [nil, nil, "full"])
            first.go()
            let fourth = line.begin(client: 3, on: worker)
            await worker.pass(milliseconds: 1)
            #expect([second, fourth].map(\.end) == [nil, nil])
            for request in [second, fourth] { request.waiter.abort() }
            await worker.pass(milliseconds: 1)
        }
    }

    /// Two workers' queues for one slot, which a client at 10.0.0.9 has.
    private final class Line {
        let slots: ConnectionSlots
        let queues: [ConnectionQueue]
        private let loop: EventLoop

        init(_ loop: EventLoop, waitingMax: Int = 10) {
            let slots = ConnectionSlots(connectionsMax: 1, waitingMax: waitingMax)
            self.slots = slots
            self.loop = loop
            queues = (0...1).map { ConnectionQueue(slots, worker: $0, loop: loop) }
            #expect(slots.take(for: PoolScene.client(9), worker: 0))
        }

        func begin(
            client: UInt32, with index: Int = 0, milliseconds: Int = 60_000, isGone: Bool = false, on worker: isolated SmallWorker
        ) -> Request {
            let request = Request(Waiter(on: loop), isGone: isGone)
            let (queue, deadline) = (queues[index], loop.now.advanced(byMilliseconds: milliseconds))
            worker.start {
                request.outcome = await queue.wait(
                    for: PoolScene.client(client), request.waiter, until: deadline, isAbandoned: { request.isGone },
                    whenLong: { request.longWaits += 1 })
                request.waiter.end()
            }
            return request
        }

        func giveBack(client: UInt32, on worker: isolated SmallWorker) async {
            slots.give(back: PoolScene.client(client), worker: 0)
            for queue in queues { queue.deliver() }
            await worker.pass(milliseconds: 1)
        }
    }

    private final class Request {
        let waiter: Waiter
        private(set) var isGone: Bool
        var longWaits = 0
        var outcome: ConnectionQueue.Outcome?

        init(_ waiter: Waiter, isGone: Bool) {
            self.waiter = waiter
            self.isGone = isGone
        }

        func go() {
            isGone = true
            waiter.wake()
        }

        var connection: UpstreamConnection? {
            if case .granted(.connection(let connection))? = outcome { connection } else { nil }
        }

        /// How the wait ended; nil while it lasts.
        var end: String? {
            switch outcome {
            case .granted(.slot)?: "slot"
            case .granted(.connection)?: "connection"
            case .full?: "full"
            case .timedOut?: "timed out"
            case .abandoned?: "abandoned"
            case .aborted?: "aborted"
            case nil: nil
            }
        }
    }
}
