@testable import Gatekeeper

/// What the peers of a simulation have said and heard: whatever doesn't fit together is a failure.
final class Ledger {
    final class Request {
        let id: String
        let source: PeerAddress
        let method: String
        let target: String
        let body: [UInt8]
        /// A 100 is asked for.
        let expects: Bool
        /// The client has begun to send it.
        var isBegun = false
        /// Each time that its head went to an upstream.
        var sightings: [Sighting] = []
        /// What the client has got whole.
        var answer: Answer?
        var ownStatus = 0
        /// Final heads that the client has got.
        var heads = 0
        /// Lines in the log, and what the last one says.
        var records = 0
        var outcome: Outcome?

        init(id: String, source: PeerAddress, method: String, target: String, body: [UInt8], expects: Bool) {
            self.id = id
            self.source = source
            self.method = method
            self.target = target
            self.body = body
            self.expects = expects
        }

        var outcomeText: String { outcome.map { "\($0)" } ?? "none" }

        /// RFC 9110 §9.2.2.
        var isIdempotent: Bool { method != "POST" && method != "PATCH" }
    }

    /// A request as one upstream connection has it.
    final class Sighting {
        unowned let connection: ScriptedUpstream
        let bytesReadBefore: Int
        var bodyCount = 0
        var isComplete = false
        var answer: Answer?

        init(_ connection: ScriptedUpstream) {
            self.connection = connection
            bytesReadBefore = connection.wire.socket.bytesRead
        }
    }

    /// What an upstream says to a request.
    final class Answer {
        let id: String
        unowned let request: Request
        let status: Int
        /// As the client is to get it.
        let body: [UInt8]
        /// All of it has been sent, with whatever says that it is all.
        var isWhole = false
        /// Another request may follow, as far as the upstream is concerned.
        var mayKeep = true

        init(id: String, to request: Request, status: Int, body: [UInt8]) {
            self.id = id
            self.request = request
            self.status = status
            self.body = body
        }
    }

    private let kernel: SimulatedKernel
    private(set) var requests: [String: Request] = [:]
    private var answers: [String: Answer] = [:]
    /// Sources that aren't listed, since which turn.
    private var revoked: [PeerAddress: Int] = [:]
    var reusesAfterBody = false
    private var shownClients: [SocketAddress: String] = [:]

    init(_ kernel: SimulatedKernel) {
        self.kernel = kernel
    }

    func fail(_ text: String) { kernel.fail(text) }

    // MARK: Clients

    func add(_ request: Request) {
        requests[request.id] = request
    }

    /// A client has got the head of a final answer.
    func begin(_ head: MessageReader.Head, to request: Request) {
        request.heads += 1
        if request.heads > 1 { fail("\(request.id) is answered \(request.heads) times") }
        guard let id = head.value("x-answer") else {
            request.ownStatus = head.status
            if !Self.ownStatuses.contains(head.status) { fail("\(request.id) is answered \(head.status), and no upstream has") }
            return
        }
        guard let answer = answers[id] else { return fail("\(request.id) is answered by \(id), which nobody has sent") }
        if answer.request !== request { fail("\(request.id) gets the answer to \(answer.request.id)") }
        if answer.status != head.status { fail("\(request.id) is answered \(head.status), the upstream said \(answer.status)") }
    }

    /// What a client has got looks complete to it.
    func complete(_ head: MessageReader.Head, _ body: [UInt8], to request: Request) {
        guard let answer = head.value("x-answer").flatMap({ answers[$0] }) else { return }
        request.answer = answer
        if !answer.isWhole { fail("\(request.id): \(body.count) bytes of \(answer.id) look complete, and the upstream hasn't sent all") }
        let expected = request.method == "HEAD" ? [] : answer.body
        if body != expected {
            fail("\(request.id): the body of \(answer.id) has \(expected.count) bytes, \(body.count) have come, or others")
        }
    }

    private static let ownStatuses: Set<Int> = [400, 403, 408, 411, 413, 421, 429, 431, 502, 503, 504]

    // MARK: Upstreams

    /// A port is one client's, unless a load balancer says so of all of them.
    func see(_ request: Request, shownAs client: SocketAddress) {
        guard client.port != Scenario.balancedPort else { return }
        let name = String(request.id.prefix { $0 != "-" })
        if let other = shownClients.updateValue(name, forKey: client), other != name {
            fail("\(request.id) is shown as \(client), which \(other) was")
        }
    }

    /// The head of a request is with the kernel, on its way to an upstream.
    func see(_ head: MessageReader.Head, on connection: ScriptedUpstream) -> (Request, Sighting)? {
        let words = head.words
        let id = words[1].split(separator: "/").first.map { String($0.prefix { $0 != "?" }) } ?? ""
        guard let request = requests[id] else {
            fail("an upstream sees \(head.start), which nobody has sent")
            return nil
        }
        if words[0] != request.method || words[1] != request.target {
            fail("\(id) is \(request.method) \(request.target), and becomes \(head.start)")
        }
        let source = AddressText(request.source)
        let text = unsafe source.bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        if head.value("x-forwarded-for") != text {
            fail("\(id) is \(text)'s, and is told to be \(head.value("x-forwarded-for") ?? "nobody")'s")
        }
        let declared = MessageReader.request(head) ?? .none
        if request.body.isEmpty != (declared == .none || declared == .length(0)) {
            fail("\(id) has a body of \(request.body.count), told as \(declared)")
        }
        if case .length(let count) = declared, count != request.body.count { fail("\(id): its length is told as \(count)") }
        if let turn = revoked[request.source] {
            fail("\(id) reaches an upstream in turn \(kernel.turn), its address left the list in \(turn)")
        }
        if connection.source != nil, connection.source != request.source { fail("\(id) goes over a connection of another source") }
        checkRepetition(of: request)
        let sighting = Sighting(connection)
        request.sightings.append(sighting)
        return (request, sighting)
    }

    private func checkRepetition(of request: Request) {
        guard let last = request.sightings.last else { return }
        if request.sightings.count > 1 { fail("\(request.id) is sent a third time") }
        let hasActed = last.bodyCount > 0 || (request.body.isEmpty)
        if !request.isIdempotent, hasActed {
            fail("\(request.id), a \(request.method), is sent again, and was sent with \(last.bodyCount) bytes of its body")
        }
        if last.connection.wire.socket.bytesRead > last.bytesReadBefore, !last.connection.isSealed {
            fail("\(request.id) is sent again after an answer had begun")
        }
    }

    func see(_ bytes: [UInt8], of request: Request, _ sighting: Sighting) {
        let range = sighting.bodyCount..<sighting.bodyCount + bytes.count
        guard range.upperBound <= request.body.count, request.body[range].elementsEqual(bytes) else {
            return fail("\(request.id): bytes \(range) of its body aren't what was sent")
        }
        sighting.bodyCount += bytes.count
    }

    func seeEnd(of request: Request, _ sighting: Sighting) {
        sighting.isComplete = true
        if sighting.bodyCount != request.body.count {
            fail("\(request.id): its body ends after \(sighting.bodyCount) of \(request.body.count)")
        }
    }

    func add(_ answer: Answer) {
        answers[answer.id] = answer
    }

    // MARK: The list

    func revoke(_ source: PeerAddress) { revoked[source] = kernel.turn }
    func grant(_ source: PeerAddress) { revoked[source] = nil }

    // MARK: The log

    /// A line for an exchange.
    func record(path: String, outcome: Outcome) {
        guard let id = path.split(separator: "/").first, let request = requests[String(id)] else { return }
        request.records += 1
        request.outcome = outcome
    }

    /// When everything is over.
    func close(isCalm: Bool) {
        for request in requests.values.sorted(by: { $0.id < $1.id }) {
            let hasBegun = !request.sightings.isEmpty || request.heads > 0
            if request.records > 1 || (request.records == 0 && !request.sightings.isEmpty) {
                fail("\(request.id) has \(request.records) lines in the log")
            }
            let isCompleted = request.outcome == .completed || request.outcome == .drained
            if request.answer != nil, request.records > 0, !isCompleted {
                fail("\(request.id) was answered whole, and its outcome is \(request.outcomeText)")
            }
            if isCalm, request.isBegun, request.answer == nil {
                fail(
                    "\(request.id) is left without an answer: \(request.method), \(request.sightings.count) sightings, "
                        + "\(hasBegun ? "answered \(request.ownStatus)" : "nothing came"), outcome \(request.outcomeText)")
            }
        }
    }
}
