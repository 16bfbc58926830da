internal import Gatekeeper

/// A process of the binary that now stands at our path, on its way to take over.
///
/// ```
///   SIGUSR2 ─▶ started with our listening sockets ─▶ it serves, beside us ─▶ it says so ─▶ we drain, and end what it revokes
///                          └── it ends, or says nothing in time ─▶ we stay
/// ```
///
/// Both accept on the same sockets, so that no connection meets a closed door in between.
final class Successor {
    let process: Int32
    /// Readable when it serves, at its end when it never will.
    var number: Int32 { reading.number }
    /// When we stop waiting for it.
    let deadline: Instant

    private let reading: Descriptor
    /// Its complaints so far.
    private var said: [UInt8] = []

    private static let bytesKept = 1_000

    private static let patienceMilliseconds = 60_000

    enum Outcome {
        case serves
        /// And what it said itself, which may be nothing.
        case failed(String, words: String)
    }

    /// - Parameters:
    ///   - program: the binary's path, found out at our own start.
    ///   - history: the descriptor of the file with what was counted.
    init(program: String, arguments: [String], sockets: [InheritedListener], history: Int32?, at now: Instant) throws(SystemError) {
        let pipe = try ReadinessPipe()
        let descriptors = [pipe.writing.number] + sockets.flatMap(\.descriptors) + (history.map { [$0] } ?? [])
        // Numbers above all of ours, so that none is overwritten before it was copied.
        let first = (descriptors.max() ?? 2) + 1
        let passed = zip(descriptors, first...).map { ($0, as: $1) }
        let (others, last) = history == nil ? (passed, nil) : (passed.dropLast(), passed.last?.as)
        let environment = InheritedSockets.environment(passing: others.map(\.as), history: last)
        process = try Program.start(program, arguments, environment: environment, streams: .inherited, passing: passed)
        reading = pipe.forReading()
        deadline = now.advanced(byMilliseconds: Self.patienceMilliseconds)
    }

    /// What has come of it; nil while it is on its way.
    func outcome(isReadable: Bool, at now: Instant) -> Outcome? {
        if isReadable {
            switch ReadinessPipe.hear(reading) {
            case .serves: return .serves
            case .nothing: return .failed(end(), words: words)
            case .text(let text): said = Array((said + text).prefix(Self.bytesKept))
            }
        }
        guard now >= deadline else { return nil }
        abandon()
        return .failed("it did not serve within \(Self.patienceMilliseconds / 1_000) seconds", words: words)
    }

    /// Whether it serves by something else since the last time; asked while we drain.
    func hasNews() -> Bool {
        Poll.wait(for: number, milliseconds: 0) && ReadinessPipe.hasSpoken(reading)
    }

    /// It is not to take over.
    func abandon() {
        Program.kill(process)
        _ = end()
    }

    private var words: String {
        let lines = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline).map { VisibleText.of(String($0)) }
        return ConcealedValues.hide(in: lines.joined(separator: "; "))
    }

    private func end() -> String {
        guard let status = try? Program.wait(for: process, called: "the new binary") else { return "it ended" }
        return status < 128 ? "it exited with status \(status)" : "signal \(status - 128) ended it"
    }
}
