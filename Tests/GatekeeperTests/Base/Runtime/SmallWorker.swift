import Synchronization
import Testing

@testable import Gatekeeper

/// A worker with nothing to serve: an event loop on a thread of its own, and the actor that keeps a test's objects on that thread.
actor SmallWorker {
    nonisolated let loop: EventLoop
    /// What tasks that have been started, but not begun, will run; in their order.
    private var bodies: [() async -> Void] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    private init() throws(SystemError) {
        loop = try EventLoop()
    }

    /// Runs `body` on the loop's thread, then ends the loop and the thread.
    static func run(_ body: @escaping @Sendable (isolated SmallWorker) async throws -> Void) async throws {
        let worker = try SmallWorker()
        let loop = worker.loop
        let thread = try Thread(name: "small-worker") { loop.run() }
        let outcome = await Task(executorPreference: loop) { try await body(worker) }.result
        await worker.finish()
        thread.join()
        try outcome.get()
    }

    /// Runs `body` on the calling thread and a kernel of its own: time passes there when nothing else happens, and a minute of it costs
    /// nothing.
    static func simulate(
        faults: Faults = Faults(), _ body: @escaping @Sendable (isolated SmallWorker) async throws -> Void
    ) throws {
        let kernel = SimulatedKernel(faults: faults, random: SeededGenerator(seed: 1))
        try Simulation.run(on: kernel) {
            let worker = try SmallWorker()
            kernel.giveUp = { worker.loop.finish() }
            let outcome = Mutex<Result<Void, any Error>?>(nil)
            Task(executorPreference: worker.loop) {
                do {
                    try await body(worker)
                    outcome.withLock { $0 = .success(()) }
                } catch {
                    outcome.withLock { $0 = .failure(error) }
                }
                await worker.finish()
            }
            worker.loop.run()
            #expect(kernel.failures == [])
            try outcome.withLock { $0 }?.get()
        }
    }

    /// Whose time and network this worker lives in, where it is simulated.
    nonisolated var kernel: SimulatedKernel {
        guard let kernel = Simulation.kernel as? SimulatedKernel else { preconditionFailure("this thread has the machine's kernel") }
        return kernel
    }

    /// So much time passes where this worker is simulated; a `TimerWheel` is up to 17 ms behind it.
    func pass(milliseconds: Int) async {
        let (kernel, waiter) = (kernel, Waiter(on: loop))
        let end = kernel.nanoseconds + UInt64(milliseconds) * 1_000_000
        kernel.after(milliseconds: milliseconds) {
            kernel.isRung = true
            waiter.wake()
        }
        while kernel.nanoseconds < end { _ = await waiter.wait(until: .distantFuture) }
    }

    /// Begins a task beside the caller's, on the loop's thread from its beginning to its end.
    ///
    /// A bare `Task` would come back from every suspension by way of Swift's global pool, whose threads other tests may hold for as long as
    /// it takes them.
    @discardableResult
    func start(_ body: @escaping () async -> Void) -> Task<Void, Never> {
        bodies.append(body)
        return Task(executorPreference: loop) { await self.runNext() }
    }

    private func runNext() async {
        await bodies.removeFirst()()
    }

    private func finish() {
        loop.finish()
    }

    /// A deadline that no test reaches unless what it waits for never happens.
    var patience: Instant { System.now().advanced(byMilliseconds: 20_000) }
}
