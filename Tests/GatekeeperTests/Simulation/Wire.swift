@testable import Gatekeeper

/// What a scripted peer hears of its connection.
protocol WireOwner: AnyObject {
    /// The connection is up.
    func connected()
    func received(_ bytes: [UInt8])
    /// The core sends nothing more.
    func ended()
    /// Reset, refused, or gone.
    func broken()
    /// The core's kernel has taken these: they may arrive, or not.
    func accepted(_ bytes: [UInt8])
}

/// The peer's end of a connection, and the network between: in pieces, late, and in order.
final class Wire {
    private enum Segment {
        case bytes([UInt8])
        case end
        case reset
    }

    let kernel: SimulatedKernel
    let socket: SimulatedSocket
    private unowned let owner: any WireOwner
    private var random: SeededGenerator
    private var segments: [Segment] = []
    private var isArriving = false
    private var isWaitingForRoom = false
    private var isDeparting = false
    private var hasSaidEnd = false
    private(set) var isBroken = false
    /// When something last came to either side.
    private(set) var movedAt: UInt64 = 0
    /// The peer takes what comes.
    var isReading = true {
        didSet { if isReading { depart() } }
    }
    /// The host or the way to it is gone: nothing arrives any more, and nobody says so.
    private(set) var vanishedAt: UInt64?
    /// How long a piece takes at most, each way.
    var delayMicrosecondsMax: Int

    init(_ kernel: SimulatedKernel, _ socket: SimulatedSocket, _ owner: any WireOwner, random: SeededGenerator) {
        self.kernel = kernel
        self.socket = socket
        self.owner = owner
        self.random = random
        delayMicrosecondsMax = kernel.faults.delayMicrosecondsMax
        socket.wire = self
    }

    // MARK: What the peer does

    func send(_ bytes: [UInt8]) {
        guard !isBroken, !bytes.isEmpty else { return }
        segments.append(.bytes(bytes))
        arriveSoon()
    }

    /// FIN behind what was sent.
    func finish() {
        guard !isBroken else { return }
        segments.append(.end)
        arriveSoon()
    }

    /// RST, behind what was sent or overtaking it.
    func reset(overtaking: Bool = false) {
        guard !isBroken else { return }
        if overtaking {
            segments = []
            // It needs no room.
            isWaitingForRoom = false
        }
        segments.append(.reset)
        arriveSoon()
        isBroken = true
    }

    func vanish() {
        if vanishedAt == nil { vanishedAt = kernel.nanoseconds }
    }

    /// Everything that was sent has arrived.
    var hasArrived: Bool { segments.isEmpty }

    // MARK: Towards the core

    private func arriveSoon() {
        guard !isArriving, !isWaitingForRoom else { return }
        isArriving = true
        kernel.after(random.microseconds(delayMicrosecondsMax)) { [self] in
            isArriving = false
            arrive()
        }
    }

    /// Something arrives at once.
    func hurry() {
        if !segments.isEmpty, socket.state == .established { arrive() }
    }

    private func arrive() {
        guard let segment = segments.first, vanishedAt == nil else { return }
        guard socket.isOpen else { return answerClosed() }
        movedAt = kernel.nanoseconds
        switch segment {
        case .bytes(let bytes):
            let room = min(socket.inboxRoom, bytes.count)
            guard room > 0 else {
                isWaitingForRoom = true
                return
            }
            let most = min(room, kernel.faults.pieceMax)
            let count = kernel.faults.keepsPieces ? most : random.upTo(most)
            if count == bytes.count { segments.removeFirst() } else { segments[0] = .bytes(Array(bytes[count...])) }
            socket.arrive(Array(bytes[..<count]))
        case .end:
            segments.removeFirst()
            socket.arriveEnd()
        case .reset:
            segments = []
            socket.arriveReset()
        }
        if !segments.isEmpty { arriveSoon() }
    }

    /// What comes for a socket that is closed is answered by a reset.
    private func answerClosed() {
        let isData = segments.contains { if case .bytes = $0 { true } else { false } }
        segments = []
        if isData { breakDown() }
    }

    func roomToArrive() {
        guard isWaitingForRoom else { return }
        isWaitingForRoom = false
        arriveSoon()
    }

    // MARK: From the core

    func accepted(_ bytes: [UInt8]) {
        owner.accepted(bytes)
        depart()
    }

    /// Has what the core has sent, and its end, come to the peer.
    func depart() {
        guard !isDeparting, isReading, !isBroken else { return }
        isDeparting = true
        kernel.after(random.microseconds(delayMicrosecondsMax)) { [self] in
            isDeparting = false
            guard isReading, !isBroken, vanishedAt == nil else { return }
            movedAt = kernel.nanoseconds
            if !socket.outbox.isEmpty {
                let bytes = socket.outbox.take(random.upTo(max(kernel.faults.pieceMax, 64)))
                socket.roomCameFree()
                owner.received(bytes)
            }
            if !socket.outbox.isEmpty { return depart() }
            if socket.hasShutWriting, !hasSaidEnd {
                hasSaidEnd = true
                owner.ended()
            }
        }
    }

    /// The core has reset it.
    func broken() {
        kernel.after(random.microseconds(delayMicrosecondsMax)) { [self] in
            if vanishedAt == nil { breakDown() }
        }
    }

    /// The core closed it before it was up.
    func dropped() {
        breakDown()
    }

    func refused() {
        breakDown()
    }

    private func breakDown() {
        guard !isBroken else { return }
        isBroken = true
        segments = []
        owner.broken()
    }

    // MARK: Beginnings

    func connected() {
        owner.connected()
    }
}
