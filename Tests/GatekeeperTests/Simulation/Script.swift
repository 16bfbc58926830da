@testable import Gatekeeper

/// What peers of a simulation say, made by seed.
enum Script {
    /// Bytes that are like no others.
    static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        let block = (0..<min(count, 253)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        guard count > block.count else { return block }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + block.count)
        while bytes.count < count { bytes += block }
        return Array(bytes.prefix(count))
    }

    static func chunks(_ body: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            let count = min(rest.count, random.upTo([5, 300, 20_000].pick(&random)))
            bytes += Array("\(String(count, radix: 16))\r\n".utf8) + rest.prefix(count) + [13, 10]
            rest = rest.dropFirst(count)
        }
        return bytes + Array("0\r\n\r\n".utf8)
    }
}

/// What one client will do.
struct ClientPlan {
    enum Ending: CaseIterable {
        /// close_notify and FIN, when all is answered.
        case orderly
        /// Waits for the other side to end it.
        case waiting
    }

    /// A request, and its bytes as they are sent.
    struct Step {
        let request: Ledger.Request
        let head: [UInt8]
        let body: [UInt8]
        let isHTTP10: Bool
        let saysClose: Bool
        /// Before it is sent, once it may be.
        let pauseMilliseconds: Int
    }

    var source: PeerAddress
    var beginsMilliseconds = 0
    var steps: [Step] = []
    /// Requests that may be under way at once.
    var pipeline = 1
    var ending = Ending.orderly
    var version = TLSVersion.tls13
    /// Bytes of plaintext in one record, and how long each waits.
    var recordMax = 16 << 10
    var recordPauseMilliseconds = 0
    /// Leaves when so much has been received, or so many records have been sent.
    var leavesAfterBytes = Int.max
    var leavesAfterRecords = Int.max
    var leavesByReset = false
    var vanishes = false
    /// Takes its answers in fits and starts.
    var readPauseMilliseconds = 0
    /// Says that it sends nothing more behind its last request, and reads on.
    var halfCloses = false
    /// What a load balancer says of it before its own first byte.
    var preface: [UInt8]?
    /// What it says in place of TLS, or of HTTP.
    var garbage: [UInt8]?
    var isGarbageSealed = false
}

extension ClientPlan {
    /// - Parameter isCalm: whatever it does, it means well and comes to its end.
    /// - Parameter isSlow: what travels does so in few bytes at a time, so that there should be few.
    init(number: Int, source: PeerAddress, isCalm: Bool, isSlow: Bool, _ random: inout SeededGenerator) {
        self.source = source
        beginsMilliseconds = random.below(isCalm ? 200 : 2_000)
        version = random.chance(700) ? .tls13 : .tls12
        recordMax = [1, 20, 300, 16 << 10].pick(&random)
        recordPauseMilliseconds = random.chance(700) ? 0 : random.below(isCalm ? 5 : 400)
        pipeline = random.chance(300) ? random.upTo(4) : 1
        ending = Ending.allCases.pick(&random)
        let count = isSlow ? random.upTo(2) : random.upTo(random.chance(200) ? 8 : 3)
        let isDripping = isSlow || recordMax <= 20
        let bodyMax = isDripping ? 60 : random.chance(100) ? 60_000 : 2_000
        for index in 0..<count {
            steps.append(Self.makeStep("c\(number)-\(index)", source, isLast: index == count - 1, bodyMax: bodyMax, isDripping, &random))
        }
        if steps.last?.saysClose == false, steps.last?.isHTTP10 == false { ending = .orderly }
        if random.chance(100) { readPauseMilliseconds = random.below(isCalm ? 20 : 3_000) }
        guard !isCalm else { return }
        switch random.below(12) {
        case 0: leavesAfterBytes = random.below(4_000)
        case 1: leavesAfterRecords = random.below(5)
        case 2: halfCloses = true
        case 3: garbage = Script.bytes(random.upTo(400), seed: random.next())
        case 4:
            garbage = Array(
                ["GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /unfinished HTTP/1.1\r\n", "\0\r\n\r\n"].pick(&random).utf8)
            isGarbageSealed = random.chance(700)
        case 5: vanishes = true
        default: break
        }
        leavesByReset = random.chance(500)
    }

    private static func makeStep(
        _ id: String, _ source: PeerAddress, isLast: Bool, bodyMax: Int, _ isDripping: Bool, _ random: inout SeededGenerator
    ) -> Step {
        let method = ["GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].pick(&random)
        let isHTTP10 = isLast && random.chance(100)
        let saysClose = isLast && random.chance(300)
        let hasBody = ["POST", "PUT", "PATCH"].contains(method) ? random.chance(800) : method == "DELETE" && random.chance(200)
        let body = hasBody ? Script.bytes(random.upTo(bodyMax), seed: random.next()) : []
        let isChunked = hasBody && !isHTTP10 && random.chance(300)
        let expects = hasBody && !isHTTP10 && random.chance(200)
        let request = Ledger.Request(
            id: id, source: source, method: method, target: "/\(id)?q=\(random.below(1_000))", body: body, expects: expects)
        var head = "\(method) \(request.target) HTTP/1.\(isHTTP10 ? 0 : 1)\r\nHost: tickets.example\r\n"
        if isChunked { head += "Transfer-Encoding: chunked\r\n" }
        if hasBody, !isChunked { head += "Content-Length: \(body.count)\r\n" }
        if method == "POST", !hasBody { head += "Content-Length: 0\r\n" }
        if expects { head += "Expect: 100-continue\r\n" }
        if saysClose { head += "Connection: close\r\n" }
        if !isDripping, random.chance(100) { head += "X-Padding: \(String(repeating: "p", count: random.below(3_000)))\r\n" }
        return Step(
            request: request, head: Array((head + "\r\n").utf8), body: isChunked ? Script.chunks(body, &random) : body,
            isHTTP10: isHTTP10, saysClose: saysClose, pauseMilliseconds: random.chance(700) ? 0 : random.below(300))
    }
}
