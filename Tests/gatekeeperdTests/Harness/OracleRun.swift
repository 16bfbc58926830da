import Foundation
import HTTPFixtures

/// Every request stream of the fixtures through the real binary, one connection each, and what both sides saw of it.
struct OracleRun {
    struct Answer: Equatable {
        let status: Int
        /// The upstream gave it, not the daemon.
        let isForwarded: Bool
    }

    /// The final answers that each stream got, in the order of `Fixture.requests`.
    let answers: [[Answer]]

    /// Sends every stream to a daemon in front of `upstream`, whose answers carry `X-Oracle`.
    ///
    /// - Parameter each: called with the index of the stream that has just ended.
    init(upstream: String, each: (Int) -> Void = { _ in }) throws {
        // As the documents of the fixtures say.
        let daemon = try Daemon(
            upstream: upstream,
            settings: "limits: {head: 4KiB, target: 1KiB, fields: 20, chunk_header: 64B, trailer: 256B, request_body: 64KiB}")
        answers = try Fixture.requests.indices.map { index in
            let client = try RawClient(to: daemon)
            // A refusal may close before everything is sent.
            _ = client.trySending(Fixture.requests[index].bytes)
            client.finishSending()
            let (bytes, ending) = client.receiveToEnd()
            if ending == .timedOut { throw Failure("\(Fixture.requests[index]): no end") }
            each(index)
            return Self.answers(in: bytes)
        }
        try daemon.terminate()
    }

    private static func answers(in bytes: [UInt8]) -> [Answer] {
        String(decoding: bytes, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { text in
            let status = Int(text.prefix(3)) ?? 0
            return status < 200 ? nil : Answer(status: status, isForwarded: text.contains("\r\nX-Oracle: 1\r\n"))
        }
    }
}

/// The bytes that reached an upstream, by the number of the connection.
///
/// `@unchecked`: `bytes` is touched only with `lock` held.
final class Transcripts: @unchecked Sendable {
    private let lock = NSLock()
    private var bytes: [Int: [UInt8]] = [:]

    var all: [Int: [UInt8]] { lock.withLock { bytes } }

    func add(_ piece: [UInt8], to connection: Int) { lock.withLock { bytes[connection, default: []] += piece } }
}
