/// What a blocking read came back with.
enum Received: Equatable {
    case bytes([UInt8])
    case ended(StreamEnding)
}

/// How a stream ended, told apart because a proxy must not confuse them either.
enum StreamEnding: Equatable {
    /// TLS: the peer said that nothing more follows.
    case closeNotify
    /// FIN. Over TLS: without a close_notify before it, so what came may be cut short.
    case fin
    /// RST.
    case reset
    /// Nothing came within the socket's timeout.
    case timedOut
    /// TLS gave up, with OpenSSL's words.
    case failed(String)
}
