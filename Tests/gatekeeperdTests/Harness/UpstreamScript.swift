import Foundation
import Glibc

/// Linux's `POLLRDHUP`, which the Glibc module leaves out (poll(2)).
private let pollPeerClosed: Int16 = 0x2000

/// How an upstream treats each connection; the ready-made ones are named for their fault.
struct UpstreamScript: Sendable {
    let run: @Sendable (ScriptedConnection) throws -> Void

    init(_ run: @escaping @Sendable (ScriptedConnection) throws -> Void) {
        self.run = run
    }

    /// Reads each request whole and answers it with `answer`, on one connection until the proxy closes it.
    static func each(_ answer: @escaping @Sendable (RawMessage, ScriptedConnection) throws -> Void) -> UpstreamScript {
        UpstreamScript { connection in
            while let request = try connection.request() { try answer(request, connection) }
        }
    }

    /// Tells in JSON what it got: `{"method", "target", "fields": [[name, value]], "body_bytes", "body_sha256", "connection"}`.
    static let echo = each { request, connection in
        let fields = request.fields.map { [$0.name, $0.value] }
        let answer: [String: Any] = [
            "method": request.method, "target": request.target, "fields": fields, "body_bytes": request.bodyCount,
            "body_sha256": Digest.hex(of: request.body), "connection": connection.number,
            "trailers": request.trailers.map { [$0.name, $0.value] },
        ]
        let body = String(decoding: try JSONSerialization.data(withJSONObject: answer), as: UTF8.self)
        if request.method == "HEAD" {
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
        } else {
            try connection.respond(fields: ["Content-Type: application/json"], body: body)
        }
    }

    /// The same answer to every request.
    static func answers(_ response: String) -> UpstreamScript {
        each { _, connection in try connection.send(response) }
    }

    // MARK: Faults

    /// Says that a body follows, and hangs up.
    static let closesAfterHead = UpstreamScript { connection in
        guard try connection.request() != nil else { return }
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    }

    /// A correct response, each byte in a segment of its own.
    static let oneBytePerWrite = each { _, connection in
        let response =
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n"
        for byte in response.utf8 { try connection.send([byte]) }
    }

    /// Accepts, and reads nothing.
    static let neverReads = UpstreamScript { connection in
        // Waits for the end of the connection without taking a byte off it.
        var request = pollfd(fd: connection.socket.descriptor, events: pollPeerClosed, revents: 0)
        // SAFETY: one element, which outlives the call.
        unsafe poll(&request, 1, 120_000)
    }

    /// Reads the request and never answers.
    static let neverAnswers = UpstreamScript { connection in
        while try connection.request() != nil {}
    }

    /// Two lengths that disagree: whoever trusts one of them splits the stream elsewhere than who trusts the other.
    static let twoLengths = answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")

    /// Takes a chunked request for one without a body, as servers that know Content-Length only.
    static let ignoresChunked = UpstreamScript { connection in
        while let head = try connection.head() {
            if head["content-length"] != nil { try connection.body(of: head) } else { connection.keepWithoutBody(head) }
            try connection.respond(fields: ["Connection: close"], body: "read \(head["content-length"] ?? "nothing")")
            if head["content-length"] == nil { return }
        }
    }

    /// Closes each connection that is idle for `milliseconds` after a response, without announcing it.
    static func closesIdle(afterMilliseconds milliseconds: Int) -> UpstreamScript {
        UpstreamScript { connection in
            while let request = try connection.request() {
                try connection.respond(fields: ["Content-Type: text/plain"], body: "\(request.method) on \(connection.number)")
                connection.socket.setTimeout(milliseconds: milliseconds)
            }
        }
    }

    /// Answers the first request of each connection; reads the second and closes without a byte of an answer, as a server does whose
    /// idle limit struck while the request was on its way.
    static let closesOnSecondRequest = UpstreamScript { connection in
        guard let first = try connection.request() else { return }
        try connection.respond(body: "\(first.method) on \(connection.number)")
        _ = try connection.request()
    }

    /// As Starman does it.
    static let closesIdleAfterOneSecond = closesIdle(afterMilliseconds: 1000)

    /// No length: the body ends where the connection does.
    static let closeDelimited = UpstreamScript { connection in
        guard try connection.request() != nil else { return }
        try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        for line in 1...100 { try connection.send("line \(line)\n") }
    }

    /// A server of 1996: no keep-alive, no chunks, no length, no interim responses.
    static let http10 = UpstreamScript { connection in
        guard let request = try connection.request() else { return }
        try connection.send("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n\(request.method) with \(request.bodyCount) bytes")
    }

    /// Asks for the body before it reads it.
    static let continue100Then200 = UpstreamScript { connection in
        while let head = try connection.head() {
            if head["expect"] != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
            let request = try connection.body(of: head)
            try connection.respond(body: "got \(request.bodyCount)")
        }
    }

    /// A 103 before the response.
    static let earlyHints = answers(
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    /// Answers 401 from the head alone and closes, while the body is still on its way.
    static let earlyAnswer401 = UpstreamScript { connection in
        guard let head = try connection.head() else { return }
        connection.keepWithoutBody(head)
        try connection.send("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 6\r\nConnection: close\r\n\r\ndenied")
        connection.socket.finishSending()
        // Stays until the proxy closes: closing with unread bytes would reset the connection and could destroy the answer.
        while case .bytes = connection.receive() {}
    }

    /// Answers each head at once with its target, and takes whatever comes next for a request, the body too, unless the request has said that
    /// nothing follows: Python's `http.server`, with a handler that doesn't ask for the body.
    static let leavesBodiesUnread = UpstreamScript { connection in
        while let head = try connection.head() {
            connection.keepWithoutBody(head)
            let isLast = head["connection"]?.lowercased() == "close"
            try connection.respond(fields: isLast ? ["Connection: close"] : [], body: head.target)
            if isLast { return }
        }
    }

    /// Answers each head at once with its target and takes what it has got by then of the body for a body; the rest, that comes later, for a
    /// request. Unless nothing was to follow.
    static let readsBodiesLate = UpstreamScript { connection in
        while let head = try connection.head() {
            connection.keepWithoutBody(head)
            let isLast = head["connection"]?.lowercased() == "close"
            try connection.respond(fields: isLast ? ["Connection: close"] : [], body: head.target)
            if isLast { return connection.drain() }
            connection.forgetWhatCame()
        }
    }

    /// Ends in the middle of a chunked body.
    static let dropsMidBody = UpstreamScript { connection in
        guard try connection.request() != nil else { return }
        try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n64\r\npart")
    }

    /// Not HTTP at all.
    static let garbage = UpstreamScript { connection in
        guard try connection.request() != nil else { return }
        try connection.send("SSH-2.0-OpenSSH_9.2\r\n")
    }
}
