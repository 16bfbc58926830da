import Foundation

/// Clients that send one request after the other, on connections that they keep, until they are told to stop. Each counts what went wrong:
/// a connection that breaks between a request and its answer, an answer of another status, a connection that isn't taken.
///
/// A connection that ends while nothing is owed is no failure; the client opens another.
final class SteadyLoad: Sendable {
    /// What has happened so far.
    struct Count: Sendable {
        var answered = 0
        var connections = 0
        var failures: [String] = []
    }

    private let count = Guarded(Count())
    private let isOver = Guarded(false)
    private let threads: [Awaited<Bool>]

    /// - Parameters:
    ///   - request: sent again and again.
    ///   - status: of the answers, if all is well.
    init(
        to daemon: Daemon, clients: Int = 8, from source: String = "127.0.0.2", request: String = "GET / HTTP/1.1\r\nHost: t\r\n\r\n",
        status: Int = 200
    ) {
        let (port, count, isOver) = (daemon.port, count, isOver)
        threads = (0..<clients).map { _ in
            let done = Awaited<Bool>()
            Thread.detachNewThread {
                while !isOver.value { Self.serve(port, source, request, status, count, isOver) }
                done.resolve(true)
            }
            return done
        }
    }

    var soFar: Count { count.value }

    /// Blocks until at least `answers` have come; false if that takes longer than `seconds`.
    func wait(forAnswers answers: Int, seconds: Double = 120) -> Bool {
        count.wait(seconds: seconds) { $0.answered >= answers }
    }

    /// Lets every client finish its request, and tells what happened.
    func stop() -> Count {
        isOver.change { $0 = true }
        for thread in threads { _ = thread.wait(seconds: 60) }
        return count.value
    }

    /// One connection's life.
    private static func serve(
        _ port: UInt16, _ source: String, _ request: String, _ status: Int, _ count: Guarded<Count>, _ isOver: Guarded<Bool>
    ) {
        let method = String(request.prefix { $0 != " " })
        var sent = 0
        var isLate = false
        do {
            let client = try RawClient(port: port, from: source)
            count.change { $0.connections += 1 }
            var answered = Date()
            while !isOver.value {
                sent += 1
                let ending = client.trySending(Array(request.utf8))
                // A door that ends waits half a second for another request: nothing is owed to who stood still for nearly as long.
                isLate = sent > 1 && Date().timeIntervalSince(answered) > 0.4
                if let ending { throw Failure("send: \(ending)") }
                let answer = try client.response(to: method)
                answered = Date()
                count.change { count in
                    if answer.status == status { count.answered += 1 } else { count.failures.append("status \(answer.status)") }
                }
                if answer["connection"] == "close" { return client.close() }
            }
            client.close()
        } catch {
            if isLate { return }
            count.change { $0.failures.append("request \(sent) of a connection: \(error)") }
        }
    }
}
