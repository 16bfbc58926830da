internal import Gatekeeper

/// One client of the control socket: it sends a line, gets a line, and is gone.
///
/// ```
///   asking ──a whole line──▶ (service) ──reply──▶ answering ──all taken──▶ over
///      └──────too long──────────────────────────────▲   deadline, gone ──▶ over
/// ```
///
/// One request a connection: then there is never a second one waiting behind bytes that the client doesn't read.
final class ControlConversation: Conversation {
    private let stream: UnixStream
    private let requester: Requester
    private var state: State
    private(set) var deadline: Instant

    static let requestBytesMax = 64 << 10
    /// For a whole request to arrive, and again for the whole answer to be taken; not begun anew by each byte.
    static let timeoutMilliseconds = 10_000

    private static let receiveBytesMax = 4096

    private enum State {
        case asking([UInt8])
        case answering(ArraySlice<UInt8>)
        case over
    }

    init(_ stream: consuming UnixStream, requester: Requester, at now: Instant) {
        self.stream = stream
        self.requester = requester
        state = .asking([])
        deadline = now.advanced(byMilliseconds: Self.timeoutMilliseconds)
    }

    var number: Int32 { stream.number }

    /// What is to be waited for next; nil when it is over.
    var next: ReadinessSet.Interest? {
        switch state {
        case .asking: .readable
        case .answering: .writable
        case .over: nil
        }
    }

    /// Goes as far as it can without waiting.
    func advance(_ service: some ControlledService, by clock: ControlClock) {
        if case .asking(let before) = state { ask(before, service, clock) }
        if case .answering(let rest) = state { answer(rest) }
    }

    /// The deadline has passed. Who was too slow to ask is told so if that costs no waiting.
    func timeOut() {
        if case .asking = state { answer(ControlReply(ControlFailure(.timeout, "no whole request came in time")).line[...]) }
        state = .over
    }

    private func ask(_ before: [UInt8], _ service: some ControlledService, _ clock: ControlClock) {
        var line = before
        // The array has one owner again, so that a client which sends byte by byte doesn't have it copied for each.
        state = .asking([])
        while line.count <= Self.requestBytesMax {
            switch stream.receive(bytesMax: min(Self.receiveBytesMax, Self.requestBytesMax + 1 - line.count)) {
            case .wouldBlock:
                state = .asking(line)
                return
            case .ended:
                state = .over
                return
            case .bytes(let bytes):
                line += bytes
                guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { continue }
                guard end == bytes.count - 1 else {
                    return begin(ControlReply(ControlFailure(.invalid, "a connection carries one request")), clock)
                }
                return begin(reply(to: line.dropLast(), service, clock.now().wallTime), clock)
            }
        }
        let limit = Quantity.describe(bytes: Self.requestBytesMax)
        begin(ControlReply(ControlFailure(.invalid, "a request has at most \(limit)")), clock)
    }

    private func begin(_ reply: ControlReply, _ clock: ControlClock) {
        state = .answering(reply.line[...])
        // Asking may have taken the service a while.
        deadline = clock.now().instant.advanced(byMilliseconds: Self.timeoutMilliseconds)
    }

    private func answer(_ rest: ArraySlice<UInt8>) {
        var rest = rest
        while !rest.isEmpty {
            guard let count = stream.send(rest) else {
                state = .over
                return
            }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        state = rest.isEmpty ? .over : .answering(rest)
    }

    private func reply(to line: [UInt8], _ service: some ControlledService, _ now: WallTime) -> ControlReply {
        do {
            switch try ControlRequest(Array(line)) {
            case .status: return service.status(at: now).reply(at: now)
            case .reload: return service.reload(by: requester, at: now).reply(at: now)
            case .apply(let file, let seconds):
                return try service.apply(file: file, confirmWithinSeconds: seconds, by: requester, at: now).reply(at: now)
            case .confirm: return try service.confirm(by: requester, at: now).reply
            case .grant(let request): return try service.grant(request, by: requester, at: now).reply(at: now)
            case .grants(let all): return Self.reply(try service.grants(all: all, at: now), at: now)
            case .revoke(let address): return try service.revoke(address, by: requester, at: now).reply(at: now)
            case .lists: return ListReport.reply(service.lists(), at: now)
            case .acceptList(let label, let digest):
                let (report, taken) = try service.acceptList(label, digest: digest, by: requester, at: now)
                return report.reply(taken: taken)
            case .lockdown(let keep, let seconds):
                return try service.lockdown(keep: keep, seconds: seconds, by: requester, at: now).reply(at: now)
            case .endLockdown: return try service.endLockdown(by: requester, at: now).reply(at: now)
            case .notifyTest: return Self.reply(service.testNotifiers(at: now))
            case .notifiers: return Self.reply(service.notifiers())
            case .certificates: return service.certificates(at: now).reply(at: now)
            case .renewCertificates(let name, let isUndue):
                return try service.renewCertificates(name, isUndue: isUndue, by: requester, at: now).reply(at: now)
            case .tryOrders(let name): return try service.tryOrders(name, at: now).reply(at: now)
            case .openChallenge(let request): return try service.openChallenge(request, by: requester, at: now).openedReply(at: now)
            case .closeChallenge(let name): return try service.closeChallenge(name, by: requester).closedReply
            case .digest(let query): return try service.digest(query, at: now).reply
            case .denials(let query): return try service.denials(query, at: now).reply
            case .learned(let query): return ControlReply(result: try service.learned(query, at: now).json, text: "")
            }
        } catch {
            return ControlReply(error)
        }
    }

    private static func reply(_ notifiers: [NotifierState]) -> ControlReply {
        ControlReply(
            result: .object(of: ("notifiers", .array(notifiers.map(\.json)))),
            text: notifiers.compactMap(\.testLine).joined(separator: "\n"))
    }

    private static func reply(_ grants: [Grant], at now: WallTime) -> ControlReply {
        let shown = grants.prefix(GrantBook.countMax)
        let text = shown.isEmpty ? "no grants" : shown.map { $0.text(at: now) }.joined(separator: "\n")
        return ControlReply(result: .object(of: ("grants", .array(shown.map(\.json)))), text: text)
    }
}
