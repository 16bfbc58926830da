import Glibc

@testable import Gatekeeper

/// A kernel for one thread: descriptors, sockets, epoll and clocks, and a network behind them, all by a seed.
///
/// Its `epoll_wait` is the scheduler of the simulation: there peers act, bytes arrive and time passes, and nowhere else but, now and then, between
/// two calls of a turn. So a run is a function of its seed.
final class SimulatedKernel: Kernel {
    /// What a number stands for.
    private enum Object {
        case socket(SimulatedSocket)
        case epoll
        case event
        case null
    }

    var faults: Faults
    let agenda = Agenda()
    var random: SeededGenerator
    private var secrets: SeededGenerator
    private(set) var nanoseconds: UInt64 = 1_000_000_000
    /// 2030-01-01T00:00:00Z, and whatever the clock was set by since.
    private var wallOffset: Int64 = 1_893_456_000_000
    private var objects: [Int32: Object] = [:]
    private var closed: Set<Int32> = []
    private var sockets = 0
    /// Numbers are used again at once, as the system does it; or never, so that whoever uses a closed one is found out.
    private let reusesNumbers: Bool
    private var lastNumber = SimulatedKernel.firstNumber

    /// Sockets that epoll has news of.
    var ready: [SimulatedSocket] = []
    /// How often the loop has waited.
    private(set) var turn = 0
    /// The loop has something to do that no socket tells of.
    var isRung = false
    /// Makes the other end of a connection to an upstream; nil where nobody listens.
    var welcome: ((SimulatedSocket, SocketAddress) -> Wire?)?
    /// Ends the loop, after a failure that leaves it no other end.
    var giveUp: () -> Void = {}
    /// Nothing may take longer.
    var nanosecondsMax: UInt64 = .max
    var turnsMax = 200_000

    private(set) var failures: [String] = []
    var trace: ((String) -> Void)?
    /// Of everything that the core was answered.
    private(set) var fingerprint: UInt64 = 14_695_981_039_346_656_037

    /// Above the numbers of the process that simulates.
    private static let firstNumber: Int32 = 4_096

    init(faults: Faults, random: SeededGenerator) {
        self.faults = faults
        self.random = random
        secrets = self.random.fork()
        reusesNumbers = self.random.chance(500)
    }

    // MARK: What happens

    func fail(_ text: String) {
        if failures.count < 20 { failures.append(text) }
        trace?("FAILURE \(text)")
    }

    func note(_ text: @autoclosure () -> String) {
        trace?("\(nanoseconds / 1_000) #\(turn) \(text())")
    }

    func after(_ delay: UInt64, _ action: @escaping () -> Void) {
        agenda.plan(at: nanoseconds + delay, action)
    }

    func after(milliseconds: Int, _ action: @escaping () -> Void) {
        after(UInt64(milliseconds) * 1_000_000, action)
    }

    /// What is left to happen when the core is done.
    func runOut() {
        let limit = nanoseconds + 600_000_000_000
        while let next = agenda.next, next <= limit {
            nanoseconds = max(nanoseconds, next)
            agenda.run(until: nanoseconds)
        }
        agenda.clear()
    }

    /// Numbers that haven't been closed.
    var openNumbers: [String] {
        objects.sorted { $0.key < $1.key }.map { number, object in
            if case .socket(let socket) = object { "\(number) (socket \(socket.number), \(socket.state))" } else { "\(number) (\(object))" }
        }
    }

    private func print(_ value: Int) -> Int {
        fingerprint = (fingerprint ^ UInt64(bitPattern: Int64(value))) &* 1_099_511_628_211
        return value
    }

    // MARK: Numbers

    private func open(_ object: (Int32) -> Object) -> Int32 {
        guard objects.count < faults.descriptorsMax else { return -EMFILE }
        var number = Self.firstNumber
        if reusesNumbers { while objects[number] != nil { number += 1 } } else { number = lastNumber }
        lastNumber = max(lastNumber, number + 1)
        closed.remove(number)
        objects[number] = object(number)
        return number
    }

    private func openSocket() -> SimulatedSocket? {
        var made: SimulatedSocket?
        let number = open { number in
            sockets += 1
            let socket = SimulatedSocket(number: sockets, descriptor: number, kernel: self, random: random.fork())
            made = socket
            return .socket(socket)
        }
        return number < 0 ? nil : made
    }

    func socket(_ number: Int32, _ call: StaticString) -> SimulatedSocket? {
        if case .socket(let socket) = objects[number] { return socket }
        fail("\(call) of descriptor \(number), which \(closed.contains(number) ? "is closed" : "is no socket")")
        return nil
    }

    /// A socket that listens on nothing but this simulation's clients.
    func listen() -> SimulatedSocket {
        guard let socket = openSocket() else { preconditionFailure("a simulation begins with descriptors") }
        socket.state = .listening
        return socket
    }

    /// A client's connection, on its way to the listener.
    func connect(from peer: SocketAddress, to listener: SimulatedSocket, owner: any WireOwner) -> Wire {
        sockets += 1
        let socket = SimulatedSocket(number: sockets, descriptor: -1, kernel: self, random: random.fork())
        let wire = Wire(self, socket, owner, random: random.fork())
        after(random.microseconds(faults.delayMicrosecondsMax)) { [self] in
            guard listener.isOpen, listener.state == .listening else { return wire.refused() }
            socket.state = .established
            listener.queue.append((wire, peer))
            listener.news()
            after(random.microseconds(faults.delayMicrosecondsMax)) { wire.connected() }
        }
        return wire
    }

    // MARK: Sockets

    func receive(_ descriptor: Int32, into room: UnsafeMutableRawBufferPointer, flags: Int32) -> Int {
        let outcome = unsafe socket(descriptor, "recv")?.receive(room, flags: flags) ?? -Int(EBADF)
        note("recv(\(descriptor), \(room.count)\(flags == 0 ? "" : ", \(flags)")) = \(outcome)")
        return print(outcome)
    }

    func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, flags: Int32) -> Int {
        let outcome = unsafe socket(descriptor, "send")?.send(bytes) ?? -Int(EBADF)
        note("send(\(descriptor), \(bytes.count)) = \(outcome)")
        return print(outcome)
    }

    func accept(_ listener: Int32) -> (descriptor: Int32, peer: SocketAddress) {
        let nobody = SocketAddress(address: PeerAddress(ipv4: 0), port: 0)
        guard let listening = socket(listener, "accept") else { return (-EBADF, nobody) }
        if random.chance(faults.interrupted) { return (-EINTR, nobody) }
        if !listening.queue.isEmpty, random.chance(faults.wouldBlock) {
            listening.news()
            return (-EAGAIN, nobody)
        }
        guard let (wire, peer) = listening.queue.first else { return (-EAGAIN, nobody) }
        if random.chance(faults.aborted) { return (-ECONNABORTED, nobody) }
        let number = open { number in .socket(wire.socket.taking(number)) }
        note("accept(\(listener)) = \(number) \(peer), socket \(wire.socket.number)")
        guard number >= 0 else { return (number, nobody) }
        listening.queue.removeFirst()
        return (Int32(print(Int(number))), peer)
    }

    func socket(family: Int32) -> Int32 {
        let socket = openSocket()
        note("socket() = \(socket.map { "\($0.descriptor), socket \($0.number)" } ?? "EMFILE")")
        return socket?.descriptor ?? -EMFILE
    }

    func connect(_ descriptor: Int32, to address: ConnectAddress) -> Int32 {
        guard let socket = socket(descriptor, "connect") else { return -EBADF }
        if random.chance(faults.refused / 4) { return -ECONNREFUSED }
        guard case .ip(let target) = address, let wire = welcome?(socket, target) else { return -ECONNREFUSED }
        socket.state = .connecting
        socket.isOutgoing = true
        let delay = random.microseconds(faults.delayMicrosecondsMax)
        let fate: Int32 =
            random.chance(faults.refused) ? ECONNREFUSED : random.chance(faults.unreachable) ? EHOSTUNREACH : 0
        let hangs = fate == 0 && random.chance(faults.hanging)
        note("connect(\(descriptor)) to \(target): \(hangs ? "hangs" : String(fate))")
        if hangs { return -EINPROGRESS }
        if fate == 0, random.chance(100) {
            socket.connected()
            wire.connected()
            return 0
        }
        after(delay) { [self] in
            guard socket.isOpen else { return }
            guard fate == 0 else { return socket.failToConnect(fate) }
            socket.connected()
            after(random.microseconds(faults.delayMicrosecondsMax)) { wire.connected() }
        }
        return -EINPROGRESS
    }

    func shutdown(_ descriptor: Int32, how: Int32) {
        note("shutdown(\(descriptor), \(how))")
        socket(descriptor, "shutdown")?.shutdown(how: how)
    }

    func close(_ descriptor: Int32) {
        // A file of the machine's.
        guard descriptor >= Self.firstNumber else { return _ = Glibc.close(descriptor) }
        guard let object = objects.removeValue(forKey: descriptor) else {
            return fail("close of descriptor \(descriptor), which \(closed.contains(descriptor) ? "is closed" : "was never opened")")
        }
        closed.insert(descriptor)
        guard case .socket(let socket) = object else { return }
        note("close(\(descriptor)), socket \(socket.number)\(socket.resetsOnClose ? ", by reset" : "")")
        socket.close()
    }

    // MARK: Events

    func epoll() -> Int32 { open { _ in .epoll } }
    func eventDescriptor() -> Int32 { open { _ in .event } }
    func null() -> Int32 { open { _ in .null } }
    func raise(_ eventDescriptor: Int32) {}
    func lower(_ eventDescriptor: Int32) {}
    func randomNumber() -> UInt64 { random.next() }

    /// OpenSSL's random numbers.
    func fill(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        for index in bytes.indices { unsafe bytes[index] = UInt8(truncatingIfNeeded: secrets.next()) }
    }

    var wallMilliseconds: Int64 { wallOffset + Int64(nanoseconds / 1_000_000) }

    func register(_ descriptor: Int32, with epoll: Int32, events: UInt32, token: UInt64) -> Int32 {
        switch objects[descriptor] {
        case .socket(let socket): socket.register(events, token)
        case .event: break
        default: return -EBADF
        }
        return 0
    }

    func wait(_ epoll: Int32, eventsMax: Int, timeoutMilliseconds: Int32, report: (UInt32, UInt64) -> Void) -> Int {
        beginTurn()
        let deadline = timeoutMilliseconds < 0 ? UInt64.max : nanoseconds + UInt64(timeoutMilliseconds) * 1_000_000
        agenda.run(until: nanoseconds)
        if random.chance(faults.interrupted) { return -Int(EINTR) }
        while true {
            let count = deliver(report)
            if count > 0 || isRung || timeoutMilliseconds == 0 { return endTurn(count) }
            guard let next = agenda.next, next <= deadline else {
                guard deadline != .max else {
                    fail("nothing will ever happen, and the loop waits for it")
                    giveUp()
                    return 0
                }
                nanoseconds = deadline
                return endTurn(0)
            }
            nanoseconds = max(nanoseconds, next)
            agenda.run(until: nanoseconds)
        }
    }

    private func beginTurn() {
        turn += 1
        isRung = false
        nanoseconds += 1_000 + random.microseconds(40)
        if random.chance(faults.stall) { nanoseconds += random.microseconds(3_000_000) }
        if random.chance(faults.wallJump) { wallOffset += Int64(random.below(7_200_000)) - 3_600_000 }
        if turn > turnsMax || nanoseconds > nanosecondsMax {
            if !hasGivenUp { fail(turn > turnsMax ? "the loop spins" : "it doesn't come to an end") }
            hasGivenUp = true
            giveUp()
        }
    }

    private var hasGivenUp = false

    private func endTurn(_ count: Int) -> Int {
        note("epoll_wait() = \(count)")
        return print(count)
    }

    /// Of what is ready, some: the rest might have come a moment later.
    private func deliver(_ report: (UInt32, UInt64) -> Void) -> Int {
        guard !ready.isEmpty else { return 0 }
        var listed = ready
        ready = []
        var count = 0
        for _ in 0..<listed.count {
            let socket = listed.remove(at: random.below(listed.count))
            if count > 0, random.chance(200) {
                ready.append(socket)
                continue
            }
            socket.isListed = false
            guard socket.isOpen, let token = socket.token else { continue }
            let events = socket.poll()
            guard events != 0 else { continue }
            note("  \(socket.descriptor) (socket \(socket.number)): \(String(events, radix: 16))")
            socket.told()
            report(events, token)
            count += 1
            if random.chance(faults.spurious) { socket.news() }
        }
        return count
    }
}
