import Testing

@testable import Gatekeeper

struct WorkerTests {
    /// A worker on a thread of its own, which the test ends by `stop`.
    private struct Scene {
        let worker: Worker
        let snapshot: Snapshot
        /// What its listener is bound to.
        let address: SocketAddress
        let journal: Journal
        let file = LogFile()

        /// - Parameter isBalanced: 127.0.0.1 must say whose its connections are.
        init(isBalanced: Bool = false) throws {
            let certificates = try TestCertificates.shared()
            let client = AddressPrefix(try PeerAddress(parsing: "127.0.0.1"))
            var listener = Settings.Listener(address: try SocketAddress(parsing: "127.0.0.1:0"))
            if isBalanced { listener.proxyProtocolFrom = [client] }
            var settings = Settings(
                listeners: [listener], tls: Settings.TLS(certificatePath: certificates.certificate, keyPath: certificates.key),
                allow: [Settings.AllowEntry(prefix: client)], upstream: Settings.Upstream(endpoint: .unix("/"), name: "nobody"))
            // Longer than a test waits for anything.
            settings.timeouts.handshakeMilliseconds = 20_000
            snapshot = try DryRun(settings).snapshot()
            var listeners = ListenerTable(workers: 1, inherited: [])
            let change = try listeners.change(to: [listener.address])
            address = listeners.addresses[0]
            journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: listeners.names)
            worker = try Worker(
                index: 0, snapshot: snapshot, journal: journal.writer(worker: 0), listeners: change.opened[0],
                firstUses: FirstUseNotices(), gauge: FloodGauge())
        }
    }

    @Test("a listener that a worker can't accept on is closed, and told to whoever keeps the table")
    func listenerFails() async throws {
        let scene = try Scene()
        let worker = scene.worker
        let thread = try Thread(name: "worker") { worker.run() }
        let socket = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
        let address = try System.localAddress(of: socket.number)
        // The settings have no word on who may come by it.
        let unknown = ListeningSocket(
            descriptor: socket.release(), wanted: try SocketAddress(parsing: "127.0.0.1:1"), address: address, index: 1)
        let lost = await worker.adopt(scene.snapshot, opening: [unknown], closing: [])
        #expect(lost == [unknown.descriptor])
        #expect(throws: SystemError.self) { try PeerSocket(connectingTo: address) }
        await worker.stop()
        thread.join()
        #expect(scene.journal.finishPatiently())
        #expect(try scene.file.lines().map { $0["event"] as? String } == ["listener_failed"])
    }

    @Test("a connection whose task hasn't begun when the worker is stopped ends with it", arguments: [false, true])
    func stopBeforeBegin(isBalanced: Bool) async throws {
        let scene = try Scene(isBalanced: isBalanced)
        let worker = scene.worker
        let thread = try Thread(name: "worker") { worker.run() }
        // By the second answer it accepts.
        for _ in 1...2 { await worker.answer() }
        let (held, released) = (Latch(1), Latch(1))
        Task(executorPreference: worker.loop) {
            held.finish()
            released.wait(milliseconds: 20_000)
        }
        held.wait(milliseconds: 20_000)
        // While it is held up: it will find the connection and the word to stop in one turn.
        let peer = try PeerSocket(connectingTo: scene.address)
        // From the load balancer itself: admitted as soon as that is read.
        if isBalanced { peer.send(Array("PROXY UNKNOWN\r\n".utf8)) }
        Task(executorPreference: worker.loop) { await worker.stop() }
        released.finish()
        #expect(peer.receive() != .nothing)
        thread.join()
        #expect(scene.journal.finishPatiently())
    }
}
