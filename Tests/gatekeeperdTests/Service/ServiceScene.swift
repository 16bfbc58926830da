import Foundation
import Gatekeeper

@testable import gatekeeperd

/// A service in a folder of its own, on a server that serves nobody and by clocks that the test turns.
final class ServiceScene {
    let folder: ScratchFolder
    let clock = TurnedClock()
    let plane = FakeDataPlane()
    let signals = FakeSignals()
    let service: Service

    /// Signals that the test sends.
    final class FakeSignals: SignalSource {
        var waiting: [SignalDescriptor.Signal] = []
        var number: Int32 { -1 }

        func next() -> SignalDescriptor.Signal? { waiting.isEmpty ? nil : waiting.removeFirst() }
    }

    /// - Parameters:
    ///   - allow: the list, as it stands in the file.
    ///   - more: other keys of the configuration.
    ///   - hasLedger: as with a state folder; a disk is what costs a test most.
    init(
        allow: String = "[192.0.2.1]", _ more: String = "", tls: String = "certificate: chain.pem, key: key.pem",
        files: [String: String] = [:], environment: [String: String] = [:], hasLedger: Bool = true
    ) throws {
        let more = tls.contains("acme") ? more + "\nstate: state" : more
        let own = ["chain.pem": "", "key.pem": "", "gatekeeper.yaml": Self.text(allow: allow, more, tls: tls)]
        let folder = try ScratchFolder(files.merging(own) { given, _ in given })
        self.folder = folder
        let now = clock.now
        let source = ConfigurationSource(file: folder.file("gatekeeper.yaml"), flags: [])
        let reading = try source.read()
        let parts = ServiceParts(
            by: reading.configuration, on: plane, ledger: hasLedger ? ServiceLedger(folder: folder.path, at: now.wallTime) : nil,
            notification: ServiceNotification { environment[$0] }, clock: clock.clock, at: now)
        service = Service(reading, from: source, log: try LogFile(.file(folder.file("log"))), parts: parts, at: now)
    }

    var now: WallTime { clock.now.wallTime }
    var configuration: ConfigurationInForce { service.configuration }
    var ledger: ServiceLedger? { service.parts.ledger }

    func loop() -> ServiceLoop { ServiceLoop(service, signals: signals) }

    /// Has what is due done.
    func pass() { for part in service.timedParts { part.pass(at: clock.now) } }

    func write(_ text: String, to name: String = "gatekeeper.yaml") throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
    }

    @discardableResult
    func apply(_ text: String, confirmWithinSeconds seconds: Int?) throws -> ReloadReport {
        try write(text, to: "other.yaml")
        return try service.apply(
            file: folder.file("other.yaml"), confirmWithinSeconds: seconds, by: GrantScene.alice, at: now)
    }

    static func text(
        allow: String = "[192.0.2.1]", _ more: String = "", tls: String = "certificate: chain.pem, key: key.pem"
    ) -> String {
        """
        listen: 127.0.0.1:0
        tls: {\(tls)}
        allow: \(allow)
        upstream: {url: "http://127.0.0.1:8080"}
        \(more)
        """
    }
}
