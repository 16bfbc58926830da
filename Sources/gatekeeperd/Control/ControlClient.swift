internal import Gatekeeper
internal import Glibc

/// Asks the running service one thing, waiting for the answer with a deadline.
struct ControlClient {
    let path: String
    /// For connecting, asking and the answer in all; nil is what the request may take.
    var timeoutMilliseconds: Int?

    /// What the service answered.
    struct Answer: Equatable {
        /// For scripts.
        var result: JSON
        /// For people; no control characters but line breaks.
        var text: String
    }

    func ask(_ request: ControlRequest) throws(ControlFailure) -> Answer {
        let timeout = timeoutMilliseconds ?? request.timeoutMilliseconds
        let deadline = System.now().advanced(byMilliseconds: timeout)
        let silence = ControlFailure(
            .timeout, "the service at \(path) didn't answer within \(Quantity.describe(milliseconds: timeout))")
        let stream = try connect()
        guard send(Array(request.json.text.utf8) + [UInt8(ascii: "\n")], on: stream, until: deadline),
            let line = try receive(from: stream, until: deadline)
        else { throw silence }
        return try Self.answer(in: line)
    }

    private func connect() throws(ControlFailure) -> UnixStream {
        guard let address = UnixAddress(path) else {
            throw ControlFailure(.invalid, "\(Quantity.quoted(path)) is not the path of a socket")
        }
        do {
            return try UnixStream(to: address)
        } catch {
            throw Self.failure(error, path)
        }
    }

    private static func failure(_ error: SystemError, _ path: String) -> ControlFailure {
        let message =
            switch error.code {
            case ENOENT, ENOTDIR: "no service runs at \(path): there is no such socket (--config or --control names another)"
            case ECONNREFUSED: "no service runs at \(path): the one that made this socket has ended"
            case EACCES, EPERM: "\(path) is closed to you: ask as root or as a member of the socket's group"
            case EAGAIN: "the service at \(path) doesn't answer: too many wait for it already"
            default: "cannot \(error)"
            }
        let isAbsent = [ENOENT, ENOTDIR, ECONNREFUSED].contains(error.code)
        return ControlFailure(isAbsent ? .absent : .unavailable, message)
    }

    /// False when the deadline has passed.
    private func send(_ bytes: [UInt8], on stream: borrowing UnixStream, until deadline: Instant) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            // A service that has ended the conversation has said why: the answer is still to be read.
            guard let count = stream.send(rest) else { return true }
            rest = rest.dropFirst(count)
            if count == 0, !stream.wait(until: .writable, milliseconds: Self.left(until: deadline)) { return false }
        }
        return true
    }

    /// The line; nil when the deadline has passed.
    private func receive(from stream: borrowing UnixStream, until deadline: Instant) throws(ControlFailure) -> [UInt8]? {
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") {
            guard line.count <= ControlReply.bytesMax else { throw ControlFailure(.tooLarge, "\(path) answers without end") }
            switch stream.receive(bytesMax: 64 << 10) {
            case .bytes(let bytes): line += bytes
            case .wouldBlock:
                let left = Self.left(until: deadline)
                if left == 0 || !stream.wait(until: .readable, milliseconds: left) { return nil }
            case .ended: throw ControlFailure(.unavailable, "the service at \(path) ended the connection without an answer")
            }
        }
        return line
    }

    private static func left(until deadline: Instant) -> Int {
        Int(clamping: deadline.nanoseconds(since: System.now()) / 1_000_000)
    }

    private static func answer(in line: [UInt8]) throws(ControlFailure) -> Answer {
        guard let json = JSONReader.read(line), let isDone = json["ok"]?.boolean,
            json[ControlRequest.versionField]?.integer == ControlRequest.version
        else { throw ControlFailure(.version, "what answers there doesn't speak this version's protocol") }
        guard isDone else {
            let code = json.string("code").flatMap { ControlFailure.Code(rawValue: $0) } ?? .unavailable
            throw ControlFailure(
                code, plain(json.string("error") ?? "the service gave no reason"), details: json["details"]?.texts?.map(plain) ?? [])
        }
        return Answer(result: json["result"] ?? .null, text: plain(json.string("text") ?? ""))
    }

    /// Labels and reasons come from others; a terminal must not act on them.
    private static func plain(_ text: String) -> String {
        var plain = ""
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n"
            plain.unicodeScalars.append(isControl ? "?" : scalar)
        }
        return plain
    }
}
