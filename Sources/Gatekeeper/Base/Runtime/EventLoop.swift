internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread's epoll loop, which is also the executor of everything that runs on that thread.
///
/// ```
///   run jobs ─▶ epoll_wait ─▶ mark sockets, wake tasks ─▶ due deadlines ─▶ run jobs ─▶ …
/// ```
///
/// Both a serial executor (of the `Worker` actor) and a task executor (the preference of every connection's task): with only the first,
/// resumed continuations would pass through Swift's global pool and each request would change threads.
///
/// `@unchecked Sendable` because everything but the inbox belongs to the loop's own thread; `enqueue` is the one way in from outside.
final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    private static let eventsPerTurnMax = 512

    /// Once per turn of the loop; what deadlines are computed from.
    private(set) var now: Instant
    private(set) var wallMilliseconds: Int64
    /// The same in whole seconds.
    var wallUnixSeconds: Int64 { wallMilliseconds / 1000 }

    private let mark: TurnMark
    private let epoll: Descriptor
    private let wakeUp: Bell
    /// The thread in `run`, 0 before.
    private let thread = Atomic<pthread_t>(0)
    private var isRunning = false

    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var slots: [Slot] = []
    private var timers: TimerWheel<Waiter>
    private var later: [Waiter] = []

    private let inbox = Mutex(Inbox())
    /// Set while jobs lie in the inbox, so that only the first of them costs a wake-up.
    private let inboxFilled = Atomic(false)

    /// A descriptor's owner. The generation tells an event of an earlier owner of the same number, reported in the same batch, apart.
    private struct Slot {
        var socket: Socket?
        var generation: UInt32 = 0
    }

    private struct Inbox {
        var jobs: [UnownedJob] = []
    }

    /// The token of the wake-up descriptor; no descriptor has this number.
    private static let wakeUpToken = UInt64.max

    init(mark: TurnMark = TurnMark()) throws(SystemError) {
        self.mark = mark
        epoll = try System.epoll()
        wakeUp = try Bell()
        now = System.now()
        wallMilliseconds = System.wallMilliseconds()
        timers = TimerWheel(now: now)
        try System.register(wakeUp.number, with: epoll.number, token: Self.wakeUpToken)
    }

    // MARK: Executor

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnThread {
            jobs.append(job)
            return
        }
        inbox.withLock { $0.jobs.append(job) }
        if !inboxFilled.exchange(true, ordering: .acquiringAndReleasing) { wakeUp.ring() }
    }

    func checkIsolated() {
        precondition(isOnThread, "work of a worker on another thread")
    }

    private var isOnThread: Bool {
        thread.load(ordering: .relaxed) == pthread_self()
    }

    // MARK: Running

    /// Runs on the calling thread until `finish`.
    func run() {
        thread.store(pthread_self(), ordering: .relaxed)
        isRunning = true
        mark.set(wallMilliseconds)
        defer { mark.clear() }
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: Self.eventsPerTurnMax)
        defer { unsafe events.deallocate() }
        takeInbox()
        while isRunning {
            runJobs()
            guard isRunning else { break }
            mark.clear()
            // SAFETY: `events` is allocated above for as long as this function runs; the kernel fills `count` of them.
            let count = unsafe System.wait(epoll.number, into: events, timeoutMilliseconds: timeout())
            mark.set(wallMilliseconds)
            now = System.now()
            wallMilliseconds = System.wallMilliseconds()
            mark.set(wallMilliseconds)
            for index in 0..<count {
                unsafe deliver(events[index])
            }
            timers.advance(to: now) { $0.deadlineReached() }
            wakeYielded()
        }
        // They hold the loop, and nobody will wake them.
        later = []
    }

    /// Makes `run` return after the current jobs.
    func finish() {
        isRunning = false
    }

    /// Runs jobs until none is left. Each ends at its task's next suspension, and a task that would go on for ever yields by way of
    /// `wakeLater`, so sockets and deadlines always get their turn.
    private func runJobs() {
        while !jobs.isEmpty {
            swap(&jobs, &running)
            for index in running.indices {
                // SAFETY: each job was enqueued here once and is run once, on the thread that is the executor.
                unsafe running[index].runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            running.removeAll(keepingCapacity: true)
        }
    }

    private func timeout() -> Int32 {
        if !jobs.isEmpty || !later.isEmpty { return 0 }
        guard let wake = timers.nextWake else { return -1 }
        let now = System.now()
        guard wake > now else { return 0 }
        return Int32(clamping: (wake.nanoseconds(since: now) + 999_999) / 1_000_000)
    }

    private func deliver(_ event: epoll_event) {
        // SAFETY: `u64` is the member that `System.register` wrote.
        let token = unsafe event.data.u64
        if token == Self.wakeUpToken {
            wakeUp.silence()
            takeInbox()
            return
        }
        let slot = slots[Int(token & 0xffff_ffff)]
        guard slot.generation == UInt32(token >> 32), let socket = slot.socket else { return }
        unsafe socket.report(Readiness(events: event.events))
    }

    private func takeInbox() {
        inboxFilled.store(false, ordering: .sequentiallyConsistent)
        let arrived = inbox.withLock { inbox in
            let jobs = inbox.jobs
            inbox.jobs = []
            return jobs
        }
        jobs.append(contentsOf: arrived)
    }

    // MARK: Deadlines

    func schedule(_ waiter: Waiter) {
        timers.schedule(waiter)
    }

    func cancel(_ waiter: Waiter) {
        timers.cancel(waiter)
    }

    /// Wakes `waiter` after the next look at the sockets.
    func wakeLater(_ waiter: Waiter) {
        later.append(waiter)
    }

    private func wakeYielded() {
        guard !later.isEmpty else { return }
        let waiters = later
        later.removeAll(keepingCapacity: true)
        for waiter in waiters { waiter.wake() }
    }

    // MARK: Sockets

    /// Registers a descriptor; the token is good until `detach`.
    func reserve(_ descriptor: Int32) throws(SystemError) -> UInt64 {
        let index = Int(descriptor)
        if index >= slots.count {
            slots.append(contentsOf: repeatElement(Slot(), count: index + 1 - slots.count))
        }
        let token = UInt64(slots[index].generation) << 32 | UInt64(index)
        try System.register(descriptor, with: epoll.number, token: token)
        return token
    }

    func attach(_ socket: Socket, token: UInt64) {
        slots[Int(token & 0xffff_ffff)].socket = socket
    }

    func detach(_ token: UInt64) {
        let index = Int(token & 0xffff_ffff)
        slots[index].socket = nil
        slots[index].generation &+= 1
    }
}
