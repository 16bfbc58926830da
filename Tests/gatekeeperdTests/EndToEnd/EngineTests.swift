import Foundation
import Testing

@Suite("The engine: who runs what")
struct EngineTests {
    @Test("under load there are the workers, the journal and the main thread, and the workers do the work")
    func threads() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 2")
        let start = try Self.mainMilliseconds(of: daemon)
        let load = try (1...4).map { _ in try Load(on: daemon) }
        let expected = ["gatekeeperd", "journal", "worker-0", "worker-1"]
        // While requests pass, not only between them: the global pool would start its threads when the first job lands there.
        for number in 1...40 {
            load.forEach { $0.waitForExchanges(number * 25) }
            let names = try daemon.facts.threads.map(\.name).sorted()
            #expect(names == expected)
        }
        let threads = try daemon.facts.threads
        let workers = threads.filter { $0.name.hasPrefix("worker-") }.map(\.cpuMilliseconds).reduce(0, +)
        let main = try Self.mainMilliseconds(of: daemon) - start
        #expect(workers > 0)
        #expect(main <= workers / 4 + 20, "the control thread sleeps while workers serve: \(threads)")
        for one in load { #expect(one.stop() == nil) }
    }

    /// What the main thread has used of the processor.
    private static func mainMilliseconds(of daemon: Daemon) throws -> Int {
        try daemon.facts.threads.filter { $0.name == "gatekeeperd" }.map(\.cpuMilliseconds).reduce(0, +)
    }

    @Test("there are as many workers as asked for", arguments: [1, 3])
    func workerCount(count: Int) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: \(count)")
        let workers = (0..<count).map { "worker-\($0)" }
        for _ in 1...10 { #expect(try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200) }
        #expect(try daemon.facts.threads.map(\.name).sorted() == ["gatekeeperd", "journal"] + workers)
    }

    @Test("an idle daemon burns nothing")
    func idle() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let clients = try (1...20).map { _ in try RawClient(to: daemon) }
        for client in clients { #expect(try client.exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200) }
        let before = try daemon.facts.threads.map(\.cpuMilliseconds).reduce(0, +)
        #expect(daemon.log.first(seconds: 1) { $0.event == "never" } == nil)
        let after = try daemon.facts.threads.map(\.cpuMilliseconds).reduce(0, +)
        #expect(after - before <= 100, "a spinning loop takes the whole second")
    }

    /// A thread that asks again and again over one connection.
    ///
    /// `@unchecked`: everything mutable is touched only with `condition` held.
    private final class Load: @unchecked Sendable {
        private let condition = NSCondition()
        private var exchanges = 0
        private var isStopped = false
        private var failure: String?
        private let ended = Awaited<Bool>()

        init(on daemon: Daemon) throws {
            let port = daemon.port
            Thread.detachNewThread { [self] in
                do {
                    let client = try RawClient(port: port)
                    while !condition.withLock({ isStopped }) {
                        let answer = try client.exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                        guard answer.status == 200 else { throw Failure(answer.startLine) }
                        condition.withLock {
                            exchanges += 1
                            condition.broadcast()
                        }
                    }
                } catch {
                    condition.withLock {
                        failure = "\(error)"
                        condition.broadcast()
                    }
                }
                ended.resolve(true)
            }
        }

        func waitForExchanges(_ count: Int) {
            let deadline = Date(timeIntervalSinceNow: 60)
            condition.withLock {
                while exchanges < count, failure == nil, condition.wait(until: deadline) {}
            }
        }

        /// Why it ended before it was told to.
        func stop() -> String? {
            condition.withLock { isStopped = true }
            _ = ended.wait(seconds: 60)
            return condition.withLock { failure }
        }
    }
}
