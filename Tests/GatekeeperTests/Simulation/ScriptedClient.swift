@testable import Gatekeeper

/// A client of the core by TLS that does what its plan says, and checks what it is answered.
final class ScriptedClient: WireOwner {
    private let kernel: SimulatedKernel
    private let ledger: Ledger
    private let plan: ClientPlan
    private let tls: PeerSession
    private var random: SeededGenerator
    private var ownWire: Wire?
    var wire: Wire {
        guard let ownWire else { preconditionFailure("a peer has a wire from its beginning") }
        return ownWire
    }
    /// It does nothing more.
    private(set) var isOver = false {
        didSet { if isOver, !oldValue { finished() } }
    }
    private let finished: () -> Void
    private(set) var ticket: PeerSession.Ticket?

    /// What is said and isn't sealed yet.
    private var unsent = ByteQueue()
    private var isSending = false
    private var records = 0
    private var receivedBytes = 0
    private var hasBegun = false

    /// Steps that have been begun, and the answers that have come whole.
    private var begun = 0
    private var answered = 0
    private var isPausing = false
    /// A body that waits for a 100.
    private var held: ClientPlan.Step?
    private var reader = MessageReader()
    private var head: MessageReader.Head?
    private var body: [UInt8] = []
    private var hasSaidClose = false

    init(
        _ kernel: SimulatedKernel, _ ledger: Ledger, _ plan: ClientPlan, context: PeerSession.Context, ticket: PeerSession.Ticket?,
        from peer: SocketAddress, to listener: SimulatedSocket, finished: @escaping () -> Void
    ) {
        self.kernel = kernel
        self.ledger = ledger
        self.plan = plan
        self.finished = finished
        random = kernel.random.fork()
        tls = PeerSession(context, isServer: false, version: plan.version, ticket: ticket)
        for step in plan.steps { ledger.add(step.request) }
        ownWire = kernel.connect(from: peer, to: listener, owner: self)
    }

    /// All of its requests were answered by an upstream, whole.
    var isServed: Bool { plan.steps.allSatisfy { $0.request.answer != nil } }

    // MARK: The connection

    /// The core has accepted it and hasn't closed it.
    var isOpen: Bool { wire.socket.descriptor >= 0 && wire.socket.isOpen }
    var source: PeerAddress { plan.source }

    func connected() {
        if let preface = plan.preface { wire.send(preface) }
        guard plan.garbage == nil || plan.isGarbageSealed else {
            wire.send(plan.garbage ?? [])
            return leaveSoon()
        }
        tls.shakeHands()
        flush()
    }

    func accepted(_ bytes: [UInt8]) {}

    func received(_ bytes: [UInt8]) {
        guard !isOver else { return }
        receivedBytes += bytes.count
        if receivedBytes >= plan.leavesAfterBytes { return leave() }
        let clear = tls.feed(bytes)
        flush()
        if tls.isEstablished, !hasBegun {
            hasBegun = true
            begin()
        }
        if !clear.isEmpty { read(clear) }
        if tls.hasFailed { return leave() }
        pauseReading()
        if tls.hasEnded { sayEnd() }
    }

    private func begin() {
        if let garbage = plan.garbage {
            tls.write(garbage)
            flush()
            return leaveSoon()
        }
        goOn()
    }

    private func pauseReading() {
        guard plan.readPauseMilliseconds > 0, random.chance(300) else { return }
        wire.isReading = false
        kernel.after(milliseconds: random.below(plan.readPauseMilliseconds + 1)) { [self] in wire.isReading = true }
    }

    func ended() {
        guard !isOver else { return }
        if reader.isUntilClose, tls.hasEnded { completeAnswer() }
        ticket = tls.takeTicket()
        wire.finish()
        isOver = true
    }

    func broken() { isOver = true }

    private func leave() {
        guard !isOver else { return }
        if plan.vanishes { wire.vanish() } else if plan.leavesByReset { wire.reset(overtaking: random.chance(500)) } else { wire.finish() }
        isOver = true
    }

    private func leaveSoon() {
        kernel.after(milliseconds: random.below(40_000)) { [self] in leave() }
    }

    /// close_notify, and FIN behind it.
    private func sayEnd() {
        guard !isOver, !hasSaidClose else { return }
        hasSaidClose = true
        tls.closeNotify()
        flush()
        wire.finish()
        if plan.ending == .orderly, answered == plan.steps.count { return isOver = true }
    }

    // MARK: Requests

    /// Begins what may be begun now.
    private func goOn() {
        while !isOver, !isPausing, held == nil, begun < plan.steps.count, begun - answered < plan.pipeline {
            let step = plan.steps[begun]
            if step.pauseMilliseconds > 0, answered == begun || random.chance(300) {
                isPausing = true
                kernel.after(milliseconds: step.pauseMilliseconds) { [self] in
                    isPausing = false
                    if !isOver { begin(step) }
                    goOn()
                }
                return
            }
            begin(step)
        }
    }

    private func begin(_ step: ClientPlan.Step) {
        begun += 1
        step.request.isBegun = true
        unsent.append(step.head)
        if step.request.expects {
            held = step
            kernel.after(milliseconds: random.below(3_000)) { [self] in sendHeld() }
        } else {
            unsent.append(step.body)
        }
        sendSome()
    }

    private func sendHeld() {
        guard let step = held else { return }
        held = nil
        unsent.append(step.body)
        sendSome()
        goOn()
    }

    private func sendSome() {
        guard !isSending else { return }
        while !isOver, !unsent.isEmpty {
            tls.write(unsent.take(random.upTo(plan.recordMax)))
            flush()
            records += 1
            if records > plan.leavesAfterRecords { return leave() }
            if records == 3, plan.vanishes { return leave() }
            guard plan.recordPauseMilliseconds > 0, random.chance(300) else { continue }
            isSending = true
            kernel.after(milliseconds: random.below(plan.recordPauseMilliseconds + 1)) { [self] in
                isSending = false
                sendSome()
            }
            return
        }
        if plan.halfCloses, begun == plan.steps.count, held == nil {
            tls.closeNotify()
            flush()
        }
    }

    private func flush() {
        let output = tls.takeOutput()
        if !output.isEmpty { wire.send(output) }
    }

    // MARK: Answers

    private var current: ClientPlan.Step? { answered < begun ? plan.steps[answered] : nil }

    private func read(_ bytes: [UInt8]) {
        reader.append(bytes)
        while let event = reader.next({ [self] in MessageReader.response($0, to: current?.request.method ?? "GET") }) {
            switch event {
            case .head(let head): begin(head)
            case .body(let bytes): body += bytes
            case .end: completeAnswer()
            case .malformed(let text): ledger.fail("\(current?.request.id ?? "a client") is answered what is no response: \(text)")
            }
        }
    }

    private func begin(_ head: MessageReader.Head) {
        self.head = head
        body = []
        guard let step = current else {
            // An answer to what can't be told from a request: to garbage, or to none in time.
            if plan.garbage == nil, head.status != 408 { ledger.fail("a client is answered \(head.status) and has asked nothing") }
            return
        }
        guard head.status >= 200 else {
            if head.status == 100 {
                if !step.request.expects { ledger.fail("\(step.request.id) asked for no 100") }
                sendHeld()
            }
            return
        }
        if step.isHTTP10 == false, head.value("content-length") == nil, head.value("transfer-encoding") == nil, head.status != 204,
            head.status != 304, step.request.method != "HEAD"
        {
            ledger.fail("\(step.request.id) is answered until close, and speaks HTTP/1.1")
        }
        ledger.begin(head, to: step.request)
    }

    private func completeAnswer() {
        guard let head, head.status >= 200 else { return }
        self.head = nil
        guard let step = current else { return }
        ledger.complete(head, body, to: step.request)
        // What it waits for won't come.
        if held?.request === step.request { sendHeld() }
        answered += 1
        let isLast = answered == plan.steps.count || step.saysClose || head.value("connection") == "close"
        if isLast, plan.ending == .orderly || answered == plan.steps.count && head.value("connection") != "close" {
            kernel.after(milliseconds: random.below(30)) { [self] in sayEnd() }
        }
        if head.value("connection") != "close" { goOn() }
    }
}
