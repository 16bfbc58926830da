import CLinux
import Foundation
import Glibc

/// A ticket system that does exactly what its script says, on a port (or UNIX socket) of its own; every request that reached it is kept.
///
/// It ends, with every connection of its, when it is released.
final class ScriptedUpstream: Sendable {
    /// What to put behind `--upstream`.
    let url: String
    private let listener: Int32
    private let record = Record()

    /// Listens on 127.0.0.1 (or on another `address`, which includes that), or on a UNIX socket at `path`, in clear or with `tls`, and runs
    /// `script` on a thread for each connection.
    init(path: String? = nil, address: String = "127.0.0.1", tls: TLSServer? = nil, _ script: UpstreamScript) throws {
        var name = if let path { try SocketName(path: path) } else { try SocketName(address, port: 0) }
        let listener = socket(name.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard unsafe name.withPointer({ unsafe bind(listener, $0, $1.pointee) }) == 0, listen(listener, 4096) == 0 else {
            throw Failure("cannot listen: error \(errno)")
        }
        self.listener = listener
        let scheme = tls == nil ? "http" : "https"
        url = if let path { "unix:\(path)" } else { "\(scheme)://127.0.0.1:\(SocketName(of: listener).port)" }
        let record = record
        Self.start { Self.accept(on: listener, tls, script, record) }
    }

    deinit {
        stop()
    }

    /// Heads and bodies (up to 1 MiB) in the order in which their last byte arrived.
    var requests: [RawMessage] { record.requests }

    /// How many were ever accepted.
    var connectionCount: Int { record.connections.count }

    /// How many connected and didn't come through TLS's handshake.
    var failedHandshakes: Int { record.handshakesFailed }

    /// Waits until at most `count` connections are open; returns how many are when that is so or the time is up.
    func waitForOpenConnections(atMost count: Int, seconds: Double = 30) -> Int {
        record.waitForOpen(atMost: count, seconds: seconds)
    }

    /// Waits until `count` connections have been accepted; throws if they haven't in time.
    func waitForConnections(_ count: Int, seconds: Double = 30) throws {
        guard record.waitForAccepted(count, seconds: seconds) else { throw Failure("fewer than \(count) connections reached the upstream") }
    }

    /// The requests once there are `count`; throws if there aren't in time.
    @discardableResult
    func waitForRequests(_ count: Int, seconds: Double = 30) throws -> [RawMessage] {
        let requests = record.wait(for: count, seconds: seconds)
        guard requests.count >= count else { throw Failure("\(requests.count) requests reached the upstream, not \(count)") }
        return requests
    }

    /// Ends the listener and every connection at once, as a ticket system that crashed.
    func stop() {
        guard record.stop() else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        closeConnections()
    }

    /// Ends the connections there are and goes on listening.
    func closeConnections() {
        for connection in record.connections { connection.abort() }
    }

    /// The listening thread; the descriptor is its to close.
    private static func accept(on listener: Int32, _ tls: TLSServer?, _ script: UpstreamScript, _ record: Record) {
        var count = 0
        while true {
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            // SAFETY: both outlive the call, which writes no more than `length` says.
            let descriptor = unsafe clinux_accept4(listener, &peer, &length, Int32(SOCK_CLOEXEC.rawValue))
            if descriptor < 0 && errno == EINTR { continue }
            guard descriptor >= 0 else { break }
            count += 1
            let (number, socket) = (count, PlainSocket(adopting: descriptor))
            // Who comes while it is stopped is let go. The number is this thread's until `stop` has ended the listener by it.
            guard let tls else {
                _ = serve(ScriptedConnection(number: number, socket) { record.keep($0) }, script, record)
                continue
            }
            start {
                guard let session = tls.accept(socket) else { return record.noteFailedHandshake() }
                _ = serve(ScriptedConnection(number: number, socket, session) { record.keep($0) }, script, record)
            }
        }
        close(listener)
    }

    /// False once stopped.
    private static func serve(_ connection: ScriptedConnection, _ script: UpstreamScript, _ record: Record) -> Bool {
        guard record.add(connection) else { return false }
        start {
            // What a script meets when the proxy hangs up is its own affair: tests look at what arrived.
            try? script.run(connection)
            connection.finish()
            record.end(connection)
        }
        return true
    }

    /// A thread with a small stack: there may be thousands.
    private static func start(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.stackSize = 256 << 10
        thread.start()
    }

    /// What the threads write and the test reads.
    ///
    /// `@unchecked`: everything mutable is touched only with `condition` held.
    private final class Record: @unchecked Sendable {
        private let condition = NSCondition()
        private var accepted: [ScriptedConnection] = []
        private var ended = 0
        private var kept: [RawMessage] = []
        private var isStopped = false
        private var failedHandshakes = 0

        var requests: [RawMessage] { condition.withLock { kept } }
        var connections: [ScriptedConnection] { condition.withLock { accepted } }

        var handshakesFailed: Int { condition.withLock { failedHandshakes } }

        func noteFailedHandshake() { condition.withLock { failedHandshakes += 1 } }

        func keep(_ request: RawMessage) {
            condition.withLock {
                kept.append(request)
                condition.broadcast()
            }
        }

        /// False once stopped.
        func add(_ connection: ScriptedConnection) -> Bool {
            condition.withLock {
                if !isStopped { accepted.append(connection) }
                condition.broadcast()
                return !isStopped
            }
        }

        func end(_ connection: ScriptedConnection) {
            condition.withLock {
                ended += 1
                condition.broadcast()
            }
        }

        func waitForAccepted(_ count: Int, seconds: Double) -> Bool {
            let deadline = Date(timeIntervalSinceNow: seconds)
            return condition.withLock {
                while accepted.count < count, condition.wait(until: deadline) {}
                return accepted.count >= count
            }
        }

        func waitForOpen(atMost count: Int, seconds: Double) -> Int {
            let deadline = Date(timeIntervalSinceNow: seconds)
            return condition.withLock {
                while accepted.count - ended > count, condition.wait(until: deadline) {}
                return accepted.count - ended
            }
        }

        /// False if it was stopped before.
        func stop() -> Bool {
            condition.withLock {
                defer { isStopped = true }
                return !isStopped
            }
        }

        func wait(for count: Int, seconds: Double) -> [RawMessage] {
            let deadline = Date(timeIntervalSinceNow: seconds)
            return condition.withLock {
                while kept.count < count, condition.wait(until: deadline) {}
                return kept
            }
        }
    }
}
