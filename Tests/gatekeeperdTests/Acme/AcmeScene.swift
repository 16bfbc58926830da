import Foundation
import Gatekeeper
import Synchronization

@testable import gatekeeperd

/// A folder, a clock and an authority, before which processes of ours come and go.
final class AcmeScene: Sendable {
    let folder: TemporaryFolder
    let clock = TurnedClock()
    let board: FakeBoard
    let authority: ScriptedAuthority

    init(records: String? = nil) throws {
        // As in the service: to write where nobody reads is an errno there.
        _ = signal(SIGPIPE, SIG_IGN)
        folder = try TemporaryFolder()
        board = FakeBoard(records: records)
        authority = try ScriptedAuthority(clock, board)
    }

    var state: String { folder.path }

    static let names = ["tickets.example.org"]

    static func settings(_ names: [String] = names, _ change: (inout AcmeSettings) -> Void = { _ in }) -> AcmeSettings {
        var settings = AcmeSettings(names: names, directory: ScriptedAuthority.root + "/dir")
        change(&settings)
        return settings
    }

    /// The end of a process at one of its steps: whatever it does afterwards fails.
    final class Crash: AcmeTransport {
        private let left: Atomic<Int>
        private let transport: any AcmeTransport
        private let losesAnswer: Bool

        /// - Parameter losesAnswer: whether the request at which it ends has been served.
        init(after steps: Int, _ transport: any AcmeTransport, losesAnswer: Bool) {
            left = Atomic(steps)
            self.transport = transport
            self.losesAnswer = losesAnswer
        }

        /// One step less.
        private func count() -> Int { left.subtract(1, ordering: .relaxed).newValue }

        var hasHappened: Bool { left.load(ordering: .relaxed) < 0 }

        func exchange(_ request: AcmeRequest) throws(AcmeError) -> UpstreamAnswer {
            let left = count()
            if left < 0 {
                if left == -1, losesAnswer { _ = try? transport.exchange(request) }
                throw .stopped
            }
            return try transport.exchange(request)
        }

        func write(_ path: String) throws(SystemError) {
            if count() < 0 { throw SystemError("write \(path)", code: EIO) }
        }
    }

    func renewer(
        _ settings: [AcmeSettings] = [settings()], crash: Crash? = nil, mayOrder: Bool = true,
        willChange: (@Sendable (String) throws(SystemError) -> Void)? = nil
    ) -> AcmeRenewer {
        var store = AcmeStore(root: AcmeSettings.root(state: state))
        if let crash { store.willChange = { path throws(SystemError) in try crash.write(path) } }
        if let willChange { store.willChange = willChange }
        let random = Mutex(SeededGenerator(seed: 7))
        let surroundings = AcmeRenewer.Surroundings(
            transport: crash ?? authority, board: board, clock: clock.clock, random: { random.withLock { $0.next() } },
            mayOrder: { mayOrder })
        let renewer = AcmeRenewer(
            store, surroundings,
            pause: { [clock] milliseconds in
                clock.turn(milliseconds: Int(milliseconds))
                return !(crash?.hasHappened ?? false)
            }, publish: { _ in })
        renewer.follow(settings)
        return renewer
    }

    /// Passes, and turns the clock to when the next pass is due, until so much time is over; more at a time where there is nothing to do.
    func run(_ renewer: AcmeRenewer, milliseconds: Int64, each: () -> Void = {}) {
        let end = clock.now.wallTime.advanced(byMilliseconds: milliseconds)
        let step = min(max(60_000, Int(milliseconds) / 200), 900_000)
        while clock.now.wallTime < end {
            let wait = renewer.pass()
            each()
            // It comes back each minute though there is nothing to do, in case that the calendar jumps.
            clock.turn(milliseconds: wait < 60_000 ? Int(wait) : step)
        }
    }

    // MARK: What came of it

    func certificatePath(_ names: [String] = names) -> String { Self.settings(names).files(state: state).path }

    /// The certificate that would be served; nil when it and its key don't fit, or there is none.
    func served(_ names: [String] = names) -> CertificateChain.Certificate? {
        var files = Self.settings(names).files(state: state)
        // One that isn't there is none.
        files.awaitedFor = nil
        guard (try? DryRun(.empty).load(files)) != nil else { return nil }
        return try? CertificateChain(path: files.path).leaf
    }

    var calls: [String] { authority.state.withLock(\.calls) }
    var complaints: [String] { authority.state.withLock(\.complaints) }
    var orderCount: Int { authority.state.withLock(\.orders.count) }
    var issuedCount: Int { authority.state.withLock(\.issuedAt.count) }
    var accountCount: Int { authority.state.withLock(\.accounts.count) }
}
