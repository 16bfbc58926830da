import Gatekeeper

/// How a simulated kernel and network behave, in chances per thousand: all of it a kernel may do, and some kernels do hardly ever.
struct Faults {
    /// A call is interrupted by a signal.
    var interrupted = 0
    /// A call would block, though it needn't: the next event says that it doesn't.
    var wouldBlock = 0
    /// A read brings, or a write takes, less than it could.
    var torn = 0
    /// Something arrives between two calls of one turn.
    var arrival = 0
    /// A socket is reported of which there is no news.
    var spurious = 0
    /// The loop doesn't get the processor for a while.
    var stall = 0
    /// The clock on the wall is set.
    var wallJump = 0
    /// Of a connection to an upstream.
    var refused = 0
    var unreachable = 0
    var hanging = 0
    /// A connection dies in the listener's queue.
    var aborted = 0
    /// Descriptors that there are in all.
    var descriptorsMax = Int.max
    /// Of the network, one way.
    var delayMicrosecondsMax = 500
    /// Bytes that travel in one piece.
    var pieceMax = 1460
    /// What is sent at once arrives at once, as far as that allows.
    var keepsPieces = false
    /// Of the send and receive buffers of a socket.
    var bufferBytes = 64 << 10

    /// Nothing that could keep an exchange between two good peers from its end.
    static func calm(_ random: inout SeededGenerator) -> Faults {
        var faults = Faults()
        if random.chance(800) {
            faults.interrupted = random.below(60)
            faults.wouldBlock = random.below(200)
            faults.torn = random.below(600)
            faults.arrival = random.below(300)
            faults.spurious = random.below(100)
            faults.aborted = random.below(30)
        }
        faults.pieceMax = random.chance(100) ? [1, 7].pick(&random) : [100, 1460, 16 << 10].pick(&random)
        faults.delayMicrosecondsMax = (faults.pieceMax < 100 ? [1, 20] : [1, 50, 500, 5_000]).pick(&random)
        faults.bufferBytes = [2 << 10, 16 << 10, 64 << 10, 256 << 10].pick(&random)
        return faults
    }

    static func rough(_ random: inout SeededGenerator) -> Faults {
        var faults = calm(&random)
        if random.chance(300) { faults.stall = random.below(20) }
        if random.chance(200) { faults.wallJump = random.below(50) }
        if random.chance(300) { faults.refused = random.below(400) }
        if random.chance(200) { faults.unreachable = random.below(200) }
        if random.chance(200) { faults.hanging = random.below(300) }
        if random.chance(150) { faults.descriptorsMax = 8 + random.below(10) }
        return faults
    }
}

extension SeededGenerator {
    mutating func below(_ limit: Int) -> Int { limit <= 1 ? 0 : Int(next() % UInt64(limit)) }

    /// From 1 to this.
    mutating func upTo(_ limit: Int) -> Int { 1 + below(limit) }

    /// So often in a thousand.
    mutating func chance(_ perMille: Int) -> Bool { perMille > 0 && below(1000) < perMille }

    mutating func microseconds(_ limit: Int) -> UInt64 { UInt64(below(limit + 1)) * 1_000 }

    /// One that goes on by itself: what it is asked doesn't depend on what others are.
    mutating func fork() -> SeededGenerator { SeededGenerator(seed: next()) }
}

extension Array {
    func pick(_ random: inout SeededGenerator) -> Element { self[random.below(count)] }
}
