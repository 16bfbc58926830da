internal import Synchronization

/// Why a service could not be started.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// One sentence for the admin.
    public let description: String
    public let cause: Cause

    public enum Cause: Sendable, Equatable {
        /// The settings name something that can't be used: a certificate, a key, a path.
        case settings
        /// The system refused, with this errno.
        case system(Int32)
    }

    init(settings description: String) {
        self.description = description
        cause = .settings
    }

    init(_ error: SystemError) {
        description = error.description
        cause = .system(error.code)
    }
}

/// The running door: listeners, workers and the journal.
///
/// ```
///   settings ─▶ Snapshot ─▶ Worker × cores ─▶ Journal ─▶ descriptor
/// ```
///
/// Threads: one a worker (`worker-0` …), one for the journal, and one for the resolver if the upstream is given by name. Whoever owns the
/// server is the control thread and never serves a request.
public final class Server: Sendable {
    /// What the listeners are bound to, in the order of the settings; a port of 0 is filled in.
    public let addresses: [SocketAddress]

    private let workers: [Worker]
    private let journal: Journal
    private let drainMilliseconds: Int
    /// Raised by every worker that has ended.
    private let ended: Descriptor
    private let running: Atomic<Int>
    private let hasBegunDrain = Atomic(false)
    private let isFinished = Atomic(false)

    /// Opens the listeners, loads the certificate and starts serving.
    ///
    /// - Parameter journalDescriptor: where log lines go; borrowed until the server has ended.
    public init(settings: Settings, journalDescriptor: Int32) throws(ServerError) {
        let count = settings.workers ?? System.processorCount()
        let settings = Self.bounded(settings)
        let upstream = try UpstreamGroup(settings.upstream)
        let snapshot = try Snapshot(
            settings, generation: 1, sources: SourceCounters(), upstream: upstream, libraries: Self.makeLibraries(count))
        do throws(SystemError) {
            let sockets = try Self.openListeners(settings, workers: count)
            addresses = sockets.first?.map(\.address) ?? []
            let journal = try Journal.start(
                descriptor: journalDescriptor, workers: count, listeners: addresses.map(\.description), log: settings.log)
            self.journal = journal
            var workers: [Worker] = []
            for index in 0..<count {
                workers.append(
                    try Worker(
                        index: index, snapshot: snapshot, journal: journal.writer(worker: index), listeners: sockets[index]))
            }
            self.workers = workers
            drainMilliseconds = settings.timeouts.drainMilliseconds
            ended = try System.eventDescriptor()
            running = Atomic(count)
        } catch {
            throw ServerError(error)
        }
        try startThreads()
        journal.event(
            "started",
            [
                JournalField("listeners", addresses.map(\.description).joined(separator: " ")),
                JournalField("workers", count), JournalField("allowed", settings.allow.count),
                JournalField("connections_max", settings.limits.connectionsMax),
                JournalField("upstream", settings.upstream.servers.map(\.name).joined(separator: " ")),
            ])
    }

    /// Stops accepting and lets exchanges finish, without waiting for them. Connections that outlast the drain timeout are cut.
    public func beginDrain() {
        guard !hasBegunDrain.exchange(true, ordering: .relaxed) else { return }
        journal.event("draining")
        for worker in workers {
            let milliseconds = drainMilliseconds
            Task(executorPreference: worker.loop) { await worker.drain(milliseconds: milliseconds) }
        }
    }

    /// True once every worker has ended and everything is in the log.
    public func wait(milliseconds: Int) -> Bool {
        if running.load(ordering: .acquiring) > 0 {
            _ = System.waitReadable(ended.number, milliseconds: Int32(clamping: milliseconds))
        }
        guard running.load(ordering: .acquiring) == 0 else {
            System.lower(ended.number)
            return false
        }
        if !isFinished.exchange(true, ordering: .acquiringAndReleasing) {
            journal.finish(lastly: "stopped")
        }
        return true
    }

    /// Drains and waits for the end.
    public func drain() {
        beginDrain()
        while !wait(milliseconds: 1_000) {}
    }

    /// Ends every connection at once; `wait` tells when that is done.
    public func stop() {
        for worker in workers {
            Task(executorPreference: worker.loop) { await worker.stop() }
        }
    }

    /// An admitted connection may need a second descriptor for its upstream connection. More connections than that are denied instead of being
    /// let in and answered with 502.
    private static func bounded(_ settings: Settings) -> Settings {
        var settings = settings
        settings.limits.connectionsMax = min(settings.limits.connectionsMax, max(1, (System.descriptorsMax() - ownDescriptors) / 2))
        return settings
    }

    /// What we have open besides connections: listeners, logs, event loops, the ledger.
    private static let ownDescriptors = 32

    private static func makeLibraries(_ count: Int) throws(ServerError) -> [TLSLibrary] {
        var libraries: [TLSLibrary] = []
        do throws(TLSSetupError) {
            for _ in 0..<count { libraries.append(try TLSLibrary()) }
        } catch {
            throw ServerError(settings: error.description)
        }
        return libraries
    }

    private func startThreads() throws(ServerError) {
        for (index, worker) in workers.enumerated() {
            do throws(SystemError) {
                let thread = try Thread(name: "worker-\(index)") { [self] in
                    worker.run()
                    running.subtract(1, ordering: .acquiringAndReleasing)
                    System.raise(ended.number)
                }
                thread.detach()
            } catch {
                throw ServerError(error)
            }
        }
    }

    /// Every listener once for each worker, so that workers accept without sharing a queue.
    private static func openListeners(_ settings: Settings, workers: Int) throws(SystemError) -> [[ListeningSocket]] {
        var sockets: [[ListeningSocket]] = Array(repeating: [], count: workers)
        for listener in settings.listeners {
            try System.probe(listener.address)
            var address = listener.address
            for worker in 0..<workers {
                let socket = try System.listen(on: address)
                address = try System.localAddress(of: socket.number)
                sockets[worker].append(ListeningSocket(descriptor: socket.release(), address: address))
            }
        }
        return sockets
    }
}
