import CLinux
import Glibc

@testable import Gatekeeper

/// A TCP socket of the core's, as Linux has it; the other end is its `wire`.
///
/// ```
///   wire ── arrive ──▶ inbox ──receive──▶ core
///   wire ◀── depart ── outbox ◀──send──── core
/// ```
final class SimulatedSocket {
    enum State {
        /// Not connected yet.
        case fresh
        case connecting
        case established
        case listening
        /// Reset, or never came about: nothing goes either way.
        case dead
    }

    /// Which one of the simulation's it is; descriptors are used again.
    let number: Int
    private(set) var descriptor: Int32
    let kernel: SimulatedKernel
    var random: SeededGenerator
    var state = State.fresh
    /// The core hasn't closed it.
    var isOpen = true
    var wire: Wire?
    /// The core has connected it.
    var isOutgoing = false
    /// Where the core has had it come from; nil for an address of the machine's.
    var boundTo: SocketAddress?
    /// Of a listener: what waits to be accepted.
    var queue: [(wire: Wire, peer: SocketAddress)] = []

    var inbox = ByteQueue()
    /// The peer's FIN has arrived.
    var hasEnd = false
    var error: Int32 = 0
    var outbox = ByteQueue()
    var hasShutWriting = false
    var resetsOnClose = false
    /// A write has found no room, so that room is news.
    private var wantsRoom = false

    var token: UInt64?
    private var events: UInt32 = 0
    var isListed = false

    /// Turns of the loop: in which the oldest unread byte arrived, in which one was last read.
    private(set) var arrivalTurn = 0
    private(set) var readTurn = 0
    /// It was reported since the oldest unread byte arrived.
    private var isTold = false
    private(set) var bytesRead = 0
    /// Likewise, before the turn in which one was last read.
    private var bytesReadBefore = 0

    init(number: Int, descriptor: Int32, kernel: SimulatedKernel, random: SeededGenerator) {
        self.number = number
        self.descriptor = descriptor
        self.kernel = kernel
        self.random = random
    }

    private var faults: Faults { kernel.faults }
    private var isClosedForReading: Bool { hasEnd || state == .dead }
    private var isClosedForWriting: Bool { hasShutWriting || state == .dead }
    var sendRoom: Int { max(0, faults.bufferBytes - outbox.count) }
    var inboxRoom: Int { max(0, faults.bufferBytes - inbox.count) }

    /// Bytes that the core has read in earlier turns than this one.
    var bytesReadEarlier: Int { readTurn == kernel.turn ? bytesReadBefore : bytesRead }

    /// There is something to read, and the core has been told.
    var isToldOfInput: Bool { isTold && !inbox.isEmpty }

    func told() { isTold = true }

    /// Accepted, under this number.
    func taking(_ number: Int32) -> SimulatedSocket {
        descriptor = number
        return self
    }

    // MARK: Readiness

    func register(_ events: UInt32, _ token: UInt64) {
        self.events = events | EPOLLERR.rawValue | EPOLLHUP.rawValue
        self.token = token
        if poll() != 0 { news() }
    }

    /// As tcp_poll has it.
    func poll() -> UInt32 {
        switch state {
        case .connecting: return 0
        case .fresh: return events & (EPOLLOUT.rawValue | EPOLLHUP.rawValue)
        case .listening: return queue.isEmpty ? 0 : EPOLLIN.rawValue
        case .established, .dead: break
        }
        var mask: UInt32 = 0
        if isClosedForReading, isClosedForWriting { mask |= EPOLLHUP.rawValue }
        if isClosedForReading { mask |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
        if !inbox.isEmpty { mask |= EPOLLIN.rawValue }
        if isClosedForWriting || isWritable { mask |= EPOLLOUT.rawValue } else { wantsRoom = true }
        if error != 0 { mask |= EPOLLERR.rawValue }
        return mask & events
    }

    private var isWritable: Bool { sendRoom >= outbox.count / 2 && sendRoom > 0 }

    /// Something has changed that a waiting epoll is to hear of.
    func news() {
        guard token != nil, isOpen, !isListed else { return }
        isListed = true
        kernel.ready.append(self)
    }

    // MARK: Calls

    func receive(_ room: UnsafeMutableRawBufferPointer, flags: Int32) -> Int {
        let isPeek = flags & Int32(MSG_PEEK) != 0
        if random.chance(faults.interrupted) { return -Int(EINTR) }
        if random.chance(faults.arrival) { wire?.hurry() }
        guard !inbox.isEmpty else {
            if hasEnd { return 0 }
            if error != 0 {
                defer { error = 0 }
                return -Int(error)
            }
            return state == .dead ? 0 : state == .established ? -Int(EAGAIN) : -Int(ENOTCONN)
        }
        // One byte is asked for to learn whether there is any.
        let isQuestion = isPeek && room.count == 1
        if !isQuestion, !isClosedForReading, random.chance(faults.wouldBlock) {
            news()
            return -Int(EAGAIN)
        }
        var count = min(room.count, inbox.count)
        if count > 1, !isClosedForReading, random.chance(faults.torn) {
            count = random.upTo(count)
            news()
        }
        unsafe room.copyBytes(from: inbox.peek(count))
        if !isPeek, count > 0 {
            _ = inbox.take(count)
            if readTurn != kernel.turn { bytesReadBefore = bytesRead }
            readTurn = kernel.turn
            bytesRead += count
            wire?.roomToArrive()
        }
        return count
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        if random.chance(faults.interrupted) { return -Int(EINTR) }
        if random.chance(faults.arrival) { wire?.hurry() }
        if error != 0 {
            defer { error = 0 }
            return -Int(error)
        }
        guard !isClosedForWriting else { return -Int(EPIPE) }
        guard state == .established else { return state == .connecting ? -Int(EAGAIN) : -Int(ENOTCONN) }
        guard bytes.count > 0 else { return 0 }
        if sendRoom == 0 || random.chance(faults.wouldBlock) {
            if sendRoom > 0 { news() }
            wantsRoom = true
            return -Int(EAGAIN)
        }
        var count = min(bytes.count, sendRoom)
        if count > 1, random.chance(faults.torn) { count = random.upTo(count) }
        if count < bytes.count {
            wantsRoom = true
            if isWritable { news() }
        }
        let taken = unsafe Array(bytes.prefix(count))
        outbox.append(taken)
        wire?.accepted(taken)
        return count
    }

    func shutdown(how: Int32) {
        if state == .listening { return refuseQueue() }
        guard how != Int32(SHUT_RD), !hasShutWriting else { return }
        hasShutWriting = true
        wire?.depart()
        if isClosedForReading { news() }
    }

    func close() {
        isOpen = false
        if state == .listening { return refuseQueue() }
        guard state == .established else { return wire?.dropped() ?? () }
        if resetsOnClose || !inbox.isEmpty {
            state = .dead
            outbox.clear()
            wire?.broken()
        } else {
            // It would come when the way is there again, behind our answer that it was lost.
            if isOutgoing, wire?.vanishedAt != nil, !outbox.isEmpty {
                kernel.fail("what was given up on socket \(number) is left to the kernel")
            }
            hasShutWriting = true
            wire?.depart()
        }
    }

    private func refuseQueue() {
        for (wire, _) in queue { wire.refused() }
        queue = []
    }

    // MARK: The peer's doing

    func arrive(_ bytes: [UInt8]) {
        guard state == .established, !bytes.isEmpty else { return }
        if inbox.isEmpty {
            arrivalTurn = kernel.turn
            isTold = false
        }
        inbox.append(bytes)
        news()
    }

    func arriveEnd() {
        guard state == .established else { return }
        hasEnd = true
        news()
    }

    func arriveReset() {
        guard state == .established else { return }
        error = hasEnd ? EPIPE : ECONNRESET
        state = .dead
        outbox.clear()
        news()
    }

    func roomCameFree() {
        guard wantsRoom, isWritable else { return }
        wantsRoom = false
        news()
    }

    func connected() {
        guard state == .connecting else { return }
        state = .established
        news()
    }

    func failToConnect(_ code: Int32) {
        guard state == .connecting else { return }
        state = .dead
        error = code
        news()
    }
}

extension SimulatedSocket {
    /// Something is there to be read that came in this turn or an earlier one.
    func hasInputSince(turn: Int) -> Bool { !inbox.isEmpty && arrivalTurn <= turn }
}
