/// What a client that sent `Expect: 100-continue` waits for (RFC 9110 §10.1.1).
///
/// ```
///             the ticket system says 100          the client is told
///   waiting ──────────────────────────▶ granted ───────────────────▶ none
///      └───── it sends its body all the same, or is told without that, or is answered ─▶ none
/// ```
enum Expectation: Equatable {
    /// Nothing, or nothing any more.
    case none
    /// A 100; it has sent nothing of its body.
    case waiting
    /// The ticket system has said 100, and the client hasn't been told.
    case granted

    init(_ head: RequestHead) {
        self = head.expectsContinue && head.hasBody ? .waiting : .none
    }

    /// The ticket system has said 100; to a client that doesn't wait that means nothing.
    mutating func grant() {
        if self == .waiting { self = .granted }
    }

    /// Bytes of the body have come.
    mutating func bodyBegan() { self = .none }

    /// The final answer begins: a 100 behind its head would be taken for a part of it.
    mutating func answered() { self = .none }

    /// The client is told now.
    mutating func tell() { self = .none }
}
