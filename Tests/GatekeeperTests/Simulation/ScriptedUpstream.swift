@testable import Gatekeeper

/// One connection at a ticket system that behaves by seed: what arrives, and what is done about it.
final class ScriptedUpstream: WireOwner {
    /// How it answers.
    struct Manners {
        /// In thousandths, of answers.
        var chunked = 300
        var untilClose = 100
        var bodiless = 100
        var interim = 50
        var closing = 100
        var http10 = 0
        /// Before the request is through.
        var early = 0
        var silent = 0
        var truncated = 0
        var resetting = 0
        var malformed = 0
        /// Bytes behind the answer.
        var stray = 0
        /// Without a word, after an answer.
        var leaving = 0
        var vanishing = 0
        /// Reads no body.
        var unread = 0
        var delayMillisecondsMax = 20
        var bodyMax = 3_000
    }

    private var ownWire: Wire?
    var wire: Wire {
        guard let ownWire else { preconditionFailure("a peer has a wire from its beginning") }
        return ownWire
    }
    private let kernel: SimulatedKernel
    private let ledger: Ledger
    private let manners: Manners
    private let number: Int
    private var random: SeededGenerator
    private let tls: PeerSession?
    /// How it is shown clients, and what it has been shown on the way here and by what has arrived.
    private let clientAddress: Settings.Upstream.ClientAddress
    private var acceptedIntroduction: IntroductionReader
    private var arrivedIntroduction: IntroductionReader
    /// What the core's kernel has taken, and what has arrived.
    private var accepted = MessageReader()
    private var arrived = MessageReader()
    private var seen: (request: Ledger.Request, sighting: Ledger.Sighting)?
    private var asked: Ledger.Request?
    /// Whose requests it carries.
    private(set) var source: PeerAddress?
    private var answers = 0
    private var last: Ledger.Answer?
    private var lastRequest: Ledger.Request?
    /// What was sent when the head of the last answer was; by then the core knows that it is answered.
    private var headEnd = Int.max
    private var sentBytes = 0
    /// Where what belongs to no answer begins.
    private var strayStart = Int.max
    private var isOver = false
    private var readsOn = true

    /// What travels can't be read on its way.
    var isSealed: Bool { tls != nil }

    init(
        _ kernel: SimulatedKernel, _ ledger: Ledger, _ socket: SimulatedSocket, _ manners: Manners, tls: PeerSession.Context?,
        _ clientAddress: Settings.Upstream.ClientAddress
    ) {
        self.clientAddress = clientAddress
        acceptedIntroduction = IntroductionReader(isExpected: clientAddress.proxyProtocol == .v2)
        arrivedIntroduction = acceptedIntroduction
        self.kernel = kernel
        self.ledger = ledger
        self.manners = manners
        number = socket.number
        random = kernel.random.fork()
        self.tls = tls.map { PeerSession($0, isServer: true, version: .tls13) }
        ownWire = Wire(kernel, socket, self, random: kernel.random.fork())
    }

    // MARK: On its way

    func accepted(_ bytes: [UInt8]) {
        let bytes = acceptedIntroduction.take(bytes)
        if acceptedIntroduction.isWrong { ledger.fail("connection \(number) to an upstream begins with no PROXY header") }
        if tls == nil, !bytes.isEmpty { watch(bytes) }
    }

    /// Checks whose requests come, by what was shown.
    private func checkShown(_ request: Ledger.Request) {
        let source = request.source
        if let header = acceptedIntroduction.header {
            guard case .address(let shown) = header.source, shown.address == source else {
                return ledger.fail("connection \(number) carries a request of \(source), and shows \(header.source)")
            }
            ledger.see(request, shownAs: shown)
        }
        let wanted = clientAddress.source == .client ? source : nil
        if wire.socket.boundTo?.address != wanted {
            ledger.fail("connection \(number) carries a request of \(source), and comes from \(String(describing: wire.socket.boundTo))")
        }
    }

    /// Checks what is sent here.
    private func watch(_ bytes: [UInt8]) {
        if accepted.isBetweenMessages, lastRequest != nil { checkReuse(bytes) }
        accepted.append(bytes)
        while let event = accepted.next(MessageReader.request) {
            switch event {
            case .head(let head):
                seen = ledger.see(head, on: self)
                guard let seen else { return }
                source = seen.request.source
                checkShown(seen.request)
                lastRequest = seen.request
                last = nil
                headEnd = .max
            case .body(let bytes):
                seen.map { ledger.see(bytes, of: $0.request, $0.sighting) }
                if wire.socket.bytesReadEarlier >= headEnd, tls == nil {
                    ledger.fail("connection \(number): a body goes on behind its answer")
                }
            case .end: seen.map { ledger.seeEnd(of: $0.request, $0.sighting) }
            case .malformed(let text): ledger.fail("connection \(number) to an upstream carries what is no request: \(text)")
            }
        }
    }

    /// Another request begins here.
    private func checkReuse(_ bytes: [UInt8]) {
        guard let request = lastRequest else { return }
        let socket = wire.socket
        let isCertain =
            !["G", "H", "D", "O"].contains(String(decoding: bytes.prefix(1), as: UTF8.self)) && !(bytes.starts(with: Array("PUT".utf8)))
        if last?.isWhole != true { ledger.fail("connection \(number) is used again, and the answer to \(request.id) isn't whole") }
        if last?.mayKeep == false { ledger.fail("connection \(number) is used again, and the upstream said that it closes") }
        if request.method == "HEAD" { ledger.fail("connection \(number) is used again behind a HEAD") }
        if !request.body.isEmpty, !(ledger.reusesAfterBody && ["POST", "PUT", "PATCH"].contains(request.method)) {
            ledger.fail("connection \(number) is used again behind the body of a \(request.method)")
        }
        guard tls == nil else { return }
        if socket.bytesRead > strayStart { ledger.fail("connection \(number) is used again, and bytes of no answer were read on it") }
        if socket.readTurn == kernel.turn { ledger.fail("connection \(number) is used again in the turn in which its answer ended") }
        if socket.isToldOfInput || isCertain && socket.hasInputSince(turn: kernel.turn - 1) {
            ledger.fail("connection \(number) is used again, and something has come on it")
        }
    }

    // MARK: Arrived

    func connected() {}

    func received(_ bytes: [UInt8]) {
        guard !isOver else { return }
        let bytes = arrivedIntroduction.take(bytes)
        guard !bytes.isEmpty else { return }
        guard let tls else { return arrive(bytes) }
        let clear = tls.feed(bytes)
        say()
        watch(clear)
        if tls.hasFailed { return end { self.wire.finish() } }
        arrive(clear)
    }

    func ended() {
        guard !isOver else { return }
        end { self.wire.finish() }
    }

    func broken() { isOver = true }

    private func arrive(_ bytes: [UInt8]) {
        guard readsOn else { return }
        arrived.append(bytes)
        while !isOver, readsOn, let event = arrived.next(MessageReader.request) {
            switch event {
            case .head(let head):
                guard let sighted = seen?.request, sighted.target == head.words[1] else { return leave() }
                asked = sighted
                consider(head, sighted)
            case .end: if asked != nil { answerSoon() }
            case .body: break
            case .malformed: return leave()
            }
        }
    }

    private func consider(_ head: MessageReader.Head, _ request: Ledger.Request) {
        if head.value("expect") != nil, random.chance(700) { send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        if random.chance(manners.vanishing) { wire.vanish() }
        if !request.body.isEmpty, random.chance(manners.early) {
            readsOn = !random.chance(manners.unread)
            answerSoon()
        }
    }

    private func answerSoon() {
        guard let request = asked else { return }
        asked = nil
        if random.chance(manners.silent) { return }
        let milliseconds = random.chance(500) ? 0 : random.below(manners.delayMillisecondsMax + 1)
        kernel.after(milliseconds: milliseconds) { [self] in
            if !isOver { answer(request) }
        }
    }

    // MARK: Answering

    private func answer(_ request: Ledger.Request) {
        if random.chance(manners.resetting) { return end { self.wire.reset(overtaking: self.random.chance(500)) } }
        if random.chance(manners.leaving) { return leave() }
        if random.chance(manners.malformed) {
            send(Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello".utf8))
            return
        }
        answers += 1
        let isBodiless = random.chance(manners.bodiless)
        let status = isBodiless ? [204, 304].pick(&random) : [200, 201, 404, 500].pick(&random)
        let count = isBodiless || random.chance(100) ? 0 : random.upTo(random.chance(900) ? manners.bodyMax : 40 * manners.bodyMax)
        let body = Script.bytes(count, seed: random.next())
        let answer = Ledger.Answer(id: "\(request.id)@\(number).\(answers)", to: request, status: status, body: body)
        ledger.add(answer)
        last = answer
        request.sightings.last?.answer = answer
        let hasHints = random.chance(manners.interim)
        if hasHints { send(Array("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n".utf8)) }
        say(answer, to: request, isBodiless: isBodiless)
        // The core reads on when the client has taken the hints, which may be long after.
        if hasHints { headEnd = .max }
    }

    private func say(_ answer: Ledger.Answer, to request: Ledger.Request, isBodiless: Bool) {
        let isHTTP10 = random.chance(manners.http10)
        let hasBody = !isBodiless && request.method != "HEAD"
        let isChunked = !isHTTP10 && random.chance(manners.chunked)
        let isUntilClose = !isChunked && hasBody && random.chance(manners.untilClose)
        let announcesClose = isHTTP10 || random.chance(manners.closing)
        var head = "\(isHTTP10 ? "HTTP/1.0" : "HTTP/1.1") \(answer.status) Whatever\r\nX-Answer: \(answer.id)\r\n"
        if isChunked, !isBodiless { head += "Transfer-Encoding: chunked\r\n" }
        if !isChunked, !isUntilClose, !isBodiless { head += "Content-Length: \(answer.body.count)\r\n" }
        if announcesClose { head += "Connection: close\r\n" }
        answer.mayKeep = !announcesClose && !isUntilClose
        var bytes = Array((head + "\r\n").utf8)
        headEnd = sentBytes + bytes.count
        if hasBody { bytes += isChunked ? Script.chunks(answer.body, &random) : answer.body }
        if random.chance(manners.truncated) {
            send(Array(bytes[..<random.below(bytes.count)]))
            return end {
                if self.random.chance(500) || self.tls == nil && isUntilClose { self.wire.reset() } else { self.wire.finish() }
            }
        }
        send(bytes, isEnd: true, of: answer) { [self] in
            if !isUntilClose, random.chance(manners.stray) {
                strayStart = min(strayStart, sentBytes)
                send(Array("stray".utf8))
            }
            if isUntilClose || announcesClose || random.chance(manners.leaving) {
                if isUntilClose { tls?.closeNotify() }
                say()
                answer.isWhole = true
                end { self.wire.finish() }
            }
        }
        if !isUntilClose { answer.isWhole = true }
    }

    private func send(_ bytes: [UInt8], isEnd: Bool = false, of answer: Ledger.Answer? = nil, then: () -> Void = {}) {
        sentBytes += bytes.count
        guard let tls else {
            wire.send(bytes)
            return then()
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, random.upTo(16 << 10))
            tls.write(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        say()
        then()
    }

    /// What TLS has to say.
    private func say() {
        if let output = tls?.takeOutput(), !output.isEmpty { wire.send(output) }
    }

    private func leave() {
        end { self.wire.finish() }
    }

    private func end(_ how: () -> Void) {
        isOver = true
        how()
    }
}
